"""Libraries of MODULE.bazel that no module has."""

load(":archives.bzl", "ARCHIVES")
load(":deps.bzl", "declare_library")

def _libraries_impl(_):
    declare_library("openssl")
    for name, row in ARCHIVES.items():
        if not hasattr(row, "module"):
            declare_library(name)

libraries = module_extension(
    implementation = _libraries_impl,
    doc = "The system's OpenSSL, and the rows of archives.bzl without a module. Nothing is fetched before a build needs it.",
)
