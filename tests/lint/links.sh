#!/bin/bash
# Every relative link in a Markdown page leads to a file that is there.
set -euo pipefail
cd "${LINT_ROOT:-$(dirname "$0")/../..}"
found=$(find . -name '*.md' -not -path './build*' -not -path './var/*' \
    -not -path './.git/*' -print0 |
    xargs -0 -r grep -noHE '\]\([^)#: ]+(#[^)]*)?\)' |
    while IFS=: read -r page line link; do
        target=${link#](}
        target=${target%)}
        target=${target%%#*}
        [ -e "$(dirname "$page")/$target" ] ||
            printf '%s:%s: no %s\n' "${page#./}" "$line" "$target"
    done)
[ -z "$found" ] || { printf '%s\n' "$found" && exit 1; }
