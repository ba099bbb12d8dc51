"""Repositories of MODULE.bazel that are no modules."""

load(":archives.bzl", "ARCHIVES")
load(":deps.bzl", "declare_library")

def _archives_impl(_):
    for name, row in ARCHIVES.items():
        if not hasattr(row, "module"):
            declare_library(name)

archives = module_extension(
    implementation = _archives_impl,
    doc = "The libraries of archives.bzl that no module has. Nothing is fetched before a build needs it.",
)

def _operating_system_impl(_):
    declare_library("openssl")

operating_system = module_extension(
    implementation = _operating_system_impl,
    doc = "OpenSSL of the operating system, for a workspace that overrides boringssl with it.",
)
