#!/usr/bin/env bash
# Records the files of some processes in proc(5), as a tree that tests and
# benchmarks read in place of /proc:
#
#   tools/record_proc.sh DIRECTORY PID...
#
# Read the record before you commit it: command lines can contain secrets.
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
    # A file that may not be read is left out: its reader gets an error too.
    cat "/proc/$pid/$file" >"$root/$pid/$file" 2>/dev/null ||
      rm -f "$root/$pid/$file"
  done
done
