"""The libraries that the packages of this workspace need, for a WORKSPACE file.

    load("@tallyman//third_party:deps.bzl", "tallyman_dependencies")

    tallyman_dependencies(packages = ["platform"])

Nothing is fetched before a build needs it. A repository of the same name that
was declared earlier wins, so a workspace keeps its own pins by declaring them
first.
"""

load("//third_party:archives.bzl", "ARCHIVES")
load("//third_party:openssl.bzl", "system_openssl")
load("//third_party:release_archive.bzl", "release_archive")

_ABSEIL = ["bazel_skylib", "com_google_absl", "platforms"]

# What each package needs, with all that its dependencies need.
LIBRARIES = {
    "api": _ABSEIL + ["com_googlesource_code_re2", "nlohmann_json", "openssl"],
    "auth": _ABSEIL + ["openssl", "sqlite3"],
    "platform": _ABSEIL,
    "server": _ABSEIL + [
        "com_googlesource_code_re2",
        "cpp_httplib",
        "htm",
        "nlohmann_json",
        "openssl",
        "preact",
        "sqlite3",
        "zopfli",
    ],
    "stacks": _ABSEIL + ["openssl", "sqlite3"],
    "storage": _ABSEIL + ["sqlite3"],
    "tally": _ABSEIL + [
        "com_googlesource_code_re2",
        "cpp_httplib",
        "ftxui",
        "nlohmann_json",
        "openssl",
        "yaml_cpp",
    ],
    "tests": ["com_github_google_benchmark", "com_google_googletest"],
    "toolchains": ["zig"],
}

def declare_library(name):
    """Declares the repository `name`: openssl, or one of archives.bzl."""
    if name == "openssl":
        system_openssl(name = name)
        return
    row = ARCHIVES[name]
    build_file = getattr(row, "build_file", None)
    release_archive(
        name = name,
        title = row.title,
        version = row.version,
        url = row.url,
        sha256 = row.sha256,
        strip_prefix = row.strip_prefix,
        debian = getattr(row, "debian", ""),
        debian_sha256 = getattr(row, "debian_sha256", ""),
        debian_strip_prefix = getattr(row, "debian_strip_prefix", ""),
        npm = getattr(row, "npm", ""),
        npm_member = getattr(row, "npm_member", ""),
        build_file = Label(build_file) if build_file else None,
    )

def tallyman_dependencies(packages = None):
    """Declares the libraries of some packages, or of all.

    Args:
      packages: names of top-level packages ("platform", "auth", ...), and
        "tests" for what their tests and benchmarks need. By default all.
    """
    for package in packages or LIBRARIES.keys():
        if package not in LIBRARIES:
            fail("tallyman_dependencies: no package %r; there are %s" % (
                package,
                ", ".join(sorted(LIBRARIES.keys())),
            ))
        for library in LIBRARIES[package]:
            if not native.existing_rule(library):
                declare_library(library)
