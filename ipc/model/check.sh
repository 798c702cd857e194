#!/bin/bash
# Checks the models beside it with spin, and that each of their mutants is found faulty. Prints
# the states explored. Needs spin and a C compiler; up to 2 GiB of memory.
#   check.sh [--complete]    more participants and deaths: about six minutes instead of one
set -euo pipefail

if ! command -v spin >/dev/null; then
  echo "model: spin is not installed; nothing was checked" >&2
  # A test skips; a person wanted it.
  [[ -n ${TEST_TMPDIR:-} ]]
  exit
fi

models=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TEST_TMPDIR:-/tmp}/model.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# explore MODEL DEFINES safety|liveness LEVEL: what pan, compiled with this level of optimisation, says about it comes into
# pan.log.
explore() {
  local model=$1 defines=$2 what=$3 level=$4
  # shellcheck disable=SC2086
  spin -a $defines "$models/$model.pml" > spin.log || { cat spin.log >&2; exit 1; }
  # safety: assertions in every state. liveness: the ltl property too, under weak fairness.
  local compile=() run=()
  case $what in
    safety) compile=(-DSAFETY -DNOCLAIM) run=(-E) ;;
    liveness) compile=(-DNFAIR=3) run=(-a -f -E) ;;
  esac
  "${CC:-gcc}" "$level" -w -DMEMLIM=2048 "${compile[@]}" -o pan pan.c
  ./pan -m1000000 "${run[@]}" > pan.log || { cat pan.log >&2; exit 1; }
  if grep -qE 'max search depth too small|out of memory|aborted' pan.log; then
    cat pan.log >&2
    exit 1
  fi
}
errors() { sed -n 's/.*errors: \([0-9]*\)$/\1/p' pan.log; }
states() { sed -n 's/ *\([0-9e+.]*\) states, stored.*/\1/p' pan.log; }
depth() { sed -n 's/.*depth reached \([0-9]*\),.*/\1/p' pan.log; }

# holds MODEL DEFINES
holds() {
  local what begin
  for what in safety liveness; do
    begin=$SECONDS
    explore "$1" "$2" "$what" -O2
    printf '%-6s %-66s %-9s %9s states, depth %6s, %s errors, %d s\n' \
      "$1" "$2" "$what" "$(states)" "$(depth)" "$(errors)" $((SECONDS - begin))
    if [[ $(errors) != 0 ]]; then
      cat pan.log >&2
      exit 1
    fi
  done
}
# fails MODEL DEFINES
fails() {
  # It takes longer to optimise it than to run it.
  explore "$1" "$2" safety -O0
  printf '%-6s %-66s %-9s %9s states, found faulty\n' "$1" "$2" safety "$(states)"
  if [[ $(errors) == 0 ]]; then
    echo "$1 $2: the model did not find the fault" >&2
    exit 1
  fi
}

if [[ ${1:-} == --complete ]]; then
  holds mutex "-DPARTICIPANTS=3 -DDEATHS=3 -DSUPERVISOR_DEATHS=2"
  holds event "-DPRODUCERS=2 -DCONSUMERS=2 -DDEATHS=3 -DSUPERVISOR_DEATHS=2"
  holds event "-DPRODUCERS=2 -DCONSUMERS=3 -DDEATHS=1 -DSUPERVISOR_DEATHS=1"
  holds claim "-DWORKERS=2 -DRESERVATIONS=1 -DDEATHS=3"
  holds claim "-DWORKERS=3 -DTHREADS=1 -DSLOTS=2 -DRESERVATIONS=0 -DDEATHS=2"
  holds claim "-DWORKERS=1 -DROUNDS=2 -DRESERVATIONS=2 -DLOOKS=2 -DDEATHS=2"
else
  holds mutex "-DPARTICIPANTS=3 -DDEATHS=2 -DSUPERVISOR_DEATHS=1"
  holds event "-DPRODUCERS=2 -DCONSUMERS=2 -DDEATHS=1 -DSUPERVISOR_DEATHS=1"
  holds claim "-DWORKERS=2 -DRESERVATIONS=1 -DDEATHS=1"
  holds claim "-DWORKERS=3 -DTHREADS=1 -DSLOTS=2 -DRESERVATIONS=0 -DDEATHS=1"
fi
for mutant in NO_BROADCAST FORGET_WAITERS BLIND_RECOVERY FORGET_DEATH POISON_FOR_ONE MARK_LATE LOOK_EARLY; do
  fails mutex "-DDEATHS=1 -D$mutant"
done
for mutant in NO_BROADCAST NO_SECOND_LOOK DISARM_FOR_ONE MARK_LATE LOOK_EARLY; do
  fails event "-DDEATHS=1 -D$mutant"
done
fails mutex "-DDEATHS=2 -DCLEAR_MARK"
fails event "-DDEATHS=2 -DCLEAR_MARK"
for mutant in BLIND_MARK RESERVE_UNLOCKED TELL_UNLOCKED JOIN_ONCE; do
  fails claim "-DDEATHS=1 -D$mutant"
done
fails claim "-DROUNDS=2 -DDEATHS=1 -DNO_RECOVERY"
fails claim "-DROUNDS=2 -DDEATHS=2 -DSTALL"
fails claim "-DWORKERS=3 -DRESERVATIONS=0 -DDEATHS=2 -DCLEAR_LATE"
fails claim "-DWORKERS=3 -DSLOTS=2 -DRESERVATIONS=0 -DDEATHS=1 -DKEEP_LOCK"
fails claim "-DTHREADS=1 -DRESERVATIONS=0 -DDEATHS=0 -DTHREADS_SHARE"
