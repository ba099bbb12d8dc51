"""Libraries of archives.bzl as repositories of MODULE.bazel."""

load(":deps.bzl", "declare_library")

def _archives_impl(_):
    for name in ["cpp_httplib", "sqlite3", "zig"]:
        declare_library(name)

archives = module_extension(
    implementation = _archives_impl,
    doc = "cpp_httplib, sqlite3 and zig. Nothing is fetched before a build needs it.",
)
