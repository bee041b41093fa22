#!/bin/sh
# build.sh OUT PACKAGES: the page at /docs, as files that a web server can
# serve from OUT. Its viewer comes from npm into PACKAGES. Without npm the page
# says how to get it, and the exit status is that of npm.sh.
set -eu
here=$(dirname "$0")
out=$1 packages=$2
viewer=$packages/node_modules/swagger-ui-dist

mkdir -p "$out"
cp "$here/page.css" "$out"
[ -e "$out/index.html" ] || cp "$here/no-viewer.html" "$out/index.html"
"$here/../../tests/stack/npm.sh" "$here" "$packages" || {
    status=$?
    echo 'The viewer of /docs could not be fetched from npm.' >&2
    exit "$status"
}
cp "$viewer/swagger-ui.css" "$viewer/swagger-ui-bundle.js" \
    "$viewer/swagger-ui-bundle.js.LICENSE.txt" "$viewer/LICENSE" \
    "$viewer/NOTICE" "$here/start.js" "$here/index.html" \
    "$out"
