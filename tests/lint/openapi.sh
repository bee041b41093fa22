#!/bin/bash
# The API's description under Spectral, the linter of OpenAPI documents, with
# its recommended rules. `make test` puts it under the build directory.
set -euo pipefail
lint=$(realpath "$(dirname "$0")")
checkout=$lint/../..
packages=$checkout/${BUILD:-build}/npm/openapi
"$lint/../stack/npm.sh" "$lint/../openapi" "$packages"
cd "${LINT_ROOT:-$checkout}"
"$packages/node_modules/.bin/spectral" lint --quiet --fail-severity=warn \
    --fail-on-unmatched-globs \
    --ruleset "$lint/../openapi/rules.yaml" src/app/openapi.json
