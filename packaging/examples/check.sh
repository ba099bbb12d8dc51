#!/usr/bin/env bash
#
# Checks the examples of this folder with the programs that they are for: their own
# checkers, and a run of each on loopback in front of a real server.
#
#   packaging/examples/check.sh SERVER
#
# nginx, caddy, promtool and prometheus, which are Debian packages (the last two are
# one), are optional: what is missing is named in the last lines. The autoscaler has a
# test of its own, //packaging/examples:autoscaler_test.

set -euo pipefail
exec </dev/null

here="$(cd -- "${BASH_SOURCE[0]%/*}" && pwd -P)"
readonly here
if [[ $# -ne 1 ]]; then
  printf 'usage: check.sh SERVER\n' >&2
  exit 2
fi
server="$(realpath -- "$1")"
readonly server
PATH+=:/usr/sbin

work="$(mktemp -d)"
readonly work
# Workers of nginx may be another user.
chmod 0755 "${work}"
readonly name=tallyman.example.com
pids=()
skipped=()

finish() {
  # All are children of this shell.
  [[ "${#pids[@]}" -eq 0 ]] || kill -TERM "${pids[@]}" 2>/dev/null || true
  wait
  rm -rf -- "${work}"
}
trap finish EXIT

die() {
  printf 'examples: %s\n' "$*" >&2
  tail -n 20 -- "${work}"/*.log >&2 || true
  exit 1
}

# has PROGRAM EXAMPLE: whether it is installed; notes what is skipped if it is not.
has() {
  type -P "$1" >/dev/null || {
    skipped+=("$2: $1 is not installed")
    return 1
  }
}

# await COMMAND...: until it succeeds.
await() {
  local deadline=$((SECONDS + 60))
  until "$@" >"${work}/await.log" 2>&1; do
    [[ "${SECONDS}" -lt "${deadline}" ]] || die "in vain for 60 s: $*"
    sleep 0.1
  done
}

# A port of loopback that nothing listens on at this moment.
free_port() {
  local port
  while port=$((20000 + RANDOM % 10000)) && (: <"/dev/tcp/127.0.0.1/${port}") 2>/dev/null; do :; done
  printf '%s\n' "${port}"
}

# Sets `port` and `token` of a server that believes proxies of this machine.
start_server() {
  local line
  port='' token=''
  exec {greeting}< <(exec "${server}" --port=0 "--data_dir=${work}/data" \
    --trusted_proxies=127.0.0.1 "--allowed_hosts=${name}" 2>"${work}/server.log")
  pids+=("$!")
  while [[ -z "${token}" ]] && read -r -t 120 -u "${greeting}" line; do
    if [[ "${line}" =~ http://127.0.0.1:([0-9]+) ]]; then port="${BASH_REMATCH[1]}"; fi
    if [[ "${line}" =~ ^\ *(tly_[^ ]+)$ ]]; then token="${BASH_REMATCH[1]}"; fi
  done
  [[ -n "${port}" && -n "${token}" ]] || die 'the server does not greet'
  cat <&"${greeting}" >/dev/null &
}

make_certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
    -subj "/CN=${name}" -addext "subjectAltName=DNS:${name}" \
    -keyout "${work}/key.pem" -out "${work}/chain.pem" 2>"${work}/openssl.log"
}

# visit PORT TARGET [CURL OPTION]...: a request to the proxy at this port.
visit() {
  local at="$1" target="$2"
  shift 2
  curl --silent --show-error --max-time 60 --noproxy '*' --cacert "${work}/chain.pem" \
    --connect-to "${name}:443:127.0.0.1:${at}" "$@" "https://${name}${target}"
}

# first_event PORT: the first line with data of a stream that goes on for ever.
first_event() {
  grep --max-count=1 '^data:' < <(visit "$1" '/server/processes?watch=1s&limit=1' --no-buffer \
    --header "Authorization: Bearer ${token}" --header 'Accept: text/event-stream' 2>/dev/null)
}

# check_proxy WHAT PORT CLIENT: what is the same for each proxy. CLIENT: whose address
# the server should log for a request that names 192.0.2.7.
check_proxy() {
  local what="$1" at="$2" client="$3" answer healthy
  await visit "${at}" /healthz --fail --output /dev/null

  # The server sees that the request came by TLS: only then has the cookie of a session
  # this prefix. It also sees the client's address.
  answer="$(visit "${at}" /session --include --header 'Content-Type: application/json' \
    --header "Origin: https://${name}" --header 'X-Forwarded-For: 192.0.2.7' \
    --header 'Forwarded: for=192.0.2.8' --data "{\"token\":\"${token}\"}")"
  [[ "${answer}" == HTTP/*' 201'* ]] || die "${what}: no session: ${answer}"
  grep -qi '^set-cookie: __Host-.*; *Secure' <<<"${answer}" || die "${what}: ${answer}"
  grep -qi '^strict-transport-security:' <<<"${answer}" || die "${what}: ${answer}"
  await grep -q "\"path\":\"/session\".*\"remote\":\"${client}\"" "${work}/server.log"
  ! grep -q forwarding_conflict "${work}/server.log" || die "${what}: two headers forward"

  [[ "$(first_event "${at}")" == 'data:'* ]] || die "${what}: no event arrives"

  # Another name is none of ours: nginx hands it on, to a 421; Caddy answers by itself.
  healthy="$(visit "${at}" /healthz --fail)"
  answer="$(visit "${at}" /healthz --header 'Host: other.example.com')" || answer=refused
  [[ -n "${healthy}" && "${answer}" != "${healthy}" ]] || die "${what}: answers to other names"

  # A token in an address reaches no log.
  visit "${at}" "/server/processes?limit=1&token=${token}" --fail --output /dev/null
  ! grep -rqF -- "${token}" "${work}"/*.log || die "${what}: a token is in a log"
  printf '%s: sessions, addresses, streams, names, logs\n' "${what}"
}

check_nginx() {
  local at plain
  at="$(free_port)" plain="$(free_port)"
  sed -e "s|listen 80;|listen 127.0.0.1:${plain};|" -e "s|listen 443|listen 127.0.0.1:${at}|" \
    -e "s|127.0.0.1:8880|127.0.0.1:${port}|" -e "s|/etc/ssl/tallyman|${work}|" \
    -e "s|/var/log/nginx/tallyman|${work}/nginx|" "${here}/nginx.conf" >"${work}/site"
  {
    printf 'daemon off;\nworker_processes 1;\npid %s/nginx.pid;\nerror_log %s/nginx.log;\n' \
      "${work}" "${work}"
    [[ "${EUID}" -ne 0 ]] || printf 'user root;\n'
    printf 'events {}\nhttp {\n'
    printf '%s_temp_path %s/nginx_temp;\n' client_body "${work}" proxy "${work}" \
      fastcgi "${work}" uwsgi "${work}" scgi "${work}"
    printf 'include %s/site;\n}\n' "${work}"
  } >"${work}/nginx.conf"
  nginx -t -q -e "${work}/nginx.log" -c "${work}/nginx.conf" || die 'nginx -t'
  nginx -e "${work}/nginx.log" -c "${work}/nginx.conf" &
  pids+=("$!")
  # The request comes from 127.0.0.1, which is a trusted proxy here.
  check_proxy nginx "${at}" 192.0.2.7
  local moved
  moved="$(curl --silent --noproxy '*' --header "Host: ${name}" --output /dev/null \
    --write-out '%{http_code} %{redirect_url}' "http://127.0.0.1:${plain}/docs")"
  [[ "${moved}" == "301 https://${name}/docs" ]] || die "nginx: port 80 answers ${moved}"
}

check_caddy() {
  local at
  at="$(free_port)"
  export XDG_DATA_HOME="${work}/caddy" XDG_CONFIG_HOME="${work}/caddy"
  caddy validate --adapter caddyfile --config "${here}/Caddyfile" >"${work}/caddy.log" 2>&1 ||
    die 'caddy validate'
  caddy fmt "${here}/Caddyfile" | cmp -s - "${here}/Caddyfile" || die 'Caddyfile: not as caddy fmt writes it'
  # No certificate of an authority, no redirect, no port for administration.
  sed -e "s|^${name} {|{\n\tadmin off\n\tauto_https off\n}\nhttps://${name}:${at} {\n\tbind 127.0.0.1\n\ttls ${work}/chain.pem ${work}/key.pem|" \
    -e "s|127.0.0.1:8880|127.0.0.1:${port}|" "${here}/Caddyfile" >"${work}/Caddyfile"
  caddy run --adapter caddyfile --config "${work}/Caddyfile" >>"${work}/caddy.log" 2>&1 &
  pids+=("$!")
  # Caddy chooses the site by Host, which has no port here. It believes no client.
  check_proxy caddy "${at}" 127.0.0.1
}

# ask_prometheus PORT EXPRESSION: its value.
ask_prometheus() {
  curl --silent --fail --noproxy '*' --get --data-urlencode "query=$2" \
    "http://127.0.0.1:$1/api/v1/query" | grep -o '"value":\[[^]]*\]' | sed 's/.*,"\(.*\)"\]/\1/'
}

scraped() {
  [[ "$(ask_prometheus "$1" 'up{job="tallyman"}')" == 1 ]]
}

check_prometheus() {
  mkdir -- "${work}/prometheus"
  cp -- "${here}/alerts.yml" "${work}/prometheus"
  printf '%s' "${token}" >"${work}/prometheus/token"
  sed -e "s|/etc/prometheus/tallyman.token|${work}/prometheus/token|" \
    -e "s|127.0.0.1:8880|127.0.0.1:${port}|" -e 's|scrape_interval: 15s|scrape_interval: 1s|' \
    "${here}/prometheus.yml" >"${work}/prometheus/prometheus.yml"
  if has promtool 'prometheus.yml, alerts.yml'; then
    {
      promtool check config --lint=all "${work}/prometheus/prometheus.yml"
      promtool check rules --lint=all "${here}/alerts.yml"
      promtool test rules "${here}/alerts_test.yml"
    } >"${work}/promtool.log" 2>&1 || die promtool
    printf 'prometheus.yml, alerts.yml: promtool finds nothing, and the tests of the rules pass\n'
  fi
  has prometheus 'prometheus.yml, in a run' || return 0
  local at
  at="$(free_port)"
  prometheus "--config.file=${work}/prometheus/prometheus.yml" \
    "--storage.tsdb.path=${work}/prometheus/data" "--web.listen-address=127.0.0.1:${at}" \
    >"${work}/prometheus.log" 2>&1 &
  pids+=("$!")
  await scraped "${at}"
  local used missing='' metric
  # Every metric of the alerts exists, as far as it does on any server.
  used="$(grep -o 'tallyman_[a-z_]*' "${here}/alerts.yml" | sort -u)"
  curl --silent --fail --noproxy '*' --header "Authorization: Bearer ${token}" \
    "http://127.0.0.1:${port}/metrics" >"${work}/metrics"
  for metric in ${used}; do
    grep -q "^# TYPE ${metric} " "${work}/metrics" || missing+=" ${metric}"
  done
  # Only with TLS.
  missing="${missing/ tallyman_ssl_earliest_cert_expiry/}"
  [[ -z "${missing}" ]] || die "the server has no metric${missing}"
  printf 'prometheus: reads the metrics\n'
}

start_server
make_certificate
has nginx nginx.conf && check_nginx
has caddy Caddyfile && check_caddy
check_prometheus

[[ "${#skipped[@]}" -eq 0 ]] || printf 'skipped: %s\n' "${skipped[@]}"
printf 'examples: ok\n'
