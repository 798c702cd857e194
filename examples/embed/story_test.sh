#!/bin/sh
# The story is told as it is written down, 20 times over.
set -eu
i=0
while [ $i -lt 20 ]; do
    "$1" > "$TEST_TMPDIR/told"
    diff "$2" "$TEST_TMPDIR/told"
    i=$((i + 1))
done
