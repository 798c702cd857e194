#!/bin/sh
# usage: dependencies_test.sh FILE LABEL...
# Fails if FILE, a list of labels, has one that is not among the arguments. Headers that are compiled once for many sources
# are no library.
set -eu
found=$1
shift
grep -q '^//' "$found" || { echo "no library was looked at"; exit 1; }
printf '%s\n' "$@" >"$TEST_TMPDIR/allowed"
others=$(grep -v -x -F -f "$TEST_TMPDIR/allowed" "$found" | grep -v -e '^//bazel/prelude:' || true)
if [ -n "$others" ]; then
    echo "what only decides must not depend on"
    echo "$others"
    exit 1
fi
