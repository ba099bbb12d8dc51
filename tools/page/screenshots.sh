#!/usr/bin/env bash
#
# Makes the pictures of docs/page.md:
#
#   tools/page/screenshots.sh SERVER
#
# SERVER is the binary of the server. The processes are synthetic, the stack is real.

set -euo pipefail

here="$(cd -- "${BASH_SOURCE[0]%/*}" && pwd -P)"
readonly here
# shellcheck source=tools/page/browser_tools.sh
. "${here}/browser_tools.sh"

[[ $# -eq 1 ]] || {
  sed -n '3,5s/^# \{0,1\}//p' -- "$0" >&2
  exit 2
}
prepare_browser "$1"
exec node "${here}/browser/screenshots.mjs" "${here}/../../docs/images"
