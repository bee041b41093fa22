#!/bin/bash
# Each check against a small tree with one violation planted: it must be seen.
# And against the same tree without one: it must be silent.
set -euo pipefail
lint=$(realpath "$(dirname "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0
unreached=

# A tree without fault.
fresh() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree"/{lib/core,lib/db,src/{model,repository,controller}} \
        "$work/tree"/{cgi-bin,tests,.ci}
    cp "$lint/../../.clang-format" "$work/tree/"
    put lib/core/base.h '#ifndef CORE_BASE_H' '#define CORE_BASE_H' '' \
        'int base_one(void);' '' '#endif'
    put lib/core/base.c '#include "core/base.h"' '' 'int' 'base_one(void)' \
        '{' $'\treturn 1;' '}'
    put README.md 'See [the base](lib/core/base.h).'
}

put() { # FILE LINE ...
    printf '%s\n' "${@:2}" >"$work/tree/$1"
}

runs() { LINT_ROOT=$work/tree "$lint/$1" >"$work/out" 2>&1; }

silent() { # CHECK
    runs "$1" && return
    printf '%s is not silent about a good tree:\n' "$1"
    cat "$work/out"
    failures=$((failures + 1))
}

# A check whose packages cannot be fetched (tests/stack/npm.sh) is left out, and
# the end says so.
sees() { # CHECK WHAT PATTERN
    local status=0
    runs "$1" || status=$?
    if [ "$status" = 75 ]; then
        unreached=$(tail -n 1 "$work/out")
        fresh
        return
    elif [ "$status" = 0 ]; then
        printf '%s does not see %s\n' "$1" "$2"
    elif ! grep -qE -e "$3" "$work/out"; then
        printf '%s fails for %s without naming it (%s):\n' "$1" "$2" "$3"
        cat "$work/out"
    else
        fresh
        return
    fi
    failures=$((failures + 1))
    fresh
}

lines() { seq "$1" | sed "s|.*|$2|"; }

fresh
for check in layers headers banned size format scripts links tidy cppcheck; do
    silent $check.sh
done

put lib/core/base.c '#include "model/booking.h"'
sees layers.sh 'lib including src' 'lib/core may not include model'
put lib/core/base.c '#include "../../src/model/booking.h"'
sees layers.sh 'a climbing include' 'climbs'
put lib/core/base.c '#include "base.h"'
sees layers.sh 'an include without its folder' 'does not name its folder'
put src/controller/x.c '#include "repository/booking_repo.h"'
sees layers.sh 'a controller at a repository' 'controller may not include repo'
put src/repository/x.c '#include <mysql.h>'
sees layers.sh 'mysql.h away from home' '<mysql.h> belongs to lib/db'
put lib/db/x.c '#include <fcgi_stdio.h>'
sees layers.sh 'fcgi_stdio.h' '<fcgi_stdio.h> belongs to'
mkdir "$work/tree/src/helpers"
put src/helpers/x.c '#include "core/base.h"'
sees layers.sh 'a new folder' 'src/helpers is not in layers.txt'

put lib/core/base.h 'size_t base_size(void);'
sees headers.sh 'a header that leans on another' 'size_t'
put lib/core/base.h '#include "model/booking.h"'
put src/model/booking.h 'extern int booking;'
sees headers.sh 'a header of lib that needs src' 'model/booking.h'

put lib/core/base.c '#include <stdio.h>' 'void f(char *s);' 'void' 'f(char *s)' \
    '{ sprintf(s, "%d", 1); }'
sees banned.sh sprintf 'base.c: calls sprintf'
put lib/core/base.c '#include <string.h>' 'char *(*f)(char *, const char *)' \
    '= strcpy;'
sees banned.sh 'strcpy behind a pointer' 'base.c: calls strcpy'
put src/model/x.c '#include <stdlib.h>' 'void *f(void) { return malloc(1); }'
sees banned.sh 'malloc in src' 'x.c: calls malloc'
put tests/x_test.c 'assert_in_range(1, 0, 2);'
sees banned.sh 'what cmocka 2 deprecates' 'x_test.c:1:assert_in_range'

echo 'int up(void); int down(void); int down(void) { return up(); }' |
    gcc -c -x c -o "$work/up.o" -
ar rcs "$work/up.a" "$work/up.o"
export LINT_ARCHIVE=$work/up.a
sees isolation.sh 'an extern that reaches upwards' 'undefined reference to .up'
unset LINT_ARCHIVE

lines 701 'extern int x;' >"$work/tree/lib/core/base.c"
sees size.sh 'a long file' 'base.c: 701 lines'
lines 201 'extern int x;' >"$work/tree/lib/core/base.h"
sees size.sh 'a long header' 'base.h: 201 lines'
{ printf 'int\nlong_one(void)\n{\n'; lines 70 ';'; echo '}'; } \
    >"$work/tree/lib/core/base.c"
sees size.sh 'a long function' 'long_one has 72 lines'

put lib/core/base.c 'int   x ;'
sees format.sh 'an unformatted line' 'base.c'
put tests/x.sh '#!/bin/bash' 'cp $1 $2'
sees scripts.sh 'an unquoted variable' 'SC2086'
put tests/x.py 'def f(:'
sees scripts.sh 'a Python syntax error' 'SyntaxError'
put README.md 'See [nothing](lib/none.h).'
sees links.sh 'a dead link' 'README.md:1: no lib/none.h'
mkdir "$work/tree/src/app"
put src/app/openapi.json '{"openapi": "3.1.0", "paths": {}}'
sees openapi.sh 'a description without its title' 'required property "info"'
put lib/core/base.c 'int f(void);' 'int' 'f(void)' '{' 'int *p = 0;' \
    'return *p;' '}'
sees tidy.sh 'a null pointer' 'NullDereference'
put lib/core/base.c 'int f(void);' 'int' 'f(void)' '{' 'int a[2] = {0};' \
    'return a[2];' '}'
sees cppcheck.sh 'an index out of bounds' 'arrayIndexOutOfBounds'

# A registry that cannot be reached is told from one that has nothing.
npm_from() { # ADDRESS
    npm_config_registry=$1 npm_config_cache=$work/cache \
        "$lint/../stack/npm.sh" "$lint/../openapi" "$work/npm" \
        >"$work/out" 2>&1
}

says() { # STATUS REGISTRY PATTERN
    local status=0
    npm_from "$2" || status=$?
    [ "$status" = "$1" ] && grep -qE -e "$3" "$work/out" && return
    printf 'npm.sh ends with %s, not %s, for %s:\n' "$status" "$1" "$2"
    cat "$work/out"
    failures=$((failures + 1))
}

says 75 http://127.0.0.1:1/ 'registry .*:1/ cannot be reached: ECONNREFUSED$'
mkdir "$work/empty"
exec 3< <(exec /usr/bin/python3 -u -m http.server 0 --bind 127.0.0.1 \
    --directory "$work/empty" 2>/dev/null)
web=$!
trap 'kill "$web"; rm -rf "$work"' EXIT
read -r _ _ _ _ _ port _ <&3
says 1 "http://127.0.0.1:$port/" 'code E404$'
says 75 "https://127.0.0.1:$port/" 'cannot be reached: ERR_SSL_'

[ "$failures" = 0 ]
if [ -n "$unreached" ]; then
    printf '%s\n' "$unreached"
    exit 75
fi
