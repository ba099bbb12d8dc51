"""Fuzz targets: see docs/fuzzing.md.

    load("//tools/fuzz:fuzz.bzl", "fuzz_test")

    fuzz_test(
        name = "procfile_fuzz_test",
        srcs = ["procfile_fuzz_test.cc"],
        corpus = "//testdata/fuzz:procfile",
        deps = [":procfile"],
    )
"""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

_SUFFIX = "_fuzz_test"

def fuzz_test(name, srcs, corpus, deps, target_compatible_with = []):
    """A function LLVMFuzzerTestOneInput(), as a test and as a libFuzzer binary.

    The test `NAME_fuzz_test` runs the function for each file of the corpus and for
    mutations of them, with any compiler. The binary `NAME_fuzz` links libFuzzer, which
    only clang has: tools/fuzz/run.sh builds it.

    Args:
      name: ends with _fuzz_test.
      srcs: the sources of the function.
      corpus: the files of testdata/fuzz/NAME, which run.sh finds by this name.
      deps: the libraries under test.
      target_compatible_with: as in cc_library.
    """
    if not name.endswith(_SUFFIX):
        fail("the name %s does not end with %s" % (name, _SUFFIX))
    subject = name[:-len(_SUFFIX)]
    if corpus != "//testdata/fuzz:" + subject:
        fail("the corpus of %s is not //testdata/fuzz:%s" % (name, subject))
    function = subject + "_fuzz_function"

    # Compiled once, for both.
    cc_library(
        name = function,
        testonly = True,
        srcs = srcs,
        target_compatible_with = target_compatible_with,
        visibility = ["//visibility:private"],
        deps = deps,
        alwayslink = True,
    )
    cc_test(
        name = name,
        size = "small",
        args = ["$(rootpaths %s)" % corpus],
        data = [corpus],
        target_compatible_with = target_compatible_with,
        deps = [
            ":" + function,
            "//tools/fuzz:replay",
        ],
    )
    cc_binary(
        name = subject + "_fuzz",
        testonly = True,
        linkopts = ["-fsanitize=fuzzer"],
        tags = [
            "fuzz",
            "manual",
        ],
        target_compatible_with = target_compatible_with,
        deps = [":" + function],
    )
