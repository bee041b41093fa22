#!/bin/sh
# npm.sh FOLDER OUT: the npm packages of FOLDER's lock file in OUT/node_modules,
# checked against the digests there. Asks nothing of the network when they are
# there already; runs no script of theirs. Two at once take turns.
#
# Status 75 (EX_TEMPFAIL), with a line that says why: the registry cannot be
# reached. One that answers, whatever it says, was reached.
set -eu
folder=$1 out=$2

# By npm's own codes: looking up its name, connecting, TLS.
unreached='EAI_AGAIN|ENOTFOUND|ECONN[A-Z]*|E?TIMEDOUT|E(HOST|NET)(UNREACH|DOWN)'
unreached="$unreached|ERR_SOCKET_TIMEOUT|EPROTO|ERR_(SSL|TLS)_[A-Z_]*"
unreached="$unreached|[A-Z_]*CERT[A-Z_]*|UNABLE_TO_VERIFY_LEAF_SIGNATURE"

mkdir -p "$out"
exec 9>"$out/.lock"
flock 9
if cmp -s "$folder/package-lock.json" "$out/installed.json"; then exit; fi
command -v npm >/dev/null || {
    echo 'npm is not installed' >&2
    exit 1
}
cp "$folder/package.json" "$folder/package-lock.json" "$folder/.npmrc" "$out"
if (cd "$out" && npm ci --loglevel=error >npm.log 2>&1); then
    cp "$folder/package-lock.json" "$out/installed.json"
    exit
fi
cat "$out/npm.log" >&2
code=$(sed -En "s/^npm (ERR!|error) code ($unreached)\$/\\2/p" "$out/npm.log")
[ -n "$code" ] || exit 1
echo "the npm registry $(cd "$out" && npm config get registry) cannot be" \
    "reached: $code" >&2
exit 75
