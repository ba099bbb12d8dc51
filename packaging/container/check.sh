#!/usr/bin/env bash
#
# Builds the image and runs it: a container of its own process ids, files and user.
#
#   packaging/container/check.sh [--how=podman|unshare] SERVER [TALLY]
#
# podman runs it if it can, with its storage in a folder that is removed afterwards.
# Otherwise the files of the image run under unshare(1), which needs root: the same
# files, user and process ids, without podman's own restrictions. The first line says
# which; the last one what was skipped.

set -euo pipefail
exec </dev/null

here="$(cd -- "${BASH_SOURCE[0]%/*}" && pwd -P)"
readonly here

how=''
if [[ "${1:-}" == --how=* ]]; then
  how="${1#*=}"
  shift
fi
if [[ $# -lt 1 || $# -gt 2 ]]; then
  printf 'usage: check.sh [--how=podman|unshare] SERVER [TALLY]\n' >&2
  exit 2
fi
server="$(realpath -- "$1")"
tally="${2:+$(realpath -- "$2")}"
readonly server tally

work="$(mktemp -d)"
readonly work
container=''
skipped=()

die() {
  printf 'container: %s\n' "$*" >&2
  [[ ! -s "${work}/log" ]] || tail -n 20 -- "${work}/log" >&2
  exit 1
}

finish() {
  [[ -z "${container}" ]] || kill -KILL "${container}" 2>/dev/null || true
  if [[ "${how}" == podman ]]; then
    podman_here rm --all --force --time 0 >/dev/null 2>&1 || true
    podman_here unmount --all >/dev/null 2>&1 || true
  fi
  rm -rf -- "${work}"
}
trap finish EXIT

readonly storage=(--root "${work}/storage" --runroot "${work}/run" --storage-driver=vfs)

# podman_here ARGUMENT...: podman with that storage. Its default runtime, crun, needs
# a machine with cgroup version 2 alone; where version 1 is mounted too, this process
# sees version 2 in its place.
podman_here() {
  # shellcheck disable=SC2016  # Expanded by the inner shell.
  unshare --mount -- sh -c '
    if [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
      umount -R /sys/fs/cgroup 2>/dev/null
      mount -t cgroup2 none /sys/fs/cgroup || exit
    fi
    exec podman "$@"' sh "${storage[@]}" --cgroup-manager=cgroupfs "$@"
}

# run ARGUMENT...: the image with these arguments of the server, in a subshell. No limit is raised
# above those of this process, which may not be allowed.
run() {
  if [[ "${how}" == podman ]]; then
    podman_here run --rm --name=tallyman-check --network=host --cgroups=disabled \
      "--ulimit=nofile=$(ulimit -Hn):$(ulimit -Hn)" --ulimit=nproc=1000:1000 \
      --volume="${work}/volume:/var/lib/tallyman" tallyman:check "$@"
    return
  fi
  # shellcheck disable=SC2016
  exec unshare --mount --pid --fork --kill-child --ipc --uts -- sh -c '
    root="$1/context/rootfs"
    mount --bind "$1/volume" "${root}/var/lib/tallyman" &&
      mount -t proc proc "${root}/proc" &&
      mount --rbind /dev "${root}/dev" || exit
    shift
    exec env --ignore-environment SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
      chroot --userspec=10001:10001 "${root}" \
      /usr/bin/tallyman --data_dir=/var/lib/tallyman "$@"' sh "${work}" "$@"
}

# Asks process 1 of the container to end.
stop() {
  if [[ "${how}" == podman ]]; then
    podman_here stop --time 60 tallyman-check >/dev/null
  else
    kill -TERM "$(<"/proc/${container}/task/${container}/children")"
  fi
}

# start: runs the image in the background. Sets `container`, `token` (if it shows one)
# and `url`.
start() {
  local line
  # "localhost" is in /etc/hosts of the container.
  exec {greeting}< <(exec 2>>"${work}/log" && run --listen=localhost:0)
  container=$!
  url='' token="${token:-}"
  while [[ -z "${url}" || -z "${token}" ]] && read -r -t 120 -u "${greeting}" line; do
    printf '%s\n' "${line}" >>"${work}/log"
    if [[ "${line}" =~ (http://127[0-9.:]+) ]]; then url="${BASH_REMATCH[1]}"; fi
    if [[ "${line}" =~ ^\ *(tly_[^ ]+)$ ]]; then token="${BASH_REMATCH[1]}"; fi
  done
  [[ -n "${url}" && -n "${token}" ]] || die 'the server does not greet'
  # What else it prints must not fill the pipe.
  cat <&"${greeting}" >>"${work}/log" &
}

# ask TARGET [CURL OPTION]...: the body of an answer of 2xx.
ask() {
  local target="$1"
  shift
  curl --silent --show-error --fail-with-body --max-time 60 --noproxy '*' \
    --header "Authorization: Bearer ${token}" "$@" "${url}${target}" ||
    die "no good answer to ${target}"
}

# sleepers: how many processes of the stack run in the container.
sleepers() {
  ask '/server/processes?name=^sleep$&fields=pid,user' | jq --exit-status '.data | length'
}

# await COUNT: until so many run.
await() {
  local deadline=$((SECONDS + 60))
  until [[ "$(sleepers)" == "$1" ]]; do
    [[ "${SECONDS}" -lt "${deadline}" ]] || die "$(sleepers) instances run, not $1"
    sleep 0.2
  done
}

build() {
  local -a options=(--program=/usr/bin/sleep)
  [[ -z "${tally}" ]] || options+=("--tally=${tally}")
  "${here}/rootfs.sh" "${options[@]}" "${server}" "${work}/context"
  install -d -o 10001 -g 10001 -m 0700 "${work}/volume"
  if [[ "${how}" != unshare ]] && type -P podman >/dev/null; then
    how=podman
    if TALLYMAN_BUILDER="podman ${storage[*]} build" "${here}/build.sh" --tag=tallyman:check \
      "${options[@]}" "${server}" >"${work}/build.log" 2>&1 &&
      (run --version) >"${work}/version" 2>>"${work}/build.log"; then
      return 0
    fi
    tail -n 3 -- "${work}/build.log"
    printf 'podman cannot run it here\n'
  fi
  how=unshare
  # What podman makes by itself.
  printf '127.0.0.1 localhost\n' >"${work}/context/rootfs/etc/hosts"
  (run --version) >"${work}/version"
}

if [[ "${EUID}" -ne 0 ]]; then
  printf 'container: skipped, as this is not root\n'
  exit 0
fi
build
printf 'container: run by %s\n' "${how}"
[[ "$(cat -- "${work}/version")" == 'tallyman '* ]] || die "--version prints $(cat -- "${work}/version")"

start
curl --silent --fail --noproxy '*' "${url}/healthz" >/dev/null || die '/healthz does not answer'
first="$(ask '/server/processes?pid=1&fields=name,user,command_line')"
[[ "$(jq -r '.data[0].user' <<<"${first}")" == tallyman ]] || die "process 1 is ${first}"
printf 'process 1: %s\n' "$(jq -c '.data[0]' <<<"${first}")"

# A command of plain words needs no shell.
ask /api/3/stacks --json '{"name":"demo","environment":"test",
  "processes":[{"name":"sleeper","command":"sleep 1000"}]}' >"${work}/stack"
uid="$(jq -r .response.uid "${work}/stack")"
host="$(ask "/api/3/stacks/${uid}/servers" | jq -r '.response[0].name')"
ask "/api/3/stacks/${uid}/processes" --data-urlencode process_name=sleeper \
  --data-urlencode "server_count=${host}:3" >/dev/null
await 3
printf 'a scale to 3: 3 run\n'

if [[ -z "${tally}" ]]; then
  skipped+=('the health check of compose.yaml: no TALLY was given')
elif [[ "${how}" != podman ]]; then
  skipped+=('the health check of compose.yaml: it needs podman')
else
  mapfile -t healthcheck < <(sed -n 's/^ *test: *\[ *"CMD", *\(.*\)\]/\1/p' "${here}/compose.yaml" |
    jq -r --slurp --raw-input '"[\(.)]" | fromjson | .[]')
  [[ "${#healthcheck[@]}" -gt 0 ]] || die 'compose.yaml has no health check'
  podman_here exec --env="TALLYMAN_URL=${url}" tallyman-check "${healthcheck[@]}" ||
    die "the health check fails: ${healthcheck[*]}"
  printf 'the health check of compose.yaml: healthy\n'
fi

stop
wait "${container}" || die "the container ends with $?"
container=''
printf 'a stop: it ends with 0\n'

# The next container begins with the same data.
start
await 3
printf 'a new container: 3 run again\n'
stop
wait "${container}" || die "the container ends with $?"
container=''

[[ "${#skipped[@]}" -eq 0 ]] || printf 'skipped: %s\n' "${skipped[@]}"
printf 'container: ok\n'
