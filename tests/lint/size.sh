#!/bin/bash
# Sources of at most 700 lines, headers of at most 200, functions of at most
# 70. Exceptions are named here, with their reason.
set -euo pipefail
cd "${LINT_ROOT:-$(dirname "$0")/../..}"
exceptions='' # FILE or FILE:FUNCTION, one to a line, with a comment

found=$(find lib src cgi-bin tests -name '*.[ch]' -print0 |
    xargs -0 -r awk -v exceptions="$exceptions" '
    function report(what, text) {
        if (index("\n" exceptions "\n", "\n" what "\n") == 0)
            print text
    }
    function file_ends() {
        limit = file ~ /\.h$/ ? 200 : 700
        if (lines > limit)
            report(file, file ": " lines " lines, over " limit)
    }
    FNR == 1 { if (file != "") file_ends(); file = FILENAME; begun = 0 }
    { lines = FNR }
    # A definition starts with its name in the first column.
    /^[a-z_][a-z0-9_]*\(/ { name = $0; sub(/\(.*/, "", name) }
    /^\{/ { begun = FNR }
    /^\}/ && begun {
        if (FNR - begun + 1 > 70)
            report(file ":" name, file ":" begun ": " name " has " \
                FNR - begun + 1 " lines, over 70")
        begun = 0
    }
    END { if (file != "") file_ends() }')
[ -z "$found" ] || { printf '%s\n' "$found" && exit 1; }
