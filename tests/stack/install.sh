#!/bin/bash
# install.sh run|test|bench [-- COMMAND ...]
#
# Installs the Debian or Ubuntu packages that `make run` or `make test` needs
# and this machine lacks, says which and why, and then becomes COMMAND. Nothing
# is asked of the network when nothing is missing. The packages' own services
# are not started: the project runs private ones.
set -euo pipefail

# packages any of which will do, or command:NAME for a program that may have come
# some other way | what it is for
for_run='
gcc|compiles the service
libc6-dev|C library headers
make|runs the build
pkgconf pkg-config|tells the build where libraries are
libfcgi-dev|FastCGI, how the web server talks to the workers
default-libmysqlclient-dev libmysqlclient-dev libmariadb-dev|client library of MariaDB and MySQL
librabbitmq-dev|client library of RabbitMQ
libjson-c-dev|JSON parser
libcurl4-openssl-dev|calls to the Auth and Flight services
libssl-dev|signatures of tokens, digests
lighttpd|web server in front of the workers
mariadb-server mysql-server command:mysqld|the database
rabbitmq-server|the message broker
curl|the example requests that make run prints
python3|starts and watches the private stack
'
for_test='
libcmocka-dev|unit tests
clang|second compiler: warnings must be clean in both
clang-format|checks the format of the sources
clang-tidy|static analysis
cppcheck|static analysis
shellcheck|checks the shell scripts
valgrind|memory checks
python3-pytest|API tests
python3-pytest-xdist|API tests in parallel
python3-requests|HTTP client of the API tests
python3-pika|AMQP client of the API tests
python3-pymysql|database client of the API tests
python3-hypothesis|generated inputs of the API tests
python3-jsonschema|holds answers of the API to its description
python3-selenium|drives the browser that tests the page at /docs
apache2-bin|a web server of the API tests; the package without its service
libapache2-mod-fcgid|starts workers under it
nginx-light nginx nginx-core|a web server of the API tests
lighttpd-mod-openssl|TLS of lighttpd in the API tests
spawn-fcgi|starts a pool in the API tests
openssl|makes the certificate of the TLS tests
chromium|that browser
chromium-sandbox|its walls where the kernel gives users none of their own
chromium-driver|lets Selenium drive it
nodejs command:node|runs the linter of the API description and the JSON suite
npm command:npm|fetches these two and the viewer of /docs, by their lock files
'
for_bench='
wrk|generates the load
valgrind|counts the instructions of a request
python3-pika|counts the messages
python3-pymysql|counts the rows
'

policy=/usr/sbin/policy-rc.d
policy_mark='made by the booking service while it installs packages'
apt_pid=
apt_says=

say() { printf '%s\n' "$*"; }
fail() { printf 'install: %s\n' "$*" >&2; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then env "$@"; else sudo env "$@"; fi
}

# Prints "package|reason" for each row that no installed package satisfies.
missing_rows() {
    local rows=$1 installed names reason name found
    local PATH=$PATH:/usr/sbin:/sbin
    installed=$(dpkg-query -W -f '${Package}|${db:Status-Status}|\n' \
        2>/dev/null | sed -n 's/|installed|$//p')
    while IFS='|' read -r names reason; do
        [ -n "$names" ] || continue
        found=
        for name in $names; do
            case $name in
            command:*) command -v "${name#command:}" >/dev/null ;;
            *) grep -qxF -e "$name" <<<"$installed" ;;
            esac && found=1 && break
        done
        [ -n "$found" ] || say "${names%% *}|$reason"
    done <<<"$rows"
}

is_debian() {
    local ids
    # shellcheck disable=SC1091 # the machine's own
    ids=$(. /etc/os-release 2>/dev/null && say "${ID:-} ${ID_LIKE:-}") || return
    [[ " $ids " =~ \ (debian|ubuntu)\  ]] && command -v apt-get >/dev/null &&
        command -v dpkg-query >/dev/null
}

refuse_elsewhere() {
    {
        say "install: this is neither Debian nor Ubuntu: nothing was installed."
        say "Their packages that are needed, under the names they have there:"
        sed -n 's/^\([^| ]*\)[^|]*|\(.*\)/  \1: \2/p' <<<"$1"
    } >&2
    exit 1
}

need_root() {
    [ "$(id -u)" = 0 ] && return
    command -v sudo >/dev/null ||
        fail "sudo is missing; as root: apt-get install $*"
    sudo -n true 2>/dev/null && return
    [ -t 0 ] && sudo -v && return
    fail "sudo wants a password or refuses; first, as root: apt-get install $*"
}

# While it is there, Debian's maintainer scripts start no service.
hold_services() {
    [ -e "$policy" ] && return
    printf '#!/bin/sh\n# %s\nexit 101\n' "$policy_mark" |
        as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    say "  (their system services are not started: $policy is there meanwhile)"
}

tidy_up() {
    rm -f "$apt_says"
    if grep -qsF "$policy_mark" "$policy"; then as_root rm -f "$policy"; fi
}

# Runs one apt-get so that a signal ends it before this script; what it says
# is shown when it fails.
apt() {
    as_root DEBIAN_FRONTEND=noninteractive apt-get -qq \
        -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@" \
        </dev/null >"$apt_says" 2>&1 &
    apt_pid=$!
    wait "$apt_pid" && return
    tail -n 20 "$apt_says" >&2
    return 1
}

stopped() {
    trap '' INT TERM HUP
    if [ -n "$apt_pid" ]; then
        kill -TERM "$apt_pid" 2>/dev/null || true
        wait "$apt_pid" 2>/dev/null || true
    fi
    exit "$1"
}

have_lists() {
    compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null
}

# Nothing that is there is taken away for it.
add_packages() {
    apt install -y --no-remove --no-install-recommends "$@"
}

install_packages() {
    if [ -n "$(dpkg --audit 2>/dev/null)" ]; then
        as_root DEBIAN_FRONTEND=noninteractive dpkg --configure -a </dev/null
    fi
    have_lists || apt update
    add_packages "$@" && return
    say "  not found or not fetched: refreshing the package lists"
    apt update && add_packages "$@"
}

ensure() {
    local rows missing packages started=$SECONDS
    rows=$for_run
    case $1 in
    test) rows+=$for_test ;;
    bench) rows+=$for_bench ;;
    esac
    is_debian || refuse_elsewhere "$rows"
    missing=$(missing_rows "$rows")
    [ -n "$missing" ] || return 0

    say "Installing what is missing (a minute or two):"
    say "  ${missing//$'\n'/$'\n  '}" | sed 's/|/: /'
    mapfile -t packages < <(cut -d'|' -f1 <<<"$missing")
    need_root "${packages[@]}"

    # One installation at a time, whichever checkout it is for.
    exec 9</var/lib/dpkg
    flock 9
    apt_says=$(mktemp)
    trap tidy_up EXIT
    trap 'stopped 130' INT
    trap 'stopped 143' TERM HUP
    hold_services
    install_packages "${packages[@]}" ||
        fail "apt-get could not install: ${packages[*]}"
    trap - INT TERM HUP EXIT
    tidy_up
    exec 9<&-

    missing=$(missing_rows "$rows")
    [ -z "$missing" ] || fail "still missing: $(cut -d'|' -f1 <<<"$missing" |
        tr '\n' ' ')"
    say "Installed in $((SECONDS - started)) s."
}

case ${1:-} in
run | test | bench) ensure "$1" ;;
*) fail "usage: install.sh run|test|bench [-- COMMAND ...]" ;;
esac
shift
[ "${1:-}" != -- ] || shift
[ $# = 0 ] || exec "$@"
