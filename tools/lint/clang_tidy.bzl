"""Runs clang-tidy on our C++ sources, in cached actions.

    tools/bazel build //tools/lint:tidy                  # all that the release is built from
    tools/bazel build --config=tidy //stacks/model/...   # also tests and tools

The rule `clang_tidy_packages` checks all sources of a package in one action: most of
the time goes into the headers of other libraries, which the sources of a package
share. The aspect `clang_tidy` checks each source on its own, in any target.

Headers are checked through the sources that include them. Headers of other
repositories count as system headers and are not checked. A target with the tag
`no-tidy` is skipped. Bazel does not see the version of clang-tidy: see
.ci/disk_cache.sh.
"""

_KINDS = ["cc_binary", "cc_library", "cc_test"]
_SOURCE_EXTENSIONS = ["cc", "cpp", "cxx"]
_HEADER_EXTENSIONS = ["h", "hh", "hpp", "inc"]
_DEPENDENCIES = ["deps", "implementation_deps"]

def _is_external(directory):
    return directory.startswith("external/") or "/external/" in directory

def _contexts(target, rule):
    """The compilation contexts that sources of the target are compiled with."""
    providers = [target] + [
        dep
        for attribute in _DEPENDENCIES
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
    flags.extend(["-isystem" + directory for directory in depset(system).to_list()])
    return flags

# A source of a target and what it needs: `package`, `source` (a File), `flags` (a
# tuple), `inputs` (a depset of Files).
_SourcesInfo = provider("Sources to check.", fields = ["sources"])

def _sources_of(target, ctx):
    if (ctx.rule.kind not in _KINDS or
        target.label.workspace_name or
        "no-tidy" in ctx.rule.attr.tags):
        return []

    files = ctx.rule.files.srcs
    headers = [file for file in files if file.extension in _HEADER_EXTENSIONS]
    contexts = _contexts(target, ctx.rule)
    flags = tuple(_flags(ctx, contexts))
    inputs = depset(
        headers + getattr(ctx.rule.files, "hdrs", []),
        transitive = [context.headers for context in contexts],
    )
    return [
        struct(package = target.label.package, source = file, flags = flags, inputs = inputs)
        for file in files
        if file.extension in _SOURCE_EXTENSIONS
    ]

def _check(ctx, name, sources):
    """Declares an action for sources of one package; returns its report."""
    report = ctx.actions.declare_file("_tidy/%s.txt" % name)
    flags = depset([flag for source in sources for flag in source.flags]).to_list()
    arguments = ctx.actions.args()
    arguments.add(report)
    arguments.add(ctx.file._config)
    by_path = {source.source.path: source.source for source in sources}
    arguments.add_all([by_path[path] for path in sorted(by_path)])
    arguments.add("--")
    arguments.add_all(flags)
    ctx.actions.run(
        executable = ctx.file._runner,
        arguments = [arguments],
        inputs = depset(
            [ctx.file._config] + [source.source for source in sources],
            transitive = [source.inputs for source in sources],
        ),
        outputs = [report],
        mnemonic = "ClangTidy",
        progress_message = "clang-tidy %s" % name,
        use_default_shell_env = True,
    )
    return report

_TOOLS = {
    "_config": attr.label(
        default = Label("//:.clang-tidy"),
        allow_single_file = True,
    ),
    "_runner": attr.label(
        default = Label("//tools/lint:clang_tidy.sh"),
        allow_single_file = True,
    ),
}

def _clang_tidy_impl(target, ctx):
    return [OutputGroupInfo(clang_tidy = depset([
        _check(
            ctx,
            "%s/%s" % (target.label.name, source.source.short_path.replace("../", "").replace("/", "_")),
            [source],
        )
        for source in _sources_of(target, ctx)
    ]))]

clang_tidy = aspect(
    implementation = _clang_tidy_impl,
    doc = "Adds the output group `clang_tidy`: a report for each source.",
    attrs = _TOOLS,
    fragments = ["cpp"],
)

def _collect_impl(target, ctx):
    return [_SourcesInfo(sources = depset(
        _sources_of(target, ctx),
        transitive = [
            dep[_SourcesInfo].sources
            for attribute in _DEPENDENCIES
            for dep in getattr(ctx.rule.attr, attribute, [])
            if _SourcesInfo in dep
        ],
    ))]

_collect = aspect(
    implementation = _collect_impl,
    attr_aspects = _DEPENDENCIES,
    fragments = ["cpp"],
)

def _clang_tidy_packages_impl(ctx):
    packages = {}
    collected = depset(transitive = [dep[_SourcesInfo].sources for dep in ctx.attr.deps])
    for source in collected.to_list():
        packages.setdefault(source.package, []).append(source)
    return [DefaultInfo(files = depset([
        _check(ctx, package, sources)
        for package, sources in packages.items()
    ]))]

clang_tidy_packages = rule(
    implementation = _clang_tidy_packages_impl,
    doc = "A report for each package that `deps` need, themselves included.",
    attrs = dict(_TOOLS, deps = attr.label_list(aspects = [_collect])),
)
