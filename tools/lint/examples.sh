#!/usr/bin/env bash
#
# Checks that each public header names an example that is compiled:
#
#   tools/lint/examples.sh
#
# A line `// Example: FILE` in the comment at its top; FILE is the source of a test.

set -euo pipefail

cd -- "${BASH_SOURCE[0]%/*}/../.."
readonly libraries='kind("cc_library rule", //auth/... + //platform/... + //stacks/... + //storage/...)'
work="$(mktemp -d)"
readonly work
trap 'rm -rf -- "${work}"' EXIT

# query EXPRESSION: prints the files of labels.
query() {
  tools/bazel query --noshow_progress "$1" 2>"${work}/query.log" | sed 's|^//||; s|:|/|' || {
    cat -- "${work}/query.log" >&2
    return 1
  }
}

# Public targets, what public aliases stand for, and what public faces bring along.
query "let public = attr(visibility, \"//visibility:public\", ${libraries}) in
  labels(hdrs, \$public
    + labels(actual, attr(visibility, \"//visibility:public\", kind(\"alias rule\", //platform:all)))
    + (labels(deps, //auth + //storage + //stacks) intersect ${libraries}))" >"${work}/headers"
query 'labels(srcs, kind("cc_test rule", //auth/... + //platform/... + //stacks/... + //storage/...))' \
  >"${work}/tests"

status=0
while read -r header; do
  example="$(sed -n '/^[^/]/q; s|^// Example: ||p' "${header}")"
  if ! grep -qxF -- "${example}" "${work}/tests"; then
    printf '%s: no example, or one that no test compiles: "%s"\n' "${header}" "${example}"
    status=1
  fi
done <"${work}/headers"
printf '%d public headers\n' "$(wc -l <"${work}/headers")"
exit "${status}"
