#!/usr/bin/env bash
#
# The cache of compiled objects that .ci/run gives to Bazel:
#
#   disk_cache.sh folder    prints the folder for this machine as it is now, or
#                           nothing if TALLYMAN_DISK_CACHE is `off`
#   disk_cache.sh prune     removes files that 14 days did not use, then the least
#                           recently used ones until 12 GiB are left
#
# TALLYMAN_DISK_CACHE names the folder; the default is tallyman/disk-cache in the
# user's cache folder.
#
# A key of Bazel covers sources, flags and the environment, but neither the
# headers of the system nor the versions of compiler, linker and clang-tidy. So
# each set of installed packages and tools has a folder of its own. A folder that
# is not used any more ages and goes with `prune`.

set -euo pipefail

readonly max_days=14
readonly max_bytes=$((12 * 1024 * 1024 * 1024))

root="${TALLYMAN_DISK_CACHE:-${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/tallyman/disk-cache}"
readonly root

# Prints everything that results depend on and Bazel does not see.
machine() {
  uname -sm
  dpkg-query -W 2>/dev/null || cat /etc/os-release 2>/dev/null || uname -rv
  # Tools that were not installed as packages.
  local tool
  for tool in "${CC:-gcc}" g++ clang ld ld.gold ld.lld clang-tidy; do
    type -P "${tool}" || continue
    "${tool}" --version 2>/dev/null || true
  done
}

folder() {
  [[ "${root}" != off ]] || return 0
  local key
  key="$(machine | sha256sum)"
  mkdir -p -- "${root}/${key:0:16}"
  (cd -- "${root}/${key:0:16}" && pwd -P)
}

prune() {
  [[ "${root}" != off && -d "${root}" ]] || return 0
  # A file system mounted with noatime shows no use: then files go by their age.
  # An entry whose object is gone counts as missing, and is made again.
  find "${root}" -type f -atime "+${max_days}" -mtime "+${max_days}" -delete
  find "${root}" -mindepth 1 -type d -empty -delete
  find "${root}" -type f -printf '%A@ %s %p\0' | sort -z -rn | {
    local size path bytes=0 removed=0
    while IFS=' ' read -r -d '' _ size path; do
      if [[ $((bytes + size)) -gt "${max_bytes}" ]]; then
        rm -f -- "${path}"
        removed=$((removed + 1))
      else
        bytes=$((bytes + size))
      fi
    done
    printf 'the cache has %d MiB; %d files were too many\n' "$((bytes / 1048576))" "${removed}"
  }
}

case "${1:-}" in
  folder) folder ;;
  prune) prune ;;
  *)
    printf 'usage: %s folder|prune\n' "$0" >&2
    exit 2
    ;;
esac
