#!/usr/bin/env bash
#
# Checks the description that a running server gives of its API:
#
#   tools/openapi/check.sh SERVER
#
# SERVER is the binary of the server. It runs on a free port with data of its own. A
# linter reads /openapi.json, a generator makes a client from it, and the client
# compiles and asks the server. A client of OAuth finds its addresses in the
# metadata, and fetches tokens; one of server-sent events follows and resumes. All
# are npm packages, kept in the user's cache folder.

set -euo pipefail

readonly packages=(
  @redocly/cli@2.77.0       # the linter
  openapi-typescript@7.13.0 # the generator
  openapi-fetch@0.17.0      # what a generated client calls
  typescript@5.9.3
  oauth4webapi@3.8.8        # a client of OAuth
  eventsource@3.0.7         # a client of server-sent events
)

[[ $# -eq 1 ]] || {
  sed -n '3,5s/^# \{0,1\}//p' -- "$0" >&2
  exit 2
}
server="$(realpath -- "$1")"
readonly server
here="$(cd -- "${BASH_SOURCE[0]%/*}" && pwd -P)"
readonly here

work="$(mktemp -d)"
readonly work
pid=''
# Ends the server before its folder goes.
finish() {
  if [[ -n "${pid}" ]]; then
    kill "${pid}" 2>/dev/null || true
    wait "${pid}" || true
  fi
  rm -rf -- "${work}"
}
trap finish EXIT

# Starts the server; sets `url` and `token`, which its greeting shows.
start_server() {
  local line
  mkfifo -- "${work}/greeting"
  "${server}" --port=0 "--data_dir=${work}/data" --nolog_requests \
    >"${work}/greeting" 2>"${work}/log" </dev/null &
  pid=$!
  exec {greeting}<"${work}/greeting"
  url='' token=''
  while [[ -z "${token}" ]]; do
    IFS= read -r -t 30 -u "${greeting}" line || {
      printf 'the server did not start:\n' >&2
      cat -- "${work}/log" >&2
      return 1
    }
    if [[ "${line}" =~ (http://[0-9.:]+) && -z "${url}" ]]; then url="${BASH_REMATCH[1]}"; fi
    if [[ "${line}" =~ ^\ +(tly_[A-Za-z0-9_-]+)$ ]]; then token="${BASH_REMATCH[1]}"; fi
  done
}

tools="$("${here}/../npm_folder.sh" openapi "${packages[@]}")"
start_server
readonly bin="${tools}/node_modules/.bin"
cd -- "${work}"
ln -s -- "${tools}/node_modules" node_modules
cp -- "${here}/client.ts" "${here}/oauth.mjs" "${here}/events.mjs" \
  "${here}/tsconfig.json" "${here}/redocly.yaml" .
printf '{"type":"module"}\n' >package.json

node --input-type=module -e '
  import { writeFileSync } from "node:fs";
  const answer = await fetch(process.argv[1]);
  if (answer.status !== 200) throw new Error("status " + answer.status);
  writeFileSync("openapi.json", await answer.text());
' "${url}/openapi.json"
printf '%s/openapi.json has %d bytes\n' "${url}" "$(wc -c <openapi.json)"

# Neither sends anything to its makers.
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
"${bin}/redocly" lint --config redocly.yaml openapi.json
"${bin}/openapi-typescript" openapi.json --output api.d.ts
"${bin}/tsc" --project tsconfig.json
TALLYMAN_TOKEN="${token}" node client.js "${url}"
TALLYMAN_TOKEN="${token}" node oauth.mjs "${url}"
TALLYMAN_TOKEN="${token}" node events.mjs "${url}"
