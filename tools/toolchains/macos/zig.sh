#!/usr/bin/env bash
#
# Runs Zig: zig.sh ARGUMENT... Bazel runs the tools of a toolchain in the folder
# that has external/zig.

set -euo pipefail

zig="$(readlink -f external/zig/zig)"
# The libraries of macOS, compiled once for each processor.
export ZIG_GLOBAL_CACHE_DIR="${zig%/*}/cache"
export ZIG_LOCAL_CACHE_DIR="${ZIG_GLOBAL_CACHE_DIR}"
"${zig}" "$@"

# Bazel wants no headers of the compiler in the list of dependencies, and they
# are part of the pinned archive.
previous=''
for argument in "$@"; do
  if [[ "${previous}" == -MF && -f "${argument}" ]]; then
    sed -i -E "s|${zig%/*}/[^ ]*||g; /^[[:space:]]*\\\\?\$/d" -- "${argument}"
  fi
  previous="${argument}"
done
