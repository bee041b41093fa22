#!/bin/bash
# clang-tidy over the sources, with the settings of .clang-tidy. One file at a
# time: several in one run confuse its analyzer. The steps that lead to a
# finding are left out; clang-tidy on the file itself shows them.
set -euo pipefail
lint=$(realpath "$(dirname "$0")")
cd "${LINT_ROOT:-$lint/../..}"
flags=$(make -s -C "$lint/../.." print-CSTD print-PACKAGE_CFLAGS | tr '\n' ' ')
# shellcheck disable=SC2086 # a list of options
find lib src cgi-bin -name '*.c' -print0 |
    xargs -0 -r -P "$(nproc)" -n 1 bash -c '
        clang-tidy --quiet "--config-file=$0" "$@" -- '"$flags"' \
            -iquote lib -iquote src -iquote cgi-bin 2>/dev/null || exit 1
    ' "$(realpath "$lint/../../.clang-tidy")" |
    awk '/: (error|warning): /{ shown = 3 } shown-- > 0'
