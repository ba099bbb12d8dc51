#!/usr/bin/env bash
#
# Checks the Debian package in a Debian of its own: lintian, bit-for-bit building,
# installation, upgrade, removal and purge. Instances survive an upgrade; data
# survive a removal and go on purge.
#
#   packaging/deb/check.sh PACKAGE.deb
#
# As root, on Debian: debootstrap makes the other Debian, a folder that is removed in
# the end, from the archive that apt uses here. All processes in it are in a namespace
# of pids (pid_namespaces(7)), which the kernel ends with its first process.

set -euo pipefail

package="$(realpath -- "$1")"
readonly package
work="$(mktemp -d)"
readonly work root="${work}/debian"

say() { printf 'deb: %s\n' "$*"; }
die() {
  say "$*"
  exit 1
}

if [[ "${2:-}" != inside ]]; then
  trap 'rm -rf -- "${work}"' EXIT
  [[ "${EUID}" -eq 0 ]] || die 'run it as root: debootstrap needs that'
  for tool in debootstrap lintian dpkg-deb unshare; do
    type -P "${tool}" >/dev/null || die "install ${tool} first"
  done

  say 'lintian'
  lintian --fail-on error --allow-root "${package}" || die 'lintian finds errors'

  # The mirror that apt uses here, and the release.
  # shellcheck disable=SC1091
  codename="$(. /etc/os-release && printf '%s' "${VERSION_CODENAME}")"
  # shellcheck disable=SC2016  # The format is apt's.
  mirror="$(apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
    sed -n 's/^Debian|Debian|//p' | head -n 1)"
  [[ -n "${mirror}" ]] || die 'apt-get names no archive of Debian'
  say "a Debian (${codename})"
  debootstrap --variant=minbase --include=libssl3,libstdc++6,adduser,init-system-helpers,procps,curl \
    "${codename}" "${root}" "${mirror}" >"${work}/debootstrap.log" 2>&1 ||
    { tail -n 20 -- "${work}/debootstrap.log"; die 'debootstrap failed'; }
  # An upgrade: the same files under a later version.
  dpkg-deb --raw-extract "${package}" "${work}/later"
  sed -i 's/^Version: .*/&+later/' "${work}/later/DEBIAN/control"
  dpkg-deb --root-owner-group --build "${work}/later" "${root}/later.deb" >/dev/null
  cp -- "${package}" "${root}/tallyman.deb"
  cp -- "${BASH_SOURCE[0]}" "${root}/check.sh"
  # shellcheck disable=SC2016  # The inner shell has an argument of its own.
  unshare --mount --pid --fork --kill-child bash -c '
    mount --make-rprivate / && mount -t proc proc "$1/proc" &&
      mount -t tmpfs tmp "$1/tmp" && exec chroot "$1" /bin/bash /check.sh /tallyman.deb inside
  ' - "${root}"
  exit 0
fi

# From here on in the other Debian, as its first process.
export DEBIAN_FRONTEND=noninteractive LC_ALL=C

as_tallyman() { setpriv --reuid=tallyman --regid=tallyman --clear-groups "$@"; }

start_server() {
  # As the unit does, without systemd: nothing here is its process 1.
  as_tallyman /usr/bin/tallyman --data_dir=/var/lib/tallyman --flagfile=/etc/tallyman/flags \
    --settle_time=0 >/tmp/server.log 2>&1 &
  server=$!
  local i
  for ((i = 0; i < 600; i++)); do
    curl --silent --fail --output /dev/null http://127.0.0.1:8880/readyz && return 0
    kill -0 "${server}" 2>/dev/null || break
    sleep 0.1
  done
  cat /tmp/server.log
  die 'the server does not start'
}

stop_server() {
  kill -TERM "${server}"
  wait "${server}" || true
}

say 'install'
dpkg --install /tallyman.deb >/tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log; die 'dpkg failed'; }
[[ "$(stat -c '%U:%G %a' /var/lib/tallyman)" == 'tallyman:tallyman 700' ]] ||
  die 'the data directory has other rights'
for file in /usr/bin/tally /usr/bin/tallyman /lib/systemd/system/tallyman.service \
  /etc/tallyman/flags; do
  [[ -e "${file}" ]] || die "${file} is missing"
done
[[ "$(tally --version)" == tally\ * ]] || die 'tally does not start'

say 'run an instance'
ip link set lo up 2>/dev/null || true
start_server
printf 'worker: exec sleep 100000\n' >/tmp/Procfile
tally stacks create demo -f /tmp/Procfile --data-dir=/var/lib/tallyman
tally scale worker=2 --data-dir=/var/lib/tallyman
before="$(pgrep -f 'sleep 100000' | sort | tr '\n' ' ')"
[[ "$(wc -w <<<"${before}")" -eq 2 ]] || die "instances: ${before}"

say 'upgrade'
dpkg --install /later.deb >/tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log; die 'dpkg failed'; }
dpkg-query --show --showformat='${Version}\n' tallyman | grep -q '+later$' || die 'no upgrade'
stop_server
start_server
tally scale --data-dir=/var/lib/tallyman | grep -q 'worker=2' || die 'the counts are lost'
after="$(pgrep -f 'sleep 100000' | sort | tr '\n' ' ')"
[[ "${before}" == "${after}" ]] || die "instances before: ${before}; after: ${after}"

say 'remove'
printf '# changed\n' >>/etc/tallyman/flags
tally scale worker=0 -y --data-dir=/var/lib/tallyman
stop_server
dpkg --remove tallyman >/tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log; die 'dpkg failed'; }
[[ ! -e /usr/bin/tally ]] || die 'the programs are still there'
[[ -s /var/lib/tallyman/tallyman.db && -s /etc/tallyman/flags ]] || die 'the data are gone'

say 'install again'
dpkg --install /tallyman.deb >/tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log; die 'dpkg failed'; }
grep -q '# changed' /etc/tallyman/flags || die 'the changed flags are lost'
start_server
tally stacks --data-dir=/var/lib/tallyman | grep -q demo || die 'the stack is lost'
stop_server

say 'purge'
dpkg --purge tallyman >/tmp/dpkg.log 2>&1 || { cat /tmp/dpkg.log; die 'dpkg failed'; }
[[ ! -e /var/lib/tallyman && ! -e /etc/tallyman ]] || die 'purge leaves files'
say 'ok'
