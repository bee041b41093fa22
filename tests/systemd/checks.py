"""What __main__.py starts inside of the booted Debian: installs the service
with the commands of docs/deploy.md, and checks what that page promises of the
units, in this order, and once more after a reboot."""

import collections
import contextlib
import http.client
import json
import os
import pwd
import re
import signal
import subprocess
import sys
import threading
import time
import traceback

SETTINGS = "/etc/booking/booking.env"
REBOOTED = "/var/lib/checks-rebooted"
PORT, SANDBOX_PORT = 3001, 3100
SERVICES = ("booking", "booking-events")
UNITS = ("booking.socket", "booking.service", "booking-events.service")
EXPOSURE = "1.2"  # as the page says
# Of both units here, so that what stands still is noticed soon. All that
# follows goes on under it: a healthy master is never killed.
WATCHDOG_SECONDS = 5
LAST_LINES = "journalctl -u 'booking*' -n 20 -o short --no-pager"
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


# --- tools ------------------------------------------------------------------------

def run(command, good=True):
    """A finished shell command; `good`: one that must succeed."""
    done = subprocess.run(["bash", "-euc", command], text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert not good or done.returncode == 0, f"{command}: {done.stdout}"
    return done


def documented(heading):
    """The commands below a heading of the page, block by block."""
    with open("docs/deploy.md", encoding="utf-8") as page:
        below = page.read().split(f"\n{heading}\n", 1)[1]
    return re.findall(r"(?s)```\n(.*?)```", re.split(r"\n#", below)[0])


def show(unit, name):
    return run(f"systemctl show -p {name} --value {unit}").stdout.strip()


def main_pid(unit):
    return int(show(unit, "MainPID"))


def journal(unit, since, more=""):
    return run(f"journalctl -u {unit} --since @{since:.6f} -o cat --no-pager "
               f"{more}").stdout


def pool():
    return json.loads(run("bookingctl pool status --json").stdout)


def wait(what, ready, seconds=40):
    deadline = time.monotonic() + seconds
    while not (value := ready()):
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.05)
    return value


def request(method="GET", path="/health/ready", body=None, port=PORT, **headers):
    """(status, body); 0 when there was no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body and json.dumps(body), headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read() or "null")
    except OSError as error:
        return 0, str(error)
    finally:
        connection.close()


def book():
    token = run("bookingctl token --user systemd").stdout.strip()
    return request("POST", "/api/v1/bookings", {
        "flight_id": "F180-systemd", "passengers": [{
            "first_name": "Ada", "last_name": f"Lovelace {time.time()}",
            "email": "ada@example.com"}]},
        Authorization=f"Bearer {token}", **{
            "Content-Type": "application/json"})


@contextlib.contextmanager
def load():
    """Clients all the while; each of their requests must be answered."""
    seen = collections.Counter()
    over = threading.Event()

    def client():
        while not over.is_set():
            seen[request(path="/health/live")[0]] += 1

    clients = [threading.Thread(target=client) for _ in range(6)]
    for thread in clients:
        thread.start()
    try:
        wait("answers", lambda: seen[200] > 100)
        yield
        enough = seen[200] + 100
        wait("answers", lambda: seen[200] > enough)
    finally:
        over.set()
        for thread in clients:
            thread.join()
    assert set(seen) == {200}, dict(seen)


def set_settings(**settings):
    """Other values for settings that the file has."""
    with open(SETTINGS, encoding="utf-8") as file:
        text = file.read()
    for name, value in settings.items():
        text, found = re.subn(rf"(?m)^{name}=.*$", f"{name}={value}", text)
        assert found == 1, name
    with open(SETTINGS, "w", encoding="utf-8") as file:
        file.write(text)


def statuses():
    """/proc/PID/status of every process, and its unit; some may end."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), \
                open(f"/proc/{pid}/status", encoding="utf-8") as status, \
                open(f"/proc/{pid}/cgroup", encoding="utf-8") as groups:
            unit = re.search(r"/([^/\n]+)\.service", groups.read())
            yield {**dict(line.rstrip("\n").split(":", 1) for line in status),
                   "Unit": unit and unit.group(1)}


def await_active(unit):
    """Which a service is from its READY=1 on, and watched."""
    wait(f"{unit} to be active", lambda: show(unit, "ActiveState") == "active")


def serves():
    wait("the service", lambda: request()[0] == 200)


# --- the checks -------------------------------------------------------------------

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


def start_returns_when_it_serves():
    for _ in range(5):
        run("systemctl restart booking")
        assert pool()["serving"]
        assert re.match(r"4 (of 4 )?workers", show("booking", "StatusText"))
    wait("its status", lambda: show("booking-events", "StatusText")
         == "4 of 4 workers run")


def the_first_connection_starts_it():
    run("systemctl stop booking")
    assert show("booking", "ActiveState") == "inactive"
    serves()
    await_active("booking")


def a_restart_loses_nothing():
    with load():
        run("systemctl restart booking")


def a_reload_returns_with_the_new_settings():
    master = main_pid("booking")
    with load():
        set_settings(POOL_WORKERS="6")
        run("systemctl reload booking")
        status = pool()
        assert status["workers"]["wanted"] == 6 and status["serving"]
    assert main_pid("booking") == master


def a_wrong_reload_says_so_and_changes_nothing():
    master, since = main_pid("booking"), time.time()
    set_settings(REQUEST_TIMEOUT_MS="soon")
    with load():
        assert run("systemctl reload booking", good=False).returncode != 0
    assert "REQUEST_TIMEOUT_MS: must be" in journal("booking", since)
    set_settings(REQUEST_TIMEOUT_MS="8000", POOL_LOG_FILE="/nowhere/log")
    assert run("systemctl reload booking", good=False).returncode != 0
    wait("the status to say so", lambda: "idle" in show(
        "booking", "StatusText") and "failed" in show("booking", "StatusText"))
    wrong = journal("booking", since, "-p err")
    assert "POOL_LOG_FILE: cannot be changed" in wrong, wrong
    assert '"event":"request"' not in wrong and "<3>" not in wrong
    set_settings(POOL_LOG_FILE="")
    run("systemctl reload booking")
    wait("the status to be well", lambda: "failed" not in show(
        "booking", "StatusText"))
    assert main_pid("booking") == master and pool()["serving"]


def an_upgrade_loses_nothing():
    old, since = main_pid("booking"), time.time()
    run("make install PREFIX=/usr")
    with load():
        run("systemctl kill --signal=USR2 --kill-who=main booking")
        wait("a new master", lambda: main_pid("booking") != old)
        wait("the old one to go",
             lambda: not os.path.exists(f"/proc/{old}"))
    new = main_pid("booking")
    assert "deleted" not in os.readlink(f"/proc/{new}/exe")
    assert show("booking", "ActiveState") == "active"
    said = journal("booking", since)
    assert "reception only permitted" not in said, said
    os.kill(new, signal.SIGKILL)
    wait("it to be started again",
         lambda: main_pid("booking") not in (0, old, new))
    serves()


def it_comes_back_from_crashes():
    """Far more often than a limit of starts would let it."""
    for unit in SERVICES:
        for _ in range(14):
            master = wait("a master", lambda u=unit: main_pid(u))
            os.kill(master, signal.SIGKILL)
            wait("another", lambda u=unit, m=master: main_pid(u) != m)
        await_active(unit)
    # Who comes meanwhile waits in the socket.
    os.kill(main_pid("booking"), signal.SIGKILL)
    wait("the end", lambda: main_pid("booking") == 0)
    assert request(path="/health/live")[0] == 200
    await_active("booking")


def the_watchdog_ends_who_stands_still():
    for unit in SERVICES:
        master, since = main_pid(unit), time.time()
        os.kill(master, signal.SIGSTOP)
        wait("another", lambda u=unit, m=master: main_pid(u) not in (0, m))
        await_active(unit)
        assert "Watchdog timeout" in journal(unit, since)
    serves()


def a_stop_lets_requests_finish():
    request("PUT", "/sandbox/faults/flight", {"mode": "slow", "delay_ms": 1200},
            SANDBOX_PORT)
    answers = []
    client = threading.Thread(target=lambda: answers.append(book()))
    client.start()
    wait("it to be at work", lambda: pool()["workers"]["by_state"]["busy"])
    run("systemctl stop booking.socket booking.service")
    client.join()
    request("DELETE", "/sandbox/faults", port=SANDBOX_PORT)
    assert answers[0][0] == 201, answers
    assert show("booking", "Result") == "success"
    run("systemctl stop booking-events")
    assert show("booking-events", "Result") == "success"
    run("systemctl start booking.socket booking-events")
    serves()


def wrong_settings_are_said_and_not_tried_for_ever():
    since = time.time()
    set_settings(REQUEST_TIMEOUT_MS="soon")
    assert run("systemctl restart booking", good=False).returncode != 0
    assert show("booking", "ExecMainStatus") == "78"
    assert "REQUEST_TIMEOUT_MS: must be" in journal("booking", since)
    request()
    wait("the socket to be closed", lambda: show(
        "booking.socket", "ActiveState") == "failed")
    set_settings(REQUEST_TIMEOUT_MS="8000")
    run("systemctl reset-failed booking.service")
    run("systemctl start booking.service")
    assert show("booking.socket", "ActiveState") == "active"
    serves()


def it_starts_without_database_and_broker():
    run("systemctl stop mariadb.socket mariadb rabbitmq-server")
    run("systemctl restart booking booking-events")
    pids = [main_pid(unit) for unit in SERVICES]
    assert wait("the web server", lambda: request()[0]) == 503
    run("systemctl start mariadb rabbitmq-server")
    serves()
    assert [main_pid(unit) for unit in SERVICES] == pids
    assert book()[0] == 201


def log_files_are_rotated():
    logs = [f"/var/log/booking/{unit}.log" for unit in SERVICES]
    set_settings(POOL_LOG_FILE=logs[0], EVENTS_LOG_FILE=logs[1])
    run("systemctl restart booking booking-events")
    run("logrotate --force /etc/logrotate.d/booking")
    for log in logs:
        wait("the new file to be written", lambda f=log: "log_reopened" in run(
            f"cat {f}").stdout)
    run("systemctl stop booking.socket booking.service booking-events; "
        "logrotate --force /etc/logrotate.d/booking")
    set_settings(POOL_LOG_FILE="", EVENTS_LOG_FILE="")
    run("systemctl start booking.socket booking.service booking-events")
    serves()


def healthy_masters_were_left_alone():
    for unit in SERVICES:
        assert journal(unit, 0).count("Watchdog timeout") == 1


def a_reboot_brings_it_back():
    for unit in UNITS:
        await_active(unit)
    serves()
    assert book()[0] == 201


BEFORE_REBOOT = (
    installs_as_documented, units_are_valid_and_hardened,
    web_servers_as_documented, a_booking_reaches_the_broker,
    nobody_has_privileges, start_returns_when_it_serves,
    the_first_connection_starts_it, a_restart_loses_nothing,
    a_reload_returns_with_the_new_settings,
    a_wrong_reload_says_so_and_changes_nothing, an_upgrade_loses_nothing,
    it_comes_back_from_crashes, the_watchdog_ends_who_stands_still,
    a_stop_lets_requests_finish,
    wrong_settings_are_said_and_not_tried_for_ever,
    it_starts_without_database_and_broker, log_files_are_rotated,
    healthy_masters_were_left_alone)


def try_all(checks):
    for check in checks:
        begun = time.monotonic()
        try:
            check()
            print(f"  ok    {check.__name__} "
                  f"({time.monotonic() - begun:.1f} s)", flush=True)
        except Exception:
            print(f"  FAIL  {check.__name__}\n{traceback.format_exc()}"
                  f"{run(LAST_LINES, good=False).stdout}", flush=True)
            if check is installs_as_documented:
                break


def main():
    if os.path.exists(REBOOTED):
        try_all([a_reboot_brings_it_back])
        print("all done", flush=True)
        run("systemctl poweroff")
    else:
        try_all(BEFORE_REBOOT)
        with open(REBOOTED, "x", encoding="ascii"):
            pass
        run("systemctl reboot")


if __name__ == "__main__":
    sys.exit(main())
