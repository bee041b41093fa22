#!/bin/bash
# Calls that nothing of ours may make: looked for in objects, where no macro
# and no comment can mislead. Built without optimisation, which would turn one
# function into another, and without built-ins.
set -euo pipefail
lint=$(realpath "$(dirname "$0")")
cd "${LINT_ROOT:-$lint/../..}"
anywhere='sprintf vsprintf strcpy strcat strncpy strtok atoi atol atof gmtime
localtime ctime asctime gets system popen rand alloca setlocale'
in_src="malloc calloc realloc reallocarray free strdup strndup asprintf"
flags=$(make -s -C "$lint/../.." print-CSTD print-PACKAGE_CFLAGS | tr '\n' ' ')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check() {
    local source=$1 object calls banned=$anywhere call
    object=$work/${source//\//_}.o
    case $source in src/*) banned+=" $in_src" ;; esac
    # shellcheck disable=SC2086 # lists of options
    gcc $flags -O0 -fno-builtin -w -iquote lib -iquote src -iquote cgi-bin \
        -c -o "$object" "$source" || exit 255
    calls=$(nm -u "$object" | sed 's/^ *[Uw] //')
    for call in $banned; do
        if grep -qx -e "$call" -e "__isoc99_$call" <<<"$calls"; then
            printf '%s: calls %s\n' "$source" "$call"
        fi
    done
    grep -nHw alloca "$source" || true
}
export -f check
export anywhere in_src flags work
found=$(find lib src cgi-bin -name '*.c' -print0 |
    xargs -0 -r -P "$(nproc)" -I{} bash -c 'check "$1"' check {}) ||
    { printf '%s\nsome sources do not compile\n' "$found" && exit 1; }
# cmocka 2 warns of these; assert_true does as well.
found+=$(grep -rnwE --include='*.c' --include='*.h' \
    'assert_(not_)?in_range' tests || true)
[ -z "$found" ] || { printf '%s\n' "$found" && exit 1; }
