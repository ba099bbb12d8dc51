#!/usr/bin/env bash
#
# Writes compile_commands.json for clangd and other tools, from the compile
# actions that Bazel plans:
#
#   tools/compile_commands.sh [TARGET...]    # all targets by default
#
# Needs python3. Headers of libraries are found once a build has fetched them.

set -euo pipefail

cd -- "${BASH_SOURCE[0]%/*}/.."
type -P python3 >/dev/null || {
  printf 'python3 is not installed: apt-get install python3\n' >&2
  exit 1
}

targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(//...)
actions="$(mktemp)"
readonly actions
trap 'rm -f -- "${actions}"' EXIT

tools/bazel aquery --noshow_progress --output=jsonproto \
  "mnemonic('CppCompile', $(
    IFS='+'
    printf '%s' "${targets[*]}"
  ))" >"${actions}"
root="$(tools/bazel info --noshow_progress execution_root)"

python3 - "${actions}" "${root}" "${PWD}" <<'PYTHON'
import json
import os
import sys

actions_path, execution_root, workspace = sys.argv[1:]
# Known to g++ only, or of no use to a reader of the file.
skipped = {"-fno-canonical-system-headers", "-c"}
with_value = {"-MF", "-MQ", "-MT", "-o"}

commands = {}
with open(actions_path) as file:
    for action in json.load(file).get("actions", []):
        arguments, source, skip = [], None, False
        for argument in action["arguments"]:
            if skip:
                skip = False
            elif argument in with_value:
                skip = True
            elif argument in skipped or argument in ("-MD", "-MMD"):
                pass
            else:
                arguments.append(argument)
                if argument.endswith((".cc", ".cpp", ".c")):
                    source = argument
        if source is None or source.startswith(("external/", "bazel-out/")):
            continue
        # A source may be compiled several times, for example with -fPIC.
        commands.setdefault(source, {
            "directory": execution_root,
            "file": os.path.join(workspace, source),
            "arguments": arguments,
        })

with open("compile_commands.json", "w") as file:
    json.dump([commands[source] for source in sorted(commands)], file, indent=1)
print("compile_commands.json: %d commands" % len(commands))
PYTHON
