"""The checks of what an operator does to units that run: no request is lost."""

import os
import re
import signal
import threading
import time

from systemd.tools import (
    SANDBOX_PORT, SERVICES, UNITS, await_active, book, journal, load, main_pid,
    pool, request, run, serves, set_settings, show, wait)


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


def a_reboot_brings_it_back():
    for unit in UNITS:
        await_active(unit)
    serves()
    assert book()[0] == 201
