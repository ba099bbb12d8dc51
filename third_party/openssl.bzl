"""The operating system's OpenSSL as @openssl//:ssl and @openssl//:crypto.

The only library that is not compiled from source: it is linked dynamically, so
TLS and hashing get the system's security updates.
"""

_BUILD = """\
load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])

# OpenSSL {version}, with headers in the compiler's own search path.
cc_library(
    name = "crypto",
    linkopts = ["-lcrypto"],
)

cc_library(
    name = "ssl",
    linkopts = ["-lssl"],
    deps = [":crypto"],
)
"""

_ADVICE = "Install it:\n  apt-get install libssl-dev    (Debian, Ubuntu)\n" + \
          "  dnf install openssl-devel     (Fedora)"

def _system_openssl_impl(ctx):
    compiler = ctx.os.environ.get("CC", "")
    if "/" in compiler:
        compiler = ctx.path(compiler)
    else:
        compiler = ctx.which(compiler or "gcc") or ctx.which("cc") or ctx.which("clang")
    if not compiler:
        fail("\n\nno C compiler found to look for OpenSSL's headers; install g++\n")

    # The preprocessor finds the headers and expands the version macros.
    ctx.file("probe.c", "#include <openssl/ssl.h>\n#include <openssl/opensslv.h>\n")
    result = ctx.execute([compiler, "-E", "-dM", "probe.c"])
    if result.return_code != 0:
        fail("\n\nOpenSSL's headers are missing (openssl/ssl.h). %s\n" % _ADVICE)
    version = {}
    for line in result.stdout.split("\n"):
        words = line.split(" ")
        if len(words) >= 3 and words[1].startswith("OPENSSL_VERSION_"):
            version[words[1]] = words[2]
    major = version.get("OPENSSL_VERSION_MAJOR", "0")
    if not major.isdigit() or int(major) < 3:
        fail("\n\nOpenSSL 3.0 or newer is needed; the headers found are older. %s\n" % _ADVICE)
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)
    ctx.file("BUILD.bazel", _BUILD.format(
        version = "%s.%s" % (major, version.get("OPENSSL_VERSION_MINOR", "0")),
    ))

system_openssl = repository_rule(
    implementation = _system_openssl_impl,
    doc = "OpenSSL (>= 3.0) of the operating system.",
    environ = ["CC"],
    # The installed version can change at any time, and the check is cheap.
    local = True,
)
