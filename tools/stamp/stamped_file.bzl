"""A text file with facts about the commit that is built.

    load("//tools/stamp:stamped_file.bzl", "stamped_file")

    stamped_file(
        name = "commit",
        out = "commit.txt",
        content = "built from @COMMIT@\\n",
        unstamped = {"COMMIT": "unknown"},
    )

With --stamp, @COMMIT@ is the value of STABLE_TALLYMAN_COMMIT that the command of
--workspace_status_command prints (tools/stamp/workspace_status.sh). Without it, or
if the command does not print that line, @COMMIT@ is the value of `unstamped`: the
file is the same for every commit, and so is all that is built from it.
"""

_PREFIX = "STABLE_TALLYMAN_"

# Arguments: status file, template, output, then NAME VALUE of each place.
_COMMAND = """
set -euo pipefail
status="$1" template="$2" out="$3"
shift 3
text="$(cat -- "${template}" && printf x)"
text="${text%x}"
while [[ $# -gt 0 ]]; do
  name="$1" value="$2"
  shift 2
  while read -r key found; do
    if [[ "${key}" == "STABLE_TALLYMAN_${name}" && -n "${found}" ]]; then value="${found}"; fi
  done <"${status}"
  text="${text//"@${name}@"/"${value}"}"
done
printf '%s' "${text}" >"${out}"
"""

def _stamped_file_impl(ctx):
    content = ctx.attr.content
    for name in ctx.attr.unstamped:
        if "@%s@" % name not in content:
            fail("content has no @%s@" % name)
    if not ctx.attr.stamp:
        for name, value in ctx.attr.unstamped.items():
            content = content.replace("@%s@" % name, value)
        ctx.actions.write(ctx.outputs.out, content)
        return

    # ctx.info_file has the lines whose names begin with STABLE_.
    status = ctx.file.status or ctx.info_file
    template = ctx.actions.declare_file(ctx.label.name + ".template")
    ctx.actions.write(template, content)
    arguments = ctx.actions.args()
    arguments.add_all([status, template, ctx.outputs.out])
    for name, value in ctx.attr.unstamped.items():
        arguments.add_all([name, value])
    ctx.actions.run_shell(
        inputs = [status, template],
        outputs = [ctx.outputs.out],
        command = _COMMAND,
        arguments = [arguments],
        mnemonic = "StampFile",
    )

_stamped_file = rule(
    implementation = _stamped_file_impl,
    attrs = {
        "content": attr.string(mandatory = True),
        "out": attr.output(mandatory = True),
        "stamp": attr.bool(mandatory = True),
        "status": attr.label(allow_single_file = True),
        "unstamped": attr.string_dict(mandatory = True),
    },
)

def stamped_file(name, out, content, unstamped, status = None, **kwargs):
    """Writes `content` to the file `out`, with facts in place of @NAME@.

    Args:
      name: of the target.
      out: name of the file.
      content: the text.
      unstamped: for each NAME, its value in a build that is not stamped.
      status: a file in place of the output of --workspace_status_command, which is
        then read whether or not --stamp is given. For tests.
      **kwargs: as in every rule.
    """
    _stamped_file(
        name = name,
        out = out,
        content = content,
        stamp = True if status else select({
            "//tools/stamp:is_stamped": True,
            "//conditions:default": False,
        }),
        status = status,
        unstamped = unstamped,
        **kwargs
    )
