#!/usr/bin/env bash
#
# Builds the programs of testdata/consumers with clang and with g++, as the
# projects that they are, and uses each for what it is made for:
#
#   .ci/consumers.sh [--bazel=FLAG]... [NAME]...     by default all
#
# Each is a workspace of its own that takes one package. It must fetch and compile
# what that package needs, and nothing else.

set -euo pipefail

cd -- "${BASH_SOURCE[0]%/*}/.."
readonly root="${PWD}"
work="$(mktemp -d)"
readonly work

# In the environment of the programs that a check starts. The processes of a stack
# have an environment of their own, and ${work} as their working directory.
readonly mark="TALLYMAN_CHECK=${work}"

# Prints the pids of all of them.
marked() {
  local process
  for process in /proc/[0-9]*; do
    if grep -qzFx -- "${mark}" "${process}/environ" 2>/dev/null ||
      [[ "$(readlink -- "${process}/cwd")" == "${work}" ]]; then
      printf '%s\n' "${process#/proc/}"
    fi
  done
}

# Ends what a failed check left, until nothing is there that could start more.
end_marked() {
  local pids
  while pids="$(marked)" && [[ -n "${pids}" ]]; do
    xargs kill -KILL <<<"${pids}" 2>/dev/null || true
  done
}
trap 'end_marked; rm -rf -- "${work}"' EXIT

fail() {
  printf '%s: %s\n' "${name}" "$*"
  return 1
}

# expect WHAT EXPECTED ACTUAL
expect() {
  [[ "$2" == "$3" ]] || fail "$1: expected \"$2\", found \"$3\""
}

bazel() {
  local command="$1"
  shift
  "${root}/tools/bazel" "${command}" "${bazel_flags[@]}" "$@"
}

# check_fetched LIBRARY...: the repositories of this workspace are these, those of
# rules and tools, and ours.
check_fetched() {
  local output_base
  output_base="$(bazel info output_base 2>/dev/null)"
  expect fetched "$*" "$(find "${output_base}/external" -mindepth 1 -maxdepth 1 -printf '%f\n' |
    grep -Ev '^@|^(bazel_.*|local_config_.*|platforms|rules_.*|remote_.*|tallyman)$' | sort | xargs)"
}

# check_compiled FOLDER...: what is compiled for the program are its own source,
# sources in these folders of ours, and the fetched libraries. Our headers are no
# system headers, whose warnings compilers hide.
check_compiled() {
  bazel aquery --repo_env=CC=gcc "mnemonic(CppCompile, deps(//:${name}))" \
    >"${work}/actions" 2>"${work}/aquery.log" || {
    cat -- "${work}/aquery.log"
    return 1
  }
  expect compiled "$*" "$(sed -nE 's|^    external/tallyman/(.*)/[^/]*\.cc \\$|\1|p' \
    "${work}/actions" | sort -u | xargs)"
  grep -q 'external/tallyman \\$' <(grep -A 1 -e ' -iquote ' -- "${work}/actions") ||
    fail 'our headers are not included by -iquote'
  if grep -q 'tallyman' <(grep -A 1 -e ' -isystem ' -- "${work}/actions"); then
    fail 'our headers are system headers'
  fi
}

# start COMMAND...: runs a program in the background; its pid is `started`, and `next`
# reads its output.
start() {
  exec {output}< <(exec env --chdir="${work}" "${mark}" "$@")
  started=$!
}

# next REGEX: reads the output of the started program up to a line that matches;
# BASH_REMATCH has its parts.
next() {
  local line
  while read -r -t 60 -u "${output}" line; do
    if [[ "${line}" =~ $1 ]]; then return 0; fi
  done
  fail "no line \"$1\""
}

use_top() {
  local comm
  read -r comm <"/proc/$$/comm"
  bazel-bin/top 2 1000000 >"${work}/top"
  # Two rounds, and this shell in each.
  expect 'rows of this shell' 2 "$(awk -v pid="$$" -v name="${comm}" \
    '$1 == pid && $NF == name' "${work}/top" | wc -l)"
}

use_key_value() {
  local -a tool=(bazel-bin/key_value "${work}/pairs.db")
  "${tool[@]}" set fruit apple
  "${tool[@]}" set fruit pear
  "${tool[@]}" set vegetable leek
  expect get pear "$("${tool[@]}" get fruit)"
  expect list $'fruit=pear\nvegetable=leek' "$("${tool[@]}" list)"
  # Two processes at once.
  local first
  "${tool[@]}" set a1 1 &
  first=$!
  "${tool[@]}" set a2 2
  wait "${first}"
  "${tool[@]}" delete vegetable
  expect 'list a' $'a1=1\na2=2' "$("${tool[@]}" list a)"
  if "${tool[@]}" get vegetable 2>"${work}/error"; then fail 'a deleted key is there'; fi
  expect 'error of get' 'key_value: NOT_FOUND: no such key' "$(cat -- "${work}/error")"
}

# ask PORT METHOD TOKEN: prints the status and the answer, as one line.
ask() {
  local connection
  exec {connection}<>"/dev/tcp/127.0.0.1/$1"
  printf '%s /shelf HTTP/1.1\r\nHost: shelf\r\nAuthorization: Bearer %s\r\nContent-Length: 4\r\n\r\nbook' \
    "$2" "$3" >&"${connection}"
  tr -d '\r' <&"${connection}" | xargs -d '\n'
  exec {connection}>&-
}

use_token_proxy() {
  local proxy upstream port reader admin answer
  local -a program=("${PWD}/bazel-bin/token_proxy" "${work}/tokens.db")
  reader="$("${program[@]}" create reader public)"
  admin="$("${program[@]}" create admin admin)"
  start "${PWD}/bazel-bin/upstream"
  upstream="${started}"
  next '^port ([0-9]+)$'
  start "${program[@]}" serve 0 "${BASH_REMATCH[1]}"
  proxy="${started}"
  next '^port ([0-9]+)$'
  port="${BASH_REMATCH[1]}"

  # The upstream answers with the request that it gets: without the token.
  answer="$(ask "${port}" GET "${reader}")"
  [[ "${answer}" == 'HTTP/1.1 200 OK '*' GET /shelf HTTP/1.1 Host: shelf '*' book' ]] ||
    fail "the answer to GET is ${answer//"${reader}"/***}"
  [[ "${answer}" != *"${reader}"* && "${answer}" != *Authorization* ]] || fail 'the upstream got the token'
  answer="$(ask "${port}" POST "${admin}")"
  [[ "${answer}" == 'HTTP/1.1 200 OK '*' POST /shelf '* ]] || fail 'no answer to POST'
  answer="$(ask "${port}" POST "${reader}")"
  [[ "${answer}" == 'HTTP/1.1 403 '*'"admin"'* ]] || fail "without the scope: ${answer}"
  answer="$(ask "${port}" GET "${reader%?}~")"
  [[ "${answer}" == 'HTTP/1.1 401 '*'WWW-Authenticate: Bearer'* ]] || fail "a bad token: ${answer}"

  kill -TERM "${proxy}"
  wait "${proxy}" || fail "the proxy exits with $?"
  kill -TERM "${upstream}"
  wait "${upstream}" || true
}

use_procfile_runner() {
  local -a program=("${PWD}/bazel-bin/procfile_runner" "${PWD}/Procfile" "${work}/runner")
  local -A pids=()
  local process keeper runner
  start "${program[@]}"
  runner="${started}"
  while [[ ${#pids[@]} -lt 2 ]]; do
    next '^(clock|worker) ([0-9]+) running$'
    pids["${BASH_REMATCH[1]}"]="${BASH_REMATCH[2]}"
  done
  kill -KILL "${runner}"
  wait "${runner}" || true

  start "${program[@]}"
  runner="${started}"
  for process in clock worker; do
    # The first line of a process is its state after the start.
    next "^${process} ([0-9]+) "
    expect "the pid of ${process}" "${pids[${process}]}" "${BASH_REMATCH[1]}"
  done
  keeper="$(cat -- "${work}/runner/keeper.lock")"
  expect 'the output of clock' yes "$([[ -s "$(echo "${work}"/runner/logs/*/clock.1.log)" ]] && echo yes)"
  kill -TERM "${runner}"
  wait "${runner}" || fail "the runner exits with $?"
  # The keeper ends when it has neither server nor children.
  timeout 60 tail --sleep-interval=0.1 --pid="${keeper}" -f /dev/null || fail 'the keeper does not end'
  expect 'left behind' '' "$(marked | xargs)"
}

# consume NAME: builds, checks and uses the program in the present folder.
consume() {
  bazel build --repo_env=CC=clang --platform_suffix=clang //...
  bazel build --repo_env=CC=gcc //...
  case "${name}" in
    top)
      check_fetched com_google_absl
      check_compiled platform platform/base platform/base/posix platform/linux
      ;;
    key_value)
      check_fetched com_google_absl sqlite3
      check_compiled platform/base platform/base/posix storage storage/posix
      ;;
    token_proxy)
      check_fetched com_google_absl openssl sqlite3
      check_compiled auth auth/openssl platform/base platform/base/openssl platform/base/posix \
        storage storage/posix
      ;;
    procfile_runner)
      check_fetched com_google_absl openssl sqlite3
      check_compiled platform platform/base platform/base/linux platform/base/openssl \
        platform/base/posix platform/linux stacks/keeper stacks/model stacks/model/posix \
        stacks/output stacks/registry stacks/supervisor storage storage/posix
      ;;
    *) fail 'no such program' ;;
  esac
  "use_${name}"
}

bazel_flags=()
names=()
for argument in "$@"; do
  case "${argument}" in
    --bazel=*) bazel_flags+=("${argument#--bazel=}") ;;
    *) names+=("${argument}") ;;
  esac
done
[[ ${#names[@]} -gt 0 ]] || names=(top key_value token_proxy procfile_runner)

all_well=true
for name in "${names[@]}"; do
  begin="${SECONDS}"
  # A subshell that is no condition: `set -e` holds inside.
  set +e
  (
    set -e
    cd -- "testdata/consumers/${name}"
    consume
  )
  status=$?
  set -e
  end_marked
  (cd -- "testdata/consumers/${name}" && "${root}/tools/bazel" shutdown)
  if [[ "${status}" -eq 0 ]]; then
    printf '%s: ok after %d s\n' "${name}" "$((SECONDS - begin))"
  else
    printf '%s: FAILED after %d s\n' "${name}" "$((SECONDS - begin))"
    all_well=false
  fi
done
"${all_well}"
