#!/bin/bash
# cppcheck over the sources. Not asked: syntaxError and preprocessorErrorDirective
# (it stumbles over attributes and our table macros; two compilers judge those),
# uninitvar (it does not follow stores through pointers; clang-tidy does).
set -euo pipefail
lint=$(realpath "$(dirname "$0")")
cd "${LINT_ROOT:-$lint/../..}"
folders=()
for folder in lib src cgi-bin; do
    [ ! -d "$folder" ] || folders+=("$folder")
done
cppcheck --quiet -j "$(nproc)" --std=c11 --error-exitcode=1 --inline-suppr \
    --enable=warning,performance,portability \
    --suppress=missingInclude --suppress=missingIncludeSystem \
    --suppress=preprocessorErrorDirective --suppress=syntaxError \
    --suppress=uninitvar --template=gcc \
    "--library=$lint/cppcheck.cfg" -D_GNU_SOURCE -I lib -I src -I cgi-bin "${folders[@]}"
