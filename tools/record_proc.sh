#!/usr/bin/env bash
# Records what proc(5) says of some processes, as a tree that the tests and
# benchmarks read in place of /proc:
#
#   tools/record_proc.sh DIRECTORY PID...
#
# Look through what was recorded before committing it: command lines can hold
# secrets.
set -euo pipefail

if [[ $# -lt 2 ]]; then
  echo "usage: tools/record_proc.sh DIRECTORY PID..." >&2
  exit 2
fi
root=$1
shift
mkdir -p "$root"
grep '^btime ' /proc/stat >"$root/stat"
for pid in "$@"; do
  mkdir -p "$root/$pid"
  for file in cmdline io stat status; do
    # A file that may not be read is left out, as a reader would find it.
    cat "/proc/$pid/$file" >"$root/$pid/$file" 2>/dev/null ||
      rm -f "$root/$pid/$file"
  done
done
