#!/usr/bin/env bash
#
# Installs npm packages in the user's cache, unless they are there, and prints the
# folder that has their node_modules:
#
#   tools/npm_folder.sh NAME PACKAGE@VERSION...
#
# The folder's name begins with NAME. Scripts of the packages don't run.

set -euo pipefail

readonly name="$1"
shift

key="$(printf '%s\n' "$@" | sha256sum)"
folder="${XDG_CACHE_HOME:-${HOME}/.cache}/tallyman/${name}-${key:0:16}"
readonly key folder
if [[ ! -e "${folder}/complete" ]]; then
  type -P npm >/dev/null || {
    printf 'npm, which fetches %s, is not installed: apt-get install npm\n' "$*" >&2
    exit 1
  }
  # npm brings its own certificates; use the system's.
  certificates=/etc/ssl/certs/ca-certificates.crt
  if [[ -z "${NODE_EXTRA_CA_CERTS:-}" && -r "${certificates}" ]]; then
    export NODE_EXTRA_CA_CERTS="${certificates}"
  fi
  mkdir -p -- "${folder}"
  (cd -- "${folder}" && npm install --silent --no-save --no-audit --no-fund --ignore-scripts \
    --prefix . "$@" </dev/null >&2)
  touch -- "${folder}/complete"
fi
printf '%s\n' "${folder}"
