#!/usr/bin/env bash
#
# Makes the files of a release of the commit that is checked out:
#
#   tools/release/release.sh [--snapshot] [--bazel=FLAG]... OUTPUT
#
#   tallyman-VERSION.tar.gz               the sources
#   tallyman-VERSION-linux-x86_64.tar.gz  the programs, with the licences of what is in them
#   tallyman_VERSION_amd64.deb            the Debian package, if //packaging:deb exists
#   tallyman-VERSION.spdx.json            the bill of materials, in SPDX 2.3
#   CHANGES-VERSION.md                    the section of CHANGELOG.md
#   SHA256SUMS                            of these files
#
# OUTPUT is a folder that does not exist or is empty. The same commit gives the same
# bytes on machines with the same compiler and libraries: times are that of the commit.
#
# --snapshot is for a commit between two releases: names have the commit, and the
# section is "Unreleased". Without it nothing may be there that is not released yet.

set -euo pipefail
export LC_ALL=C TZ=UTC
umask 022

cd -- "${BASH_SOURCE[0]%/*}/../.."

die() {
  printf 'release: %s\n' "$@" >&2
  exit 1
}

snapshot=false
bazel_flags=()
while [[ "${1:-}" == --* ]]; do
  case "$1" in
    --snapshot) snapshot=true ;;
    --bazel=*) bazel_flags+=("${1#*=}") ;;
    *) die "there is no option $1" ;;
  esac
  shift
done
[[ $# -eq 1 ]] || die 'usage: release.sh [--snapshot] [--bazel=FLAG]... OUTPUT'
output="$(realpath -m -- "$1")"
readonly output
[[ ! -e "${output}" || (-d "${output}" && -z "$(ls -A -- "${output}")") ]] ||
  die "${output} is not an empty folder"

commit="$(git rev-parse --verify 'HEAD^{commit}')" || die 'this is no work tree of git'
readonly commit
changes="$(git status --porcelain --untracked-files=normal)"
[[ -z "${changes}" ]] || die 'the work tree differs from its commit:' "${changes}"
SOURCE_DATE_EPOCH="$(git show --no-patch --format=%ct HEAD)"
export SOURCE_DATE_EPOCH

version="$(sed -n 's/^VERSION = "\(.*\)"$/\1/p' platform/base/version.bzl)"
readonly version
[[ -n "${version}" ]] || die 'platform/base/version.bzl has no VERSION'
label="${version}" section="${version}"
if "${snapshot}"; then
  label+="-git${commit:0:12}" section=Unreleased
elif unreleased="$(tools/release/changelog.sh CHANGELOG.md Unreleased 2>/dev/null)"; then
  die "CHANGELOG.md has $(wc -l <<<"${unreleased}") lines under \"Unreleased\": move them to \"## ${version}\"," \
    'or raise VERSION in platform/base/version.bzl and MODULE.bazel; --snapshot makes the files without that'
elif tagged="$(git rev-parse --verify --quiet "v${version}^{commit}")" && [[ "${tagged}" != "${commit}" ]]; then
  die "the tag v${version} is of another commit, ${tagged}"
fi
readonly label section

work="$(mktemp -d)"
readonly work
trap 'rm -rf -- "${work}"' EXIT
readonly files="${work}/files"
mkdir -- "${files}"

tools/release/changelog.sh CHANGELOG.md "${section}" >"${files}/CHANGES-${label}.md" ||
  die "write what is new in ${version} first"

# exists LABEL: whether there is such a target.
exists() {
  [[ -e "${1%%:*}/BUILD.bazel" ]] &&
    tools/bazel query --noshow_progress "${bazel_flags[@]}" "//$1" >/dev/null 2>&1
}

targets=(//server //third_party:sbom)
programs=(server/server:tallyman)
if exists tally:tally; then
  targets+=(//tally)
  programs+=(tally/tally:tally)
fi
if exists packaging:deb; then
  targets+=(//packaging:deb)
fi
tools/bazel build --config=release "${bazel_flags[@]}" \
  "--build_event_json_file=${work}/events" -- "${targets[@]}"
bin="$(tools/bazel info --config=release "${bazel_flags[@]}" bazel-bin 2>/dev/null)"
external="$(tools/bazel info "${bazel_flags[@]}" output_base 2>/dev/null)/external"
readonly bin external

# pack NAME: the folder NAME of ${work} as NAME.tar.gz.
pack() {
  tar --create --sort=name "--mtime=@${SOURCE_DATE_EPOCH}" --owner=0 --group=0 --numeric-owner \
    --format=gnu --directory="${work}" -- "$1" | gzip -9 --no-name >"${files}/$1.tar.gz"
}

git -c tar.umask=0022 archive --format=tar "--prefix=tallyman-${label}/" HEAD |
  gzip -9 --no-name >"${files}/tallyman-${label}.tar.gz"

install -m 0644 -- "${bin}/third_party/tallyman.spdx.json" "${files}/tallyman-${label}.spdx.json"

name="tallyman-${label}-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)"
readonly name
mkdir -- "${work}/${name}"
for program in "${programs[@]}"; do
  target="${work}/${name}/${program#*:}"
  install -m 0755 -- "${bin}/${program%:*}" "${target}"
  strip --strip-unneeded -- "${target}"
  printed="$("${target}" --version)"
  [[ "${printed}" == "${program#*:} ${version} (commit ${commit})" ]] ||
    die "${program#*:} --version prints \"${printed}\", which is not ${version} and ${commit}"
done
install -m 0644 -- LICENSE CHANGELOG.md "${files}/tallyman-${label}.spdx.json" "${work}/${name}"
python3 tools/release/licences.py "${files}/tallyman-${label}.spdx.json" "${external}" \
  >"${work}/${name}/LICENCES-OF-LIBRARIES"
pack "${name}"

while IFS= read -r package; do
  install -m 0644 -- "${package}" "${files}"
done < <(grep -o '"uri":"file://[^"]*\.deb"' -- "${work}/events" | sed 's|.*"file://\(.*\)"|\1|' | sort -u)

(cd -- "${files}" && sha256sum -- * >"${work}/SHA256SUMS")
mv -- "${work}/SHA256SUMS" "${files}"
mkdir -p -- "${output}"
cp -- "${files}"/* "${output}"
printf 'release %s of commit %s in %s:\n' "${label}" "${commit}" "${output}"
cat -- "${output}/SHA256SUMS"
