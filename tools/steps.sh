# Steps of tools/test and tools/check, to be sourced: each prints its name, what it counted and how long
# it took; finish_steps prints the sum as the last line.

passed=0
failed=0
test_options=(--keep_going --test_output=errors --show_result=0)
[[ -t 2 ]] || test_options+=(--color=no --curses=no --noshow_progress)
events=$(mktemp -t muster-steps.XXXXXX)
trap 'rm -f "$events"' EXIT

# scale_timeouts FACTOR: Bazel waits so much longer for a test. The deadlines inside the tests stay.
scale_timeouts() {
  if [[ ! $1 =~ ^[1-9][0-9]?$ ]]; then
    echo "$(basename "$0"): --timeout-factor takes a number from 1 to 99, not \"$1\"" >&2
    exit 2
  fi
  test_options+=("--test_timeout=$((300 * $1)),$((900 * $1)),$((1800 * $1)),$((3600 * $1))")
}

print_help() {
  sed -n '2,/^[^#]/s/^#\( \|$\)//p' "$0"
}

# add_step NAME PASSED FAILED BEGIN
add_step() {
  printf '    %s: %d passed, %d failed, %d s\n' "$1" "$2" "$3" $((SECONDS - $4))
  passed=$((passed + $2))
  failed=$((failed + $3))
}

# run_tests NAME FOLDER OPTION... -- TARGET...
run_tests() {
  local name=$1 folder=$2 begin=$SECONDS status counts
  shift 2
  printf '\n==> %s\n' "$name"
  : >"$events"
  (cd "$folder" && bazel test "${test_options[@]}" --build_event_json_file="$events" "$@")
  status=$?
  counts=$(tools/count_cases.py "$events" "$status") || counts='0 1'
  add_step "$name" ${counts% *} ${counts#* } "$begin"
}

# run_tool NAME COMMAND...: the command's last line is "N passed, M failed".
run_tool() {
  local name=$1 begin=$SECONDS summary
  shift
  printf '\n==> %s\n' "$name"
  summary=$("$@" | tee -a /dev/stderr | tail -n 1)
  [[ $summary =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]] || summary='0 passed, 1 failed'
  read -r -a summary <<<"$summary"
  add_step "$name" "${summary[0]}" "${summary[2]}" "$begin"
}

# run_check NAME COMMAND...: counts as one case, which fails with the command.
run_check() {
  local name=$1 begin=$SECONDS
  shift
  printf '\n==> %s\n' "$name"
  if "$@"; then
    add_step "$name" 1 0 "$begin"
  else
    add_step "$name" 0 1 "$begin"
  fi
}

finish_steps() {
  printf '\n%d min %d s\n' $((SECONDS / 60)) $((SECONDS % 60))
  echo "$passed passed, $failed failed"
  ((failed == 0))
}
