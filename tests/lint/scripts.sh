#!/bin/bash
# The shell scripts under shellcheck (but for SC2016: a script handed to
# another program is meant to keep its dollars), the Python sources under the compiler.
set -euo pipefail
cd "${LINT_ROOT:-$(dirname "$0")/../..}"
find . -type f \( -name '*.sh' -o -path './.ci/run' \) \
    -not -path './build*' -not -path './var/*' -not -path './.git/*' \
    -print0 | xargs -0 -r shellcheck --exclude=SC2016
find tests -name '*.py' -print0 | xargs -0 -r /usr/bin/python3 -c '
import sys
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as source:
        compile(source.read(), path, "exec", dont_inherit=True)'
