#!/usr/bin/env bash
#
# Line coverage of tests:
#
#   tools/coverage.sh [TARGET...]              a table of folders; //... by default
#   tools/coverage.sh --lines FILE [TARGET...] also the uncovered lines of FILE
#
# Builds with `--config=coverage` and runs the tests once. Tests, test helpers and
# libraries are not counted. Needs gcov, which comes with gcc, and python3.

set -euo pipefail

cd -- "${BASH_SOURCE[0]%/*}/.."
for tool in gcov python3; do
  type -P "${tool}" >/dev/null || {
    printf '%s is not installed\n' "${tool}" >&2
    exit 1
  }
done

lines=''
if [[ "${1:-}" == --lines ]]; then
  lines="${2:?--lines needs a file}"
  shift 2
fi
targets=("$@")
[[ ${#targets[@]} -gt 0 ]] || targets=(//...)

root="$(tools/bazel info --noshow_progress --config=coverage execution_root)"
objects="$(tools/bazel info --noshow_progress --config=coverage bazel-bin)"
readonly root objects
# Counters add up from run to run.
if [[ -d "${objects}" ]]; then
  find "${objects}" -name '*.gcda' -delete
fi

# Bazel compiles in /proc/self/cwd, three folders that GCOV_PREFIX replaces.
status=0
tools/bazel test --config=coverage --nocache_test_results --keep_going --noshow_progress \
  --test_env=GCOV_PREFIX="${root}" --test_env=GCOV_PREFIX_STRIP=3 \
  -- "${targets[@]}" || status=$?

# A file that no test runs has notes (.gcno) and no counters: all lines are missed.
find -L "${objects}" -name '*.gcno' -print0 |
  (cd -- "${root}" && xargs -0 -r -n 64 gcov --json-format --stdout --preserve-paths 2>/dev/null) |
  python3 -c '
import collections
import json
import sys

listed = sys.argv[1]
counts = collections.defaultdict(dict)
for text in sys.stdin:
    if not text.startswith("{"):
        continue
    for file in json.loads(text)["files"]:
        name = file["file"]
        if (name.startswith(("/", "external/", "bazel-out/", "tools/")) or "/testing/" in name
                or name.endswith(("_test.cc", "_benchmark.cc")) or "/fake_" in name):
            continue
        for line in file["lines"]:
            number = line["line_number"]
            counts[name][number] = counts[name].get(number, 0) + line["count"]

def row(name, covered, total):
    print("%-40s %6d of %6d lines  %5.1f %%" % (name, covered, total, 100 * covered / total))

folders = collections.defaultdict(lambda: [0, 0])
for name, file in sorted(counts.items()):
    covered = sum(1 for count in file.values() if count)
    for key in (name.rpartition("/")[0], "all"):
        folders[key][0] += covered
        folders[key][1] += len(file)
    if covered < len(file):
        row("  " + name, covered, len(file))
print()
for key, (covered, total) in sorted(folders.items()):
    row(key, covered, total)
if listed:
    with open(listed) as file:
        text = file.read().splitlines()
    for number, count in sorted(counts.get(listed, {}).items()):
        if not count:
            print("%s:%d: %s" % (listed, number, text[number - 1]))
' "${lines}"
exit "${status}"
