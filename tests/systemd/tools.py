"""What the checks share: to run a command that must succeed, to ask systemd and
the service, to wait for what must come."""

import collections
import contextlib
import http.client
import json
import os
import re
import subprocess
import threading
import time

SETTINGS = "/etc/booking/booking.env"
PORT, SANDBOX_PORT = 3001, 3100
SERVICES = ("booking", "booking-events")
UNITS = ("booking.socket", "booking.service", "booking-events.service")


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
