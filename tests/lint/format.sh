#!/bin/bash
# format.sh [--fix]: the sources as clang-format 14 writes them. Tables in
# .def files are formatted by hand.
set -euo pipefail
cd "${LINT_ROOT:-$(dirname "$0")/../..}"
formatter=$(command -v clang-format-14 || command -v clang-format)
mode=(--dry-run -Werror)
[ "${1:-}" != --fix ] || mode=(-i)
find lib src cgi-bin tests -name '*.[ch]' -print0 |
    xargs -0 -r "$formatter" "${mode[@]}"
