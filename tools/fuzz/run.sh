#!/usr/bin/env bash
#
# Builds the fuzz targets with clang and runs libFuzzer on each:
#
#   tools/fuzz/run.sh [--seconds=30] [--jobs=2] [--minimize] [--bazel=FLAG]... [TARGET...]
#
# A TARGET is a label (//stacks/model:procfile_fuzz) or a name (procfile); all
# targets by default. Each runs for --seconds, --jobs of them at a time, beginning
# with the files of testdata/fuzz/NAME. New inputs are dropped, or with --minimize
# merged into that folder: the few that reach code which no other file reaches.
#
# Prints a line for each target. Inputs that fail are kept in fuzz-failures, with a
# log; then the exit code is 1.

set -euo pipefail
exec </dev/null

cd -- "${BASH_SOURCE[0]%/*}/../.."
root="${PWD}"
readonly root

# Inputs of the corpora: few and small, for people and for the tests that replay
# them.
readonly max_files=40
readonly max_bytes=4096

die() {
  printf 'tools/fuzz/run.sh: %s\n' "$@" >&2
  exit 1
}

seconds=30
jobs=2
minimize=false
bazel_flags=()
wanted=()
for argument in "$@"; do
  case "${argument}" in
    --seconds=*) seconds="${argument#*=}" ;;
    --jobs=*) jobs="${argument#*=}" ;;
    --minimize) minimize=true ;;
    --bazel=*) bazel_flags+=("${argument#*=}") ;;
    -*) die "unknown option ${argument}" ;;
    *) wanted+=("${argument}") ;;
  esac
done
[[ "${seconds}" =~ ^[1-9][0-9]*$ ]] || die '--seconds is a number from 1'
[[ "${jobs}" =~ ^[1-9][0-9]*$ ]] || die '--jobs is a number from 1'
readonly seconds jobs minimize

work="$(mktemp -d)"
readonly work failures="${root}/fuzz-failures"
cleanup() {
  local -a running=()
  mapfile -t running < <(jobs -p)
  [[ ${#running[@]} -eq 0 ]] || kill -- "${running[@]}" 2>/dev/null || true
  wait
  rm -rf -- "${work}"
}
trap cleanup EXIT

# Fails with advice unless clang can link a fuzz target.
check_clang() {
  printf 'extern "C" int LLVMFuzzerTestOneInput(const char*, unsigned long) { return 0; }\n' |
    clang -fsanitize=fuzzer,address,undefined -fuse-ld=lld -x c++ - -o "${work}/check" \
      >"${work}/check.log" 2>&1 || {
    tail -n 5 -- "${work}/check.log" >&2
    die 'fuzz targets need clang with libFuzzer: apt-get install clang libclang-rt-dev lld'
  }
}

# Prints the labels to run.
find_targets() {
  tools/bazel query --noshow_progress 'kind("cc_binary rule", attr(tags, "\bfuzz\b", //...))' \
    2>"${work}/query.log" | sort >"${work}/all" || {
    cat -- "${work}/query.log" >&2
    return 1
  }
  if [[ ${#wanted[@]} -eq 0 ]]; then
    cat -- "${work}/all"
    return 0
  fi
  local name label
  for name in "${wanted[@]}"; do
    label="${name%_test}"
    if [[ "${label}" != *:* ]]; then
      label="$(grep -E -- ":${label%_fuzz}_fuzz\$" "${work}/all")" || label=''
    fi
    grep -xF -e "${label}" -- "${work}/all" || die "there is no fuzz target ${name}"
  done
}

# name_of LABEL: the name of the corpus.
name_of() {
  local name="${1##*:}"
  printf '%s' "${name%_fuzz}"
}

# binary_of LABEL
binary_of() {
  local path="${1#//}"
  printf '%s/%s' "${bin}" "${path/://}"
}

# fuzzer BINARY ARGUMENT...: libFuzzer in the scratch folder of a target.
fuzzer() {
  TEST_TMPDIR="${PWD}" \
    ASAN_OPTIONS="abort_on_error=1:check_initialization_order=1:detect_stack_use_after_return=1:strict_string_checks=1" \
    UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1" \
    "${as_wide[@]}" "$@"
}

# run_one LABEL: fuzzes, and writes the line of the target to NAME.line.
run_one() {
  local label="$1" name status=0
  name="$(name_of "${label}")"
  local dir="${work}/${name}" log="${work}/${name}.log"
  mkdir -p -- "${dir}/corpus"
  cp -- "${root}/testdata/fuzz/${name}/"* "${dir}/corpus/"
  cd -- "${dir}"
  fuzzer "$(binary_of "${label}")" -max_total_time="${seconds}" -max_len="${max_bytes}" \
    -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 -reload=0 \
    -artifact_prefix="${dir}/" corpus >"${log}" 2>&1 || status=$?

  local before after
  before="$(sed -nE 's/.*INITED +cov: ([0-9]+) .*/\1/p' -- "${log}" | head -n 1)"
  after="$(sed -nE 's/.* cov: ([0-9]+) .*/\1/p' -- "${log}" | tail -n 1)"
  printf '%-24s %9d runs %7d/s  coverage %5d, %+d  %s\n' "${name}" \
    "$(stat_of number_of_executed_units "${log}")" "$(stat_of average_exec_per_sec "${log}")" \
    "${after:-0}" "$((${after:-0} - ${before:-0}))" \
    "$([[ "${status}" -eq 0 ]] && echo ok || echo "FAILED (${status})")" >"${work}/${name}.line"
  [[ "${status}" -eq 0 ]] || keep_failure "${label}" "${name}" "${log}"
  return "${status}"
}

# stat_of NAME LOG
stat_of() {
  local value
  value="$(sed -nE "s/^stat::$1: +([0-9]+)\$/\\1/p" -- "$2")"
  printf '%s' "${value:-0}"
}

# keep_failure LABEL NAME LOG: in the scratch folder of the target.
keep_failure() {
  local label="$1" name="$2" log="$3" file kept
  mkdir -p -- "${failures}"
  cp -- "${log}" "${failures}/${name}.log"
  {
    printf '%s failed; the end of fuzz-failures/%s.log:\n' "${label}" "${name}"
    { grep -vE '^(#|stat::)' -- "${log}" || true; } | tail -n 40 | cut -c -400
    for file in crash-* leak-* timeout-* oom-*; do
      [[ -f "${file}" ]] || continue
      kept="${name}-${file%%-*}-$(sha256sum -- "${file}" | cut -c -12)"
      cp -- "${file}" "${failures}/${kept}"
      printf 'the input is fuzz-failures/%s. To reproduce, and then to keep it as a test:\n' "${kept}"
      printf '  mv fuzz-failures/%s testdata/fuzz/%s/\n' "${kept}" "${name}"
      printf '  tools/bazel test --config=asan_clang %s_test\n' "${label}"
    done
  } >"${work}/${name}.failure"
}

# merge_one LABEL: adds the best new inputs to the corpus.
merge_one() {
  local label="$1" name file free
  name="$(name_of "${label}")"
  local corpus="${root}/testdata/fuzz/${name}" dir="${work}/${name}"
  local -a files=("${corpus}"/*)
  free=$((max_files - ${#files[@]}))
  [[ "${free}" -gt 0 ]] || return 0
  cd -- "${dir}"
  mkdir -p merged
  cp -- "${files[@]}" merged/
  # Without counters: code that runs more often is nothing new.
  fuzzer "$(binary_of "${label}")" -set_cover_merge=1 -use_counters=0 -max_len="${max_bytes}" \
    merged corpus >merge.log 2>&1 || {
    tail -n 20 -- merge.log >&2
    return 1
  }
  for file in merged/*; do
    [[ ! -e "${corpus}/${file##*/}" ]] || continue
    [[ "${free}" -gt 0 ]] || break
    cp -- "${file}" "${corpus}/found-${file:7:12}"
    free=$((free - 1))
  done
}

check_clang
find_targets >"${work}/targets"
targets=()
mapfile -t targets <"${work}/targets"
[[ ${#targets[@]} -gt 0 ]] || die 'there is no fuzz target'

# The flags of the sanitized tests (.bazelrc), whose objects are used again.
flags=("${bazel_flags[@]}" --config=asan_clang --nobuild_tests_only)
tools/bazel build --noshow_progress "${flags[@]}" -- "${targets[@]}"
bin="$(tools/bazel info --noshow_progress "${flags[@]}" bazel-bin 2>/dev/null)"
readonly bin

# Sanitizers of older compilers cannot place their memory where addresses are
# randomised more than this.
as_wide=()
if [[ "$(cat /proc/sys/vm/mmap_rnd_bits 2>/dev/null || echo 28)" -gt 28 ]]; then
  as_wide=(/usr/bin/setarch --addr-no-randomize)
fi

active=0
for label in "${targets[@]}"; do
  if [[ "${active}" -ge "${jobs}" ]]; then
    wait -n || true
    active=$((active - 1))
  fi
  (run_one "${label}") &
  active=$((active + 1))
done
wait

failed=0
for label in "${targets[@]}"; do
  name="$(name_of "${label}")"
  cat -- "${work}/${name}.line" 2>/dev/null || printf '%-24s did not run\n' "${name}"
  if ! grep -q ' ok$' -- "${work}/${name}.line" 2>/dev/null; then
    failed=$((failed + 1))
  elif "${minimize}"; then
    (merge_one "${label}") || failed=$((failed + 1))
  fi
done
for file in "${work}"/*.failure; do
  [[ ! -f "${file}" ]] || cat -- "${file}"
done
printf '%d fuzz targets, %d failed\n' "${#targets[@]}" "${failed}"
[[ "${failed}" -eq 0 ]]
