#!/bin/bash
# Include lines against the table in layers.txt. Prints each line that breaks
# it; silent when none does.
set -euo pipefail
table=$(realpath "$(dirname "$0")")/layers.txt
cd "${LINT_ROOT:-$(dirname "$0")/../..}"

declare -A allowed
homes=()

read_table() {
    local line
    while read -r line; do
        case $line in
        '' | '#'*) ;;
        home\ *) homes+=("${line#home }") ;;
        *:*) allowed[${line%%:*}]=" ${line#*:} " ;;
        *) printf 'layers.txt: not understood: %s\n' "$line" && exit 1 ;;
        esac
    done < <(sed -e ':a' -e '/\\$/N; s/\\\n//; ta' "$table")
}

module_of() {
    case $1 in
    cgi-bin/*) printf 'cgi-bin' ;;
    *) printf '%s' "$1" | cut -d/ -f1,2 ;;
    esac
}

check_ours() { # WHERE FILE INCLUDED
    local module folder=${3%%/*}
    module=$(module_of "$2")
    case $3 in
    *..*) printf '%s: "%s" climbs\n' "$1" "$3" && return ;;
    esac
    if [ "$folder" = "$3" ] && [ "$module" != cgi-bin ]; then
        printf '%s: "%s" does not name its folder\n' "$1" "$3"
        return
    fi
    if [ -z "${allowed[$module]+known}" ]; then
        printf '%s: %s is not in layers.txt\n' "$1" "$module"
    elif [ "$folder" != "${module##*/}" ] && [ "$folder" != "$3" ] &&
        [[ ${allowed[$module]} != *" $folder "* ]]; then
        printf '%s: %s may not include %s\n' "$1" "$module" "$3"
    fi
}

check_system() { # WHERE FILE INCLUDED
    local row patterns home pattern
    for row in "${homes[@]}"; do
        home=${row##* }
        patterns=${row% *}
        for pattern in ${patterns//,/ }; do
            # shellcheck disable=SC2053 # both are patterns
            if [[ "<$3>" == $pattern && $2 != $home ]]; then
                printf '%s: <%s> belongs to %s\n' "$1" "$3" "$home"
                return
            fi
        done
    done
}

check_line() { # FILE:NUMBER:LINE
    local file=${1%%:*} rest=${1#*:} where included
    where=$file:${rest%%:*}
    case $rest in
    *\"*) included=${rest#*\"} && check_ours "$where" "$file" "${included%%\"*}" ;;
    *\<*) included=${rest#*<} && check_system "$where" "$file" "${included%%>*}" ;;
    esac
}

set -f # patterns in the table are not file names
read_table
found=$(grep -rnE --include='*.c' --include='*.h' --include='*.def' \
    '^[[:space:]]*#[[:space:]]*include' lib src cgi-bin |
    while IFS= read -r line; do check_line "$line"; done)
[ -z "$found" ] || { printf '%s\n' "$found" && exit 1; }
