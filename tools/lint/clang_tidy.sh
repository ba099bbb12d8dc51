#!/bin/bash
#
# One action of clang_tidy.bzl: clang_tidy.sh REPORT CONFIG SOURCE... -- FLAGS...
# Prints the findings, if there are any.
#
# Several sources are checked as one that includes them all: most of the time goes
# into the headers of libraries. Sources that do not compile together, because two of
# them give different things the same name, are checked in halves.

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

# tidy SOURCE [FLAGS]: runs clang-tidy with more flags.
tidy() {
  local source="$1"
  shift
  clang-tidy --quiet --config-file="${config}" --header-filter='.*' "$@" "${source}" \
    -- -x c++ "${flags[@]}"
}

# check SOURCE...: appends to the report.
check() {
  if [[ $# -eq 1 ]]; then
    tidy "$1" >>"${report}" 2>&1
    return
  fi
  local together="${report%.txt}.cc" half=$(($# / 2)) status=0
  printf '#include "%s"  // NOLINT(bugprone-suspicious-include)\n' "$@" >"${together}"
  # One cheap check: clang-tidy refuses to run with none.
  if tidy "${together}" --checks='-*,misc-definitions-in-headers' >/dev/null 2>&1; then
    tidy "${together}" >>"${report}" 2>&1
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
