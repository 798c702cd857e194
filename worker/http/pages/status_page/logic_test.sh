#!/bin/bash
# Runs the scripts that it is given as one, in node. Skips itself where node is not installed.
set -euo pipefail

if ! command -v node >/dev/null; then
  echo "node is not installed; nothing was checked" >&2
  exit
fi
cat "$@" | node -
