#!/usr/bin/env bash
#
# Facts about the commit, for stamped builds (--config=release): Bazel runs this
# before each build and gives the lines to stamped_file() of stamped_file.bzl.
#
#   STABLE_TALLYMAN_COMMIT    the commit, with "-dirty" if the work tree differs from it
#   STABLE_TALLYMAN_TIME      when it was committed, in UTC: 2026-11-28T09:48:35Z
#
# Prints nothing outside of a git work tree, such as in an unpacked source archive.

set -euo pipefail

commit="$(git rev-parse --verify --quiet 'HEAD^{commit}' 2>/dev/null)" || exit 0
if [[ -n "$(git status --porcelain --untracked-files=normal)" ]]; then
  commit+=-dirty
fi
printf 'STABLE_TALLYMAN_COMMIT %s\n' "${commit}"
printf 'STABLE_TALLYMAN_TIME %s\n' \
  "$(TZ=UTC git show --no-patch --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ HEAD)"
