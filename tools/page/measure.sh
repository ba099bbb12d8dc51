#!/usr/bin/env bash
#
# Measures the page in a real browser and prints its figures beside the aims:
#
#   tools/page/measure.sh SERVER
#
# SERVER is the binary of the server. Size, first rows, updates and scrolling with
# 10,000 synthetic processes; processor time of a server with 5,000 real processes,
# which the driver starts and ends. Takes about four minutes. Times depend on the
# machine and on what else runs there.

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
exec node "${here}/browser/measure.mjs"
