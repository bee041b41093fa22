#!/bin/bash
# Every header compiles alone, with gcc and with clang, seeing only its own
# floor and what is below.
set -euo pipefail
lint=$(realpath "$(dirname "$0")")
cd "${LINT_ROOT:-$lint/../..}"
flags=$(make -s -C "$lint/../.." print-CSTD print-WARNINGS \
    print-PACKAGE_CFLAGS | tr '\n' ' ')

check() {
    local header=$1 include='-iquote lib'
    case $header in
    src/*) include+=' -iquote src' ;;
    cgi-bin/*) include+=' -iquote src -iquote cgi-bin' ;;
    esac
    for compiler in gcc clang; do
        # shellcheck disable=SC2086 # lists of options
        printf '#include "%s"\n' "$PWD/$header" |
            $compiler $flags $include -Wno-unused-function \
                -fsyntax-only -x c - || exit 255
    done
}
export -f check
export flags
find lib src cgi-bin -name '*.h' -print0 |
    xargs -0 -r -P "$(nproc)" -I{} bash -c 'check "$1"' check {}
