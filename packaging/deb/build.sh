#!/usr/bin/env bash
#
# Makes the Debian package from files that are built:
#
#   build.sh --output=FILE --version=VERSION --libraries=TABLE \
#     SOURCE=DESTINATION[:MODE] ... -- CONTROL_FILE ...
#
# DESTINATION is a path of the package; one that ends with .gz is compressed. MODE
# is 0644 by default. CONTROL_FILEs are control, copyright, postinst, prerm and
# postrm, by their base names. TABLE has a line for each library that
# the programs contain.
#
# The same files make the same package, bit for bit: no time, no user and no name of
# this machine is in it.

set -euo pipefail
umask 022
export LC_ALL=C TZ=UTC
# 1 January 2020: ar(1) and tar(1) have no year zero, and rpm none before 1980.
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-1577836800}"

work="$(mktemp -d)"
readonly work
trap 'rm -rf -- "${work}"' EXIT
readonly root="${work}/root"

die() {
  printf 'build.sh: %s\n' "$*" >&2
  exit 1
}

# place SOURCE DESTINATION MODE
place() {
  local target="${root}$2"
  mkdir -p -- "${target%/*}"
  if [[ "$2" == *.gz ]]; then
    gzip -9 --no-name <"$1" >"${target}"
  else
    cp -- "$1" "${target}"
    chmod u+w -- "${target}"
  fi
  chmod "$3" -- "${target}"
  if [[ "$2" == /usr/bin/* ]]; then
    strip --strip-unneeded --remove-section=.comment --remove-section=.note -- "${target}"
  fi
}

# The newest version of the symbols $1_… that the programs need, without $1_.
newest() {
  for program in "${root}"/usr/bin/*; do
    objdump -p "${program}"
  done | sed -n "s/^.* $1_\([0-9.]*\)\$/\1/p" | sort -V | tail -n 1
}

# Prints the packages that the programs need: the versions of their symbols decide,
# as dpkg-shlibdeps(1) would.
dependencies() {
  local glibcxx needed
  needed="$(for program in "${root}"/usr/bin/*; do
    objdump -p "${program}" | sed -n 's/^ *NEEDED *//p'
  done | sort -u)"
  printf 'libc6 (>= %s)' "$(newest GLIBC)"
  local library
  while read -r library; do
    case "${library}" in
      libc.so.6 | libm.so.6 | libpthread.so.0 | librt.so.1 | libdl.so.2 | libutil.so.1 | ld-linux*) ;;
      libgcc_s.so.1) printf ', libgcc-s1 (>= %s)' "$(newest GCC)" ;;
      libssl.so.3) printf ', libssl3 (>= %s)' "$(newest OPENSSL)" ;;
      libcrypto.so.3) ;; # Of libssl3, too.
      libstdc++.so.6)
        glibcxx="$(newest GLIBCXX)"
        # From the symbols file of Debian's libstdc++6.
        case "${glibcxx}" in
          3.4.2[0-8]) printf ', libstdc++6 (>= 9)' ;;
          3.4.29) printf ', libstdc++6 (>= 11)' ;;
          3.4.30) printf ', libstdc++6 (>= 12)' ;;
          3.4.31 | 3.4.32) printf ', libstdc++6 (>= 13.1)' ;;
          3.4.33) printf ', libstdc++6 (>= 14)' ;;
          *) die "which libstdc++6 has GLIBCXX_${glibcxx}?" ;;
        esac
        ;;
      *) die "which package has ${library}?" ;;
    esac
  done <<<"${needed}"
}

architecture() {
  # Of the program, since the machine that builds may be another one.
  case "$(objdump -f "${root}/usr/bin/tallyman")" in
    *i386:x86-64*) printf 'amd64' ;;
    *aarch64*) printf 'arm64' ;;
    *) die 'which architecture is that?' ;;
  esac
}

output='' version='' libraries=''
files=()
while [[ $# -gt 0 && "$1" != -- ]]; do
  case "$1" in
    --output=*) output="${1#*=}" ;;
    --version=*) version="${1#*=}" ;;
    --libraries=*) libraries="${1#*=}" ;;
    *) files+=("$1") ;;
  esac
  shift
done
[[ $# -gt 0 && -n "${output}" && -n "${version}" && -n "${libraries}" ]] || die 'see the head of this file'
shift

for file in "${files[@]}"; do
  destination="${file#*=}"
  mode=0644
  if [[ "${destination}" == *:* ]]; then
    mode="${destination##*:}"
    destination="${destination%:*}"
  fi
  place "${file%%=*}" "${destination}" "${mode}"
done

mkdir -p -- "${root}/DEBIAN" "${root}/usr/share/doc/tallyman"
for file in "$@"; do
  case "${file##*/}" in
    control) control="${file}" ;;
    copyright)
      sed -e "/@LIBRARIES@/r ${libraries}" -e '/@LIBRARIES@/d' -- "${file}" \
        >"${root}/usr/share/doc/tallyman/copyright"
      chmod 0644 -- "${root}/usr/share/doc/tallyman/copyright"
      ;;
    *) install -m 0755 -- "${file}" "${root}/DEBIAN/${file##*/}" ;;
  esac
done

maintainer="$(sed -n 's/^Maintainer: //p' "${control:?}")"
gzip -9 --no-name >"${root}/usr/share/doc/tallyman/changelog.Debian.gz" <<END
tallyman (${version}) stable; urgency=medium

  * changelog.gz has the changes of this version.

 -- ${maintainer}  $(date --utc --rfc-email --date="@${SOURCE_DATE_EPOCH}")
END

(cd -- "${root}" && find etc -type f -printf '/%p\n' | sort) >"${root}/DEBIAN/conffiles"
(cd -- "${root}" && find usr lib etc -type f -print0 2>/dev/null | sort -z | xargs -0 md5sum) \
  >"${root}/DEBIAN/md5sums"
# In KiB, each file rounded up, as Policy 5.6.20 says.
size="$(find "${root}" -path "${root}/DEBIAN" -prune -o -type f -printf '%s\n' |
  awk '{ sum += int(($1 + 1023) / 1024) } END { print sum }')"
sed -e "s/@VERSION@/${version}/" -e "s/@ARCHITECTURE@/$(architecture)/" \
  -e "s/@SIZE@/${size}/" -e "s/@DEPENDS@/$(dependencies)/" \
  -- "${control}" >"${root}/DEBIAN/control"
chmod 0644 -- "${root}/DEBIAN"/{control,conffiles,md5sums}
find "${root}" -type d -exec chmod 0755 {} +
find "${root}" -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

# One thread: the number of processors does not change the bytes.
dpkg-deb --root-owner-group --threads-max=1 -Zxz --build "${root}" "${output}" >/dev/null
