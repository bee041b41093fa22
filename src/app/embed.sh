#!/bin/sh
# embed.sh NAME HEADER <FILE: C source with the file's bytes as NAME, their
# number as NAME_LEN and the head of their digest as NAME_TAG. HEADER declares
# the three.
set -eu
name=$1 header=$2
copy=$(mktemp)
trap 'rm -f "$copy"' EXIT
cat >"$copy"
printf '#include "%s"\n\n' "$header"
printf 'const unsigned char %s[] = {\n' "$name"
od -An -v -tx1 "$copy" | sed 's/ *\([0-9a-f][0-9a-f]\)/0x\1,/g'
printf '};\n\nconst size_t %s_LEN = sizeof(%s);\n' "$name" "$name"
printf 'const char %s_TAG[] = "%.16s";\n' "$name" "$(sha256sum <"$copy")"
