#!/usr/bin/env bash
#
# Formats the sources; with --check fails if one is not formatted:
#
#   tools/lint/format.sh [--check] [FILE...]
#
# clang-format formats C++, buildifier BUILD files and .bzl (from npm if it is not
# on the PATH). shellcheck checks shell scripts and never changes a file. Without
# FILEs: all files that git does not ignore.

set -euo pipefail

readonly buildifier_version=8.2.1

check=false
if [[ "${1:-}" == --check ]]; then
  check=true
  shift
fi

root="$(cd -- "${BASH_SOURCE[0]%/*}/../.." && pwd -P)"
readonly root

need() {
  type -P "$1" >/dev/null || {
    printf '%s is not installed: apt-get install %s\n' "$1" "$1" >&2
    exit 1
  }
}

# Sets `buildifier` to a command.
find_buildifier() {
  if buildifier="$(type -P buildifier)"; then
    return 0
  fi
  local folder
  folder="$("${root}/tools/npm_folder.sh" buildifier "@bazel/buildifier@${buildifier_version}")"
  buildifier="${folder}/node_modules/.bin/buildifier"
}

list_files() {
  if [[ $# -gt 0 ]]; then
    printf '%s\0' "$@"
  else
    cd -- "${root}"
    git ls-files --cached --others --exclude-standard -z
  fi
}

cpp=() starlark=() shell=()
while IFS= read -r -d '' file; do
  # Tracked, and deleted in the work tree; or a link, whose target is listed too.
  [[ -f "${file}" && ! -L "${file}" ]] || continue
  case "${file##*/}" in
    *.cc | *.h) cpp+=("${file}") ;;
    BUILD | BUILD.bazel | *.BUILD | WORKSPACE | MODULE.bazel | *.bzl) starlark+=("${file}") ;;
    *.sh) shell+=("${file}") ;;
    *.*) ;;
    *)
      # The first line of a script without an extension names its interpreter.
      IFS= read -r first <"${file}" || true
      case "${first}" in
        '#!'*bash | '#!/bin/sh') shell+=("${file}") ;;
      esac
      ;;
  esac
done < <(list_files "$@")
[[ $# -gt 0 ]] || cd -- "${root}"

status=0
if [[ ${#cpp[@]} -gt 0 ]]; then
  need clang-format
  if "${check}"; then
    clang-format --dry-run --Werror -- "${cpp[@]}" || status=1
  else
    clang-format -i -- "${cpp[@]}"
  fi
fi
if [[ ${#starlark[@]} -gt 0 ]]; then
  find_buildifier
  if "${check}"; then
    "${buildifier}" -mode=check -lint=off "${starlark[@]}" || status=1
  else
    "${buildifier}" -mode=fix -lint=off "${starlark[@]}"
  fi
fi
if [[ ${#shell[@]} -gt 0 ]]; then
  need shellcheck
  shellcheck -- "${shell[@]}" || status=1
fi
if [[ ${#cpp[@]} -eq 0 && ${#starlark[@]} -eq 0 && ${#shell[@]} -eq 0 ]]; then
  echo "no file to check" >&2
  status=1
fi
printf '%d C++, %d Starlark, %d shell files: %s\n' "${#cpp[@]}" "${#starlark[@]}" "${#shell[@]}" \
  "$([[ "${status}" -eq 0 ]] && echo 'well formatted' || echo 'see above; tools/lint/format.sh repairs formatting')"
exit "${status}"
