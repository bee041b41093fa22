"""The checks of what the commands of docs/deploy.md make: units, web servers, a
service that works, without privileges."""

import pwd
import re

from systemd.tools import (
    PORT, SANDBOX_PORT, SERVICES, UNITS, book, documented, run, serves,
    set_settings, statuses, wait)

EXPOSURE = "1.2"  # as the page says
# Of both units here, so that what stands still is noticed soon. All that
# follows goes on under it: a healthy master is never killed.
WATCHDOG_SECONDS = 5
SECRET = "a secret of thirty-two bytes or more"

SANDBOX = {
    "/etc/lighttpd/sandbox.conf": f"""
server.modules = ( "mod_fastcgi" )
server.bind = "127.0.0.1"
server.port = {SANDBOX_PORT}
server.document-root = "/usr/share"
fastcgi.server = ( "/" => (( "socket" => "/run/sandbox/socket",
    "check-local" => "disable", "fix-root-scriptname" => "enable" )) )
""",
    "/etc/systemd/system/sandbox.service": f"""
[Service]
User=www-data
RuntimeDirectory=sandbox
Environment="JWT_SECRET={SECRET}"
ExecStart=/usr/local/bin/sandbox.fcgi --listen unix:/run/sandbox/socket
[Install]
WantedBy=multi-user.target
""",
    "/etc/systemd/system/sandbox-web.service": """
[Service]
User=www-data
ExecStart=/usr/sbin/lighttpd -D -f /etc/lighttpd/sandbox.conf
[Install]
WantedBy=multi-user.target
"""}


def installs_as_documented():
    build, user, migrate = documented("## Install")
    run(build)
    run(user)
    run("mariadb -e \"create database booking; grant all on booking.* to "
        "booking@localhost identified by 'of its own'\"; "
        "rabbitmqctl add_user booking s3; "
        "rabbitmqctl set_permissions booking '.*' '.*' '.*'; "
        "rabbitmqctl delete_user guest")
    set_settings(
        DB_SOCKET="/run/mysqld/mysqld.sock", DB_NAME="booking",
        DB_USERNAME="booking", DB_PASSWORD="'of its own'",
        RABBITMQ_URL="amqp://booking:s3@localhost:5672", POOL_WORKERS="4",
        JWT_SECRET=f"'{SECRET}'", **{
            f"{name}_SERVICE_URL": f"http://127.0.0.1:{SANDBOX_PORT}/api/v1"
            for name in ("AUTH", "FLIGHT")})
    run("install build/bin/sandbox.fcgi /usr/local/bin")
    for path, text in SANDBOX.items():
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    run("systemctl daemon-reload; systemctl enable --now sandbox sandbox-web")
    for unit in SERVICES:
        run(f"mkdir /etc/systemd/system/{unit}.service.d; printf "
            f"'[Service]\\nWatchdogSec={WATCHDOG_SECONDS}\\n' "
            f">/etc/systemd/system/{unit}.service.d/watchdog.conf")
    run("systemctl daemon-reload")
    run(migrate)
    start, = documented("## systemd")[:1]
    wait("the doctor", lambda: run(start, good=False).returncode == 0)


def units_are_valid_and_hardened():
    said = run("systemd-analyze verify --man=no " + " ".join(UNITS)).stdout
    assert said == "", said
    for unit in UNITS[1:]:
        said = run(f"systemd-analyze security --no-pager {unit}").stdout
        assert f"level for {unit}: {EXPOSURE} " in said, said[-200:]


def web_servers_as_documented():
    """Each in its turn; lighttpd stays."""
    for heading, name in (("### nginx", "nginx"),
                          ("### Apache httpd", "apache2"),
                          ("### lighttpd", "lighttpd")):
        run("systemctl stop lighttpd nginx apache2")
        run(f"systemctl start {name}")
        run(documented(heading)[0])
        serves()
        said = run(f"bookingctl doctor --url http://127.0.0.1:{PORT}").stdout
        assert set(re.findall(r"(?m)^\S+", said)) == {"ok"}, (name, said)


def a_booking_reaches_the_broker():
    status, body = book()
    assert status == 201, body
    wait("its event", lambda: re.search(
        r"booking\.created\s+[1-9]",
        run("rabbitmqctl -q list_queues name messages").stdout))


def nobody_has_privileges():
    user = pwd.getpwnam("booking").pw_uid
    for unit in SERVICES:
        members = [status for status in statuses() if status["Unit"] == unit]
        assert len(members) >= 4, members
        for status in members:
            assert set(status["Uid"].split()) == {str(user)}
            assert {int(status[f"Cap{name}"], 16) for name in (
                "Inh", "Prm", "Eff", "Bnd", "Amb")} == {0}
            assert int(status["NoNewPrivs"]) == 1
            assert int(status["Seccomp"]) == 2
