#!/bin/bash
#
# One action of clang_tidy.bzl: clang_tidy.sh REPORT CONFIG SOURCE FLAGS...
# Prints the findings, if there are any.

set -euo pipefail

report="$1"
config="$2"
source="$3"
shift 3

if ! type -P clang-tidy >/dev/null; then
  echo "clang-tidy is not installed: apt-get install clang-tidy" >&2
  exit 1
fi

status=0
clang-tidy --quiet --config-file="${config}" --header-filter='.*' "${source}" \
  -- -x c++ "$@" >"${report}" 2>&1 || status=$?
if [[ "${status}" -ne 0 ]]; then
  # Removes the sandbox's folder and the counts of suppressed findings.
  sed -E -e "s|${PWD}/||g" -e '/^[0-9]+ (warnings?|errors?) /d' -- "${report}" >&2
  exit "${status}"
fi
