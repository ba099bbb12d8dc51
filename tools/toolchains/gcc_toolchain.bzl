"""How Bazel calls a cross compiler with the command line of GCC."""

load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load(
    "@rules_cc//cc:cc_toolchain_config_lib.bzl",
    "artifact_name_pattern",
    "feature",
    "flag_group",
    "flag_set",
    "tool_path",
    "variable_with_value",
    "with_feature_set",
)

_NO_TOOL = "/bin/false"

_COMPILE = [
    ACTION_NAMES.assemble,
    ACTION_NAMES.preprocess_assemble,
    ACTION_NAMES.c_compile,
    ACTION_NAMES.cpp_compile,
    ACTION_NAMES.cpp_header_parsing,
]

_LINK = [
    ACTION_NAMES.cpp_link_executable,
    ACTION_NAMES.cpp_link_dynamic_library,
    ACTION_NAMES.cpp_link_nodeps_dynamic_library,
]

def _always(name, actions, flags):
    return feature(
        name = name,
        enabled = True,
        flag_sets = [flag_set(
            actions = actions,
            flag_groups = [flag_group(flags = flags)] if flags else [],
        )],
    )

def _objects(kind, flag, iterate_over = None):
    return flag_group(
        expand_if_equal = variable_with_value(
            name = "libraries_to_link.type",
            value = kind,
        ),
        flags = [flag],
        iterate_over = iterate_over,
    )

# Bazel's own are those of Apple's libtool where the C library is that of macOS.
def _archiver_flags():
    return feature(
        name = "archiver_flags",
        flag_sets = [flag_set(
            actions = [ACTION_NAMES.cpp_link_static_library],
            flag_groups = [
                flag_group(flags = ["rcsD"]),
                flag_group(
                    expand_if_available = "output_execpath",
                    flags = ["%{output_execpath}"],
                ),
                flag_group(
                    expand_if_available = "libraries_to_link",
                    flag_groups = [
                        _objects("object_file", "%{libraries_to_link.name}"),
                        _objects(
                            "object_file_group",
                            "%{libraries_to_link.object_files}",
                            "libraries_to_link.object_files",
                        ),
                    ],
                    iterate_over = "libraries_to_link",
                ),
            ],
        )],
    )

def _gcc_toolchain_config_impl(ctx):
    # Bazel uses the first three, and wants a path for each.
    tools = {
        "gcc": ctx.attr.compiler_path,
        "ar": ctx.attr.ar,
        "strip": ctx.attr.strip,
        "cpp": ctx.attr.compiler_path,
        "gcov": _NO_TOOL,
        "ld": ctx.attr.compiler_path,
        "nm": _NO_TOOL,
        "objdump": _NO_TOOL,
    }
    features = [
        feature(name = "static_linking_mode", enabled = True),
        feature(name = "dbg"),
        feature(name = "fastbuild"),
        feature(name = "opt"),
        _always("default_compile_flags", _COMPILE, [
            "-fno-omit-frame-pointer",
            # The same bytes from the same sources.
            "-no-canonical-prefixes",
            "-Wno-builtin-macro-redefined",
            "-D__DATE__=\"redacted\"",
            "-D__TIMESTAMP__=\"redacted\"",
            "-D__TIME__=\"redacted\"",
        ] + ctx.attr.compile_flags),
        feature(
            name = "opt_compile_flags",
            enabled = True,
            flag_sets = [flag_set(
                actions = _COMPILE,
                flag_groups = [flag_group(flags = ["-O2", "-DNDEBUG"])],
                with_features = [with_feature_set(features = ["opt"])],
            )],
        ),
        # The driver for C++ compiles C too, if it is told to.
        _always("c_language", [ACTION_NAMES.c_compile], ["-xc"]),
        _always("default_link_flags", _LINK, ctx.attr.link_flags),
        _archiver_flags(),
    ]
    patterns = []
    if ctx.attr.executable_suffix:
        patterns.append(artifact_name_pattern(
            category_name = "executable",
            prefix = "",
            extension = ctx.attr.executable_suffix,
        ))
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        abi_libc_version = "unknown",
        abi_version = "unknown",
        artifact_name_patterns = patterns,
        compiler = ctx.attr.compiler,
        cxx_builtin_include_directories = ctx.attr.include_directories,
        features = features,
        host_system_name = "local",
        target_cpu = ctx.attr.target_cpu,
        target_libc = ctx.attr.target_libc,
        target_system_name = "local",
        tool_paths = [tool_path(name = name, path = path) for name, path in tools.items()],
        toolchain_identifier = ctx.attr.compiler,
    )

gcc_toolchain_config = rule(
    implementation = _gcc_toolchain_config_impl,
    attrs = {
        "ar": attr.string(mandatory = True),
        "compile_flags": attr.string_list(),
        "compiler": attr.string(mandatory = True, doc = "A value of @bazel_tools//tools/cpp:compiler, which libraries select on."),
        "compiler_path": attr.string(mandatory = True, doc = "Absolute, as the paths of `ar` and `strip`, or in the package of the cc_toolchain."),
        "executable_suffix": attr.string(),
        "include_directories": attr.string_list(doc = "Of the compiler and its system."),
        "link_flags": attr.string_list(),
        "strip": attr.string(mandatory = True),
        "target_cpu": attr.string(mandatory = True),
        "target_libc": attr.string(default = "unknown", doc = "`macosx` makes Bazel link as for macOS."),
    },
    provides = [CcToolchainConfigInfo],
)
