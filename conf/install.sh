#!/bin/sh
# install.sh BUILD: what `make install` does. From the environment:
#   PREFIX, SYSCONFDIR  where the installation will be found
#   DESTDIR             put before both, for packages
# Starts nothing, makes no user, and never touches settings that are there.
set -eu
build=$1
prefix=${PREFIX:?}
sysconf=${SYSCONFDIR:?}
to=${DESTDIR:-}
conf=$(dirname "$0")
shared=$to$prefix/share/booking

# The paths that files of conf/ and units name.
placed() { # FILE TARGET
    sed -e "s#/etc/booking/#$sysconf/booking/#g" \
        -e "s#/usr/share/booking#$prefix/share/booking#g" \
        -e "s#/usr/libexec/booking#$prefix/libexec/booking#g" \
        -e "s#/usr/bin/bookingctl#$prefix/bin/bookingctl#g" "$1" >"$2.new"
    chmod 644 "$2.new"
    mv -f "$2.new" "$2"
}

into() { # DIRECTORY MODE FILE ...
    directory=$1 mode=$2
    shift 2
    install -d "$directory"
    install -m "$mode" "$@" "$directory"
}

into "$to$prefix/libexec/booking" 755 "$build/bin/booking.fcgi" \
    "$build/bin/booking-events"
into "$to$prefix/bin" 755 "$build/bin/bookingctl"
into "$shared/migrations" 644 "$conf"/../sql/migrations/*.sql
into "$shared/errors" 644 "$conf"/errors/*.html
if [ -d "$build/docs" ]; then
    into "$shared/docs" 644 "$build"/docs/*
fi

install -d "$shared/conf"
for file in "$conf"/*.conf; do
    placed "$file" "$shared/conf/$(basename "$file")"
done

install -d "$to$prefix/lib/systemd/system" "$to$prefix/lib/sysusers.d" \
    "$to$prefix/lib/tmpfiles.d" "$to$sysconf/booking" "$to$sysconf/logrotate.d"
for unit in "$conf"/systemd/*.service "$conf"/systemd/*.socket; do
    placed "$unit" "$to$prefix/lib/systemd/system/$(basename "$unit")"
done
placed "$conf/systemd/booking.sysusers" \
    "$to$prefix/lib/sysusers.d/booking.conf"
placed "$conf/systemd/booking.tmpfiles" \
    "$to$prefix/lib/tmpfiles.d/booking.conf"
[ -e "$to$sysconf/logrotate.d/booking" ] ||
    placed "$conf/logrotate" "$to$sysconf/logrotate.d/booking"
placed "$conf/booking.env.example" "$to$sysconf/booking/booking.env.example"
