#!/usr/bin/env bash
#
# Checks the sources of the page, server/page:
#
#   tools/page/check.sh            types, format, unit tests; changes nothing
#   tools/page/check.sh --format   formats them
#
# TypeScript's checker reads the types in comments, strictly, and knows those of
# Preact and htm. Prettier checks the format of scripts, sheets and the document.
# Files named *.test.js are tests for Node.js. All are npm packages of fixed
# versions, kept in the user's cache folder; the page's libraries have those of
# third_party/archives.bzl.

set -euo pipefail

root="$(cd -- "${BASH_SOURCE[0]%/*}/../.." && pwd -P)"
readonly root here="${root}/tools/page" page="${root}/server/page"

# version NAME: the version of a library in archives.bzl.
version() {
  sed -n "s/^ *npm = \"$1@\(.*\)\",\$/\1/p" -- "${root}/third_party/archives.bzl" | grep .
}

preact="$(version preact)"
htm="$(version htm)"
readonly preact htm
readonly packages=(
  typescript@5.9.3
  prettier@3.10.1
  "preact@${preact}"
  "htm@${htm}"
)

case "$*" in
  '' | --format) ;;
  *)
    sed -n '3,6s/^# \{0,1\}//p' -- "$0" >&2
    exit 2
    ;;
esac

modules="$("${root}/tools/npm_folder.sh" page "${packages[@]}")/node_modules"
readonly modules
# No configuration of a folder above, nor of an editor.
prettier=("${modules}/.bin/prettier" --config "${here}/prettier.json" --no-editorconfig
  --ignore-path /dev/null)
readonly sources="${page}/**/*.{css,html,js}"

if [[ "${1:-}" == --format ]]; then
  exec "${prettier[@]}" --log-level warn --write "${sources}"
fi

work="$(mktemp -d)"
readonly work
trap 'rm -rf -- "${work}"' EXIT

# The sources stay where they are; only the types come from the cache.
cat >"${work}/tsconfig.json" <<END
{
  "extends": "${here}/tsconfig.json",
  "compilerOptions": {
    "paths": {
      "preact": ["${modules}/preact"],
      "preact/*": ["${modules}/preact/*"],
      "htm": ["${modules}/htm"]
    }
  },
  "include": ["${page}/**/*.js"],
  "exclude": ["${page}/**/*.test.js"]
}
END

status=0
"${modules}/.bin/tsc" --project "${work}/tsconfig.json" || status=1
"${prettier[@]}" --check "${sources}" || {
  printf 'tools/page/check.sh --format formats them\n' >&2
  status=1
}
# Node.js takes the extension .js for modules where a package.json says so.
cp -R -- "${page}" "${work}/page"
printf '{"type":"module"}\n' >"${work}/package.json"
mapfile -t tests < <(cd -- "${work}" && find page -name '*.test.js' | sort)
if [[ ${#tests[@]} -gt 0 ]]; then
  (cd -- "${work}" && node --test "${tests[@]}") >"${work}/tests" 2>&1 || {
    cat -- "${work}/tests"
    status=1
  }
fi
printf 'types, format and %d files of tests of the page: %s\n' "${#tests[@]}" \
  "$([[ "${status}" -eq 0 ]] && echo well || echo 'see above')"
exit "${status}"
