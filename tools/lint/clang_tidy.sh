#!/bin/bash
#
# One action of clang_tidy.bzl: clang_tidy.sh REPORT CONFIG SOURCE... -- FLAGS...
# Prints the findings, if there are any.
#
# Several sources are checked joined to one: most of the time goes into the headers
# of libraries. Where that finds something, halves are checked, down to single
# sources, whose findings count: joined sources may give different things the same
# name.

set -euo pipefail

report="$1"
config="$2"
shift 2
sources=()
while [[ "$1" != -- ]]; do
  sources+=("$1")
  shift
done
shift
flags=("$@")

if ! type -P clang-tidy >/dev/null; then
  echo "clang-tidy is not installed: apt-get install clang-tidy" >&2
  exit 1
fi

# tidy SOURCE
tidy() {
  clang-tidy --quiet --config-file="${config}" --header-filter='.*' "$1" -- -x c++ "${flags[@]}"
}

# join SOURCE...: as text, not by #include: some checks look only at the main file,
# among them those that follow paths. The macro separates the sources for
# readability-duplicate-include.
join() {
  local source
  for source in "$@"; do
    printf '#define NEXT_SOURCE\n#undef NEXT_SOURCE\n'
    cat -- "${source}"
  done
}

# check SOURCE...: appends to the report.
check() {
  if [[ $# -eq 1 ]]; then
    tidy "$1" >>"${report}" 2>&1
    return
  fi
  local joined="${report%.txt}.cc" half=$(($# / 2)) status=0
  join "$@" >"${joined}"
  if tidy "${joined}" >/dev/null 2>&1; then
    return
  fi
  check "${@:1:half}" || status=$?
  check "${@:half+1}" || status=$?
  return "${status}"
}

: >"${report}"
status=0
check "${sources[@]}" || status=$?
rm -f -- "${report%.txt}.cc"
if [[ "${status}" -ne 0 ]]; then
  # Removes the sandbox's folder and the counts of suppressed findings.
  sed -E -e "s|${PWD}/||g" -e '/^[0-9]+ (warnings?|errors?) /d' -- "${report}" >&2
  exit "${status}"
fi
