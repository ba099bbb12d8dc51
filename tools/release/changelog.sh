#!/usr/bin/env bash
#
# Prints the section of a version from a changelog in the format of
# https://keepachangelog.com/, without its heading:
#
#   tools/release/changelog.sh CHANGELOG.md 0.1.0
#   tools/release/changelog.sh CHANGELOG.md Unreleased
#
# Fails if there is no such section, or nothing in it.

set -euo pipefail

if [[ $# -ne 2 ]]; then
  printf 'usage: changelog.sh FILE VERSION\n' >&2
  exit 2
fi
readonly file="$1" version="$2"

# A heading is "## 0.1.0", "## [0.1.0]", or one of these and " - 2026-11-28".
status=0
section="$(VERSION="${version}" awk '
  /^## / {
    name = $2
    gsub(/[][]/, "", name)
    inside = name == ENVIRON["VERSION"]
    found = found || inside
    next
  }
  inside
  END { exit !found }' "${file}")" || status=$?
if [[ "${status}" -ne 0 ]]; then
  printf '%s has no section "## %s"; it has: %s\n' "${file}" "${version}" \
    "$(sed -n 's/^## //p' "${file}" | paste -sd, | sed 's/,/, /g')" >&2
  exit 1
fi
# Without empty lines at the start; those at the end are gone.
section="$(sed '/./,$!d' <<<"${section}")"
if [[ -z "${section}" ]]; then
  printf '%s: the section "## %s" is empty\n' "${file}" "${version}" >&2
  exit 1
fi
printf '%s\n' "${section}"
