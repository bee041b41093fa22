#!/bin/sh
# npm.sh FOLDER OUT: the npm packages of FOLDER's lock file in OUT/node_modules,
# checked against the digests there. Asks nothing of the network when they are
# there already; runs no script of theirs. Two at once take turns.
set -eu
folder=$1 out=$2
mkdir -p "$out"
exec 9>"$out/.lock"
flock 9
if cmp -s "$folder/package-lock.json" "$out/installed.json"; then exit; fi
command -v npm >/dev/null || {
    echo 'npm is not installed' >&2
    exit 1
}
cp "$folder/package.json" "$folder/package-lock.json" "$folder/.npmrc" "$out"
(cd "$out" && npm ci --silent)
cp "$folder/package-lock.json" "$out/installed.json"
