#!/bin/sh
# Who links //ipc links Abseil and nothing else. Headers that are compiled once for many sources are not linked.
set -eu
grep -q '^//ipc/lock:mutex$' "$1"
others=$(grep -v -e '^//ipc[:/]' -e '^@*com_google_absl//' -e '^//bazel/prelude:' -e '^@bazel_tools//tools/cpp:compiler$' "$1" || true)
if [ -n "$others" ]; then
    echo "//ipc depends on"
    echo "$others"
    exit 1
fi
