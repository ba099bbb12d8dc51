#!/usr/bin/env bash
#
# Checks manual pages with mandoc, and with groff's man, where these are installed.
#
#   man_test.sh PAGE...

set -euo pipefail

status=0
checked=false
for page in "$@"; do
  grep -q '^\.TH ' "${page}" || { printf '%s is empty\n' "${page}"; status=1; }
  if type -P mandoc >/dev/null; then
    checked=true
    mandoc -T lint -W warning "${page}" || status=1
  fi
  if type -P groff >/dev/null; then
    checked=true
    warnings="$(groff -ww -man -Tutf8 -K utf8 -z "${page}" 2>&1)" || status=1
    if [[ -n "${warnings}" ]]; then
      printf '%s\n' "${warnings}"
      status=1
    fi
  fi
done
"${checked}" || printf 'neither mandoc nor groff is installed: not checked\n'
exit "${status}"
