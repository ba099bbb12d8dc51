#!/usr/bin/env bash
#
# Uses the page of a server in a real browser:
#
#   tools/page/browser.sh SERVER [FILE.test.mjs | OPTION OF node --test]...
#   tools/page/browser.sh SERVER session.test.mjs --test-name-pattern=tab
#
# SERVER is the binary of the server. Each file tools/page/browser/*.test.mjs starts
# servers of its own, on free ports with data of their own. The browser is Debian's
# chromium, without a window. Playwright drives it and axe-core looks for barriers:
# npm packages of fixed versions, kept in the user's cache folder.
#
# A failed test prints where the page was, the console of the browser and the log of
# the server, and keeps a picture. Its file gets a second attempt after all others.

set -euo pipefail

here="$(cd -- "${BASH_SOURCE[0]%/*}" && pwd -P)"
readonly here
# shellcheck source=tools/page/browser_tools.sh
. "${here}/browser_tools.sh"

[[ $# -ge 1 ]] || {
  sed -n '3,6s/^# \{0,1\}//p' -- "$0" >&2
  exit 2
}
prepare_browser "$1"
shift
exec node "${here}/browser/run.mjs" "$@"
