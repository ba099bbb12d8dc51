#!/usr/bin/env bash
#
# A folder with Debian unstable and its Bazel 7, and a way to run programs in it:
#
#   unstable.sh make ROOT MIRROR
#       makes ROOT with packages of MIRROR, as root
#   unstable.sh enter ROOT FOLDER... -- COMMAND...
#       runs COMMAND in the current folder, with ROOT as the root of file systems
#       and the FOLDERs of this machine, as this user
#
# `enter` needs no root where users may have namespaces of their own. Mounts are
# seen by COMMAND and its children alone, and end with them.

set -euo pipefail

readonly packages=(bazel-bootstrap ca-certificates g++ libssl-dev)

die() {
  printf 'unstable.sh: %s\n' "$@" >&2
  exit 1
}

script="$(cd -- "${BASH_SOURCE[0]%/*}" && pwd -P)/${BASH_SOURCE[0]##*/}"
readonly script

# private COMMAND...: runs a command that mounts.
private() {
  if [[ "${EUID}" -eq 0 ]]; then
    exec unshare --mount --propagation private -- "$@"
  fi
  unshare --user --map-root-user --mount true 2>/dev/null ||
    die "this system gives no user namespaces to users; run as root"
  exec unshare --user --map-root-user --mount --propagation private -- "$@"
}

make() {
  local root="$1" mirror="$2"
  [[ ! -e "${root}" ]] || die "${root} exists"
  # An interrupted run leaves nothing at ROOT.
  local new="${root}.new"
  rm -rf --one-file-system -- "${new}"
  mkdir -p -- "${new}"
  debootstrap --variant=minbase --include=ca-certificates unstable "${new}" "${mirror}"
  # No daemon starts.
  printf '#!/bin/sh\nexit 101\n' >"${new}/usr/sbin/policy-rc.d"
  chmod 0755 -- "${new}/usr/sbin/policy-rc.d"
  mount --rbind /proc "${new}/proc"
  # debootstrap knows no virtual packages; apt-get does.
  chroot "${new}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
    apt-get -q -y --no-install-recommends install "${packages[@]}"
  umount --lazy -- "${new}/proc"
  chroot "${new}" apt-get clean
  mkdir -p -- "${new}/.host"
  touch -- "${new}/etc/hosts" "${new}/etc/resolv.conf"
  mv -- "${new}" "${root}"
}

# In a mount namespace: makes ROOT the root, and runs COMMAND as user and group.
pivot() {
  local root="$1" user="$2" group="$3" folder file here="${PWD}"
  shift 3
  mount --rbind "${root}" "${root}"
  for folder in /dev /proc /sys; do
    mount --rbind "${folder}" "${root}${folder}"
  done
  # Names of hosts and users.
  for file in /etc/group /etc/hosts /etc/passwd /etc/resolv.conf; do
    [[ ! -e "${file}" ]] || mount --bind "${file}" "${root}${file}"
  done
  while [[ "$1" != -- ]]; do
    mount --rbind "$1" "${root}$1"
    shift
  done
  shift
  cd -- "${root}"
  pivot_root . .host
  umount --lazy /.host
  cd -- "${here}"
  if [[ "${user}" -ne 0 ]]; then
    exec unshare --user "--map-user=${user}" "--map-group=${group}" -- "$@"
  fi
  exec "$@"
}

case "${1:-}" in
  make)
    shift
    [[ "${EUID}" -eq 0 ]] || die "only root can make a root of file systems"
    private "${script}" make-private "$@"
    ;;
  make-private)
    shift
    make "$@"
    ;;
  enter)
    root="$2"
    shift 2
    private "${script}" pivot "${root}" "${EUID}" "$(id -g)" "$@"
    ;;
  pivot)
    shift
    PATH="${PATH}:/usr/sbin:/sbin"
    pivot "$@"
    ;;
  *)
    sed -n '3,13s/^# \{0,1\}//p' -- "${script}" >&2
    exit 2
    ;;
esac
