"""Runs clang-tidy on our C++ sources, one cached action for each file.

    tools/bazel build --config=tidy //...

Headers are checked through the sources that include them. Headers of other
repositories count as system headers and are not checked. A target with the tag
`no-tidy` is skipped. Bazel does not see the version of clang-tidy: see
.ci/disk_cache.sh.
"""

_KINDS = ["cc_binary", "cc_library", "cc_test"]
_SOURCE_EXTENSIONS = ["cc", "cpp", "cxx"]
_HEADER_EXTENSIONS = ["h", "hh", "hpp", "inc"]

def _is_external(directory):
    return directory.startswith("external/") or "/external/" in directory

def _contexts(target, rule):
    """The compilation contexts that sources of the target are compiled with."""
    providers = [target] + [
        dep
        for attribute in ["deps", "implementation_deps"]
        for dep in getattr(rule.attr, attribute, [])
    ]
    return [p[CcInfo].compilation_context for p in providers if CcInfo in p]

def _flags(ctx, contexts):
    rule = ctx.rule
    flags = list(ctx.fragments.cpp.copts) + list(ctx.fragments.cpp.cxxopts)
    for attribute in ["copts", "cxxopts"]:
        flags.extend(getattr(rule.attr, attribute, []))

    defines = depset(transitive = [context.defines for context in contexts]).to_list()
    for attribute in ["defines", "local_defines"]:
        for define in getattr(rule.attr, attribute, []):
            defines.extend(ctx.tokenize(define))
    flags.extend(["-D" + define for define in depset(defines).to_list()])

    quoted, system = [], []
    for context in contexts:
        for directory in context.quote_includes.to_list():
            (system if _is_external(directory) else quoted).append(directory)
        for directory in context.includes.to_list():
            (system if _is_external(directory) else quoted).append(directory)
        system.extend(context.system_includes.to_list())
    flags.extend(["-iquote" + directory for directory in depset(quoted).to_list()])
    for directory in depset(system).to_list():
        flags.extend(["-isystem", directory])
    return flags

def _clang_tidy_impl(target, ctx):
    if (ctx.rule.kind not in _KINDS or
        target.label.workspace_name or
        "no-tidy" in ctx.rule.attr.tags):
        return []

    files = ctx.rule.files.srcs
    sources = [file for file in files if file.extension in _SOURCE_EXTENSIONS]
    headers = [file for file in files if file.extension in _HEADER_EXTENSIONS]
    if not sources:
        return []

    contexts = _contexts(target, ctx.rule)
    flags = _flags(ctx, contexts)
    inputs = depset(
        headers + getattr(ctx.rule.files, "hdrs", []) + [ctx.file._config],
        transitive = [context.headers for context in contexts],
    )

    reports = []
    for source in sources:
        report = ctx.actions.declare_file("_tidy/%s/%s.txt" % (
            target.label.name,
            source.short_path.replace("../", "").replace("/", "_"),
        ))
        arguments = ctx.actions.args()
        arguments.add(report)
        arguments.add(ctx.file._config)
        arguments.add(source)
        arguments.add_all(flags)
        ctx.actions.run(
            executable = ctx.file._runner,
            arguments = [arguments],
            inputs = depset([source], transitive = [inputs]),
            outputs = [report],
            mnemonic = "ClangTidy",
            progress_message = "clang-tidy %s" % source.short_path,
            use_default_shell_env = True,
        )
        reports.append(report)
    return [OutputGroupInfo(clang_tidy = depset(reports))]

clang_tidy = aspect(
    implementation = _clang_tidy_impl,
    doc = "Adds the output group `clang_tidy`: a report for each source.",
    attrs = {
        "_config": attr.label(
            default = Label("//:.clang-tidy"),
            allow_single_file = True,
        ),
        "_runner": attr.label(
            default = Label("//tools/lint:clang_tidy.sh"),
            allow_single_file = True,
        ),
    },
    fragments = ["cpp"],
)
