#!/usr/bin/env bash
#
# Builds the container image with buildah, podman or docker:
#
#   packaging/container/build.sh [--tag=NAME] [OPTION OF rootfs.sh]... SERVER
#
# The name is tallyman:latest by default. TALLYMAN_BUILDER is the command that builds,
# with its options: "buildah --storage-driver=vfs build".

set -euo pipefail

here="$(cd -- "${BASH_SOURCE[0]%/*}" && pwd -P)"
readonly here

tag=tallyman:latest
options=()
while [[ "${1:-}" == --* ]]; do
  case "$1" in
    --tag=*) tag="${1#*=}" ;;
    *) options+=("$1") ;;
  esac
  shift
done
if [[ $# -ne 1 ]]; then
  printf 'usage: build.sh [--tag=NAME] [OPTION OF rootfs.sh]... SERVER\n' >&2
  exit 2
fi

if [[ -n "${TALLYMAN_BUILDER:-}" ]]; then
  read -r -a builder <<<"${TALLYMAN_BUILDER}"
elif type -P buildah >/dev/null; then
  builder=(buildah build)
elif type -P podman >/dev/null; then
  builder=(podman build)
elif type -P docker >/dev/null; then
  builder=(docker build)
else
  printf 'build.sh: none of buildah, podman and docker is installed\n' >&2
  exit 1
fi

work="$(mktemp -d)"
trap 'rm -rf -- "${work}"' EXIT
"${here}/rootfs.sh" "${options[@]}" "$1" "${work}/context"
"${builder[@]}" --tag "${tag}" --file "${here}/Containerfile" "${work}/context"
