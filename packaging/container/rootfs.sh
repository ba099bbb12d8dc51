#!/usr/bin/env bash
#
# Collects the files of a container image that has no distribution below it:
#
#   packaging/container/rootfs.sh [--tally=FILE] [--program=PATH]... SERVER OUTPUT
#
#   SERVER     the binary of the server: /usr/bin/tallyman
#   --tally    the binary of the command line: /usr/bin/tally
#   --program  one more program of this machine, which stacks run: /bin/sh for
#              commands that are more than a program and its arguments
#   OUTPUT     a folder that does not exist: the context for Containerfile
#
# OUTPUT/rootfs gets the programs, the shared libraries that ldd(1) finds for them, at
# their places on this machine, the certificates of authorities for webhooks, and a
# user "tallyman" (10001). OUTPUT/data gets the data directory, which belongs to that
# user once Containerfile has copied it. Programs that stacks run and their libraries
# come from this machine, which should be of the release of Debian that built SERVER.
#
# Without a C library that is linked statically, because glibc loads parts of the name
# service at run time: names of users come from OUTPUT/rootfs/etc/passwd, names of
# hosts from /etc/hosts and DNS, and both are in libc.so.6 itself since glibc 2.34.

set -euo pipefail

readonly certificates=/etc/ssl/certs/ca-certificates.crt

die() {
  printf 'rootfs.sh: %s\n' "$*" >&2
  exit 1
}

tally=''
programs=()
while [[ "${1:-}" == --* ]]; do
  case "$1" in
    --tally=*) tally="${1#*=}" ;;
    --program=*) programs+=("${1#*=}") ;;
    *) die "there is no option $1; see the head of this file" ;;
  esac
  shift
done
[[ $# -eq 2 ]] || die 'usage: rootfs.sh [--tally=FILE] [--program=PATH]... SERVER OUTPUT'
readonly server="$1" output="$2"
[[ ! -e "${output}" ]] || die "${output} exists already"
[[ -r "${certificates}" ]] || die "${certificates} is missing: install ca-certificates"

readonly root="${output}/rootfs"
install -d -m 0755 "${root}"/{etc/ssl/certs,proc,sys,dev,run,usr/bin,var/lib}
install -d -m 1777 "${root}/tmp"
# Debian's folders for programs and libraries are links.
for name in bin sbin lib lib64; do
  install -d -m 0755 "${root}/usr/${name}"
  ln -s "usr/${name}" "${root}/${name}"
done

# place FILE [PATH]: copies a program of this machine and the libraries that it needs.
place() {
  local file="$1" path="${2:-$1}" libraries library
  [[ -f "${file}" && -x "${file}" ]] || die "${file} is not a program"
  install -D -m 0755 -- "${file}" "${root}${path}"
  # Of a program that is linked statically, ldd fails.
  libraries="$(ldd -- "${file}" 2>/dev/null)" || return 0
  [[ "${libraries}" != *'not found'* ]] || die "${file} lacks libraries: ${libraries}"
  while read -r library; do
    [[ -e "${root}${library}" ]] || install -D -m 0755 -- "${library}" "${root}${library}"
  done < <(grep -o '/[^ ]*' <<<"${libraries}" | sort -u)
}

place "${server}" /usr/bin/tallyman
[[ -z "${tally}" ]] || place "${tally}" /usr/bin/tally
for program in "${programs[@]}"; do
  [[ "${program}" == /* ]] || die "--program=${program}: not an absolute path"
  place "${program}"
done

install -m 0644 -- "${certificates}" "${root}${certificates}"
cat >"${root}/etc/passwd" <<'END'
root:x:0:0:root:/:/usr/sbin/nologin
tallyman:x:10001:10001:Tallyman:/var/lib/tallyman:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/:/usr/sbin/nologin
END
cat >"${root}/etc/group" <<'END'
root:x:0:
tallyman:x:10001:
nogroup:x:65534:
END
cat >"${root}/etc/nsswitch.conf" <<'END'
passwd: files
group: files
hosts: files dns
END
chmod 0644 "${root}"/etc/{passwd,group,nsswitch.conf}

install -d -m 0755 "${output}/data"
install -d -m 0700 "${output}/data/tallyman"
