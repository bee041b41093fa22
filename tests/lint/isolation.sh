#!/bin/bash
# An empty main linked with the whole of lib and nothing of ours above it: an
# extern written by hand to reach upwards stays undefined.
set -euo pipefail
lint=$(realpath "$(dirname "$0")")
cd "$lint/../.."
libraries=$(make -s print-PACKAGE_LIBS)
archive=${LINT_ARCHIVE:-${BUILD:-build}/liblib.a}
[ -e "$archive" ] || make -s "$archive"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo 'int main(void) { return 0; }' >"$work/main.c"
# shellcheck disable=SC2086 # a list of libraries
gcc -o "$work/main" "$work/main.c" -Wl,--whole-archive "$archive" \
    -Wl,--no-whole-archive $libraries -lm
