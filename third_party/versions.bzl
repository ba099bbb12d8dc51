"""The tables of archives.bzl and deps.bzl as text, for versions_test."""

load(":archives.bzl", "ARCHIVES", "MODULES")
load(":deps.bzl", "LIBRARIES")

def _lines():
    lines = ["extension openssl"]
    for name, row in MODULES.items():
        lines.append("module_only %s %s %s" % (name, row.module, row.version))
    for name, row in ARCHIVES.items():
        if not hasattr(row, "module"):
            lines.append("extension %s" % name)
        elif row.module:
            lines.append("module %s %s %s" % (name, row.module, row.version))
        else:
            lines.append("indirect %s" % name)
    libraries = {name: None for names in LIBRARIES.values() for name in names}
    for name in libraries:
        lines.append("workspace %s" % name)
    return lines

def _version_table_impl(ctx):
    ctx.actions.write(ctx.outputs.out, "\n".join(ctx.attr.lines) + "\n")

_version_table = rule(
    implementation = _version_table_impl,
    attrs = {
        "lines": attr.string_list(mandatory = True),
        "out": attr.output(mandatory = True),
    },
)

def version_table(name, out):
    """Writes the tables to the file `out`, a line each:

        module REPOSITORY MODULE VERSION        MODULE.bazel takes it from the registry
        module_only REPOSITORY MODULE VERSION   so, and no WORKSPACE declares it
        extension REPOSITORY                    MODULE.bazel has it from the extension
        indirect REPOSITORY                     another module brings it
        workspace REPOSITORY                    tallyman_dependencies() declares it

    Args:
      name: of the target.
      out: name of the file.
    """
    _version_table(
        name = name,
        lines = _lines(),
        out = out,
        testonly = True,
    )
