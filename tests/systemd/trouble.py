"""The checks of what goes wrong: it is said, and it passes."""

import os
import signal
import time

from systemd.tools import (
    SERVICES, await_active, book, journal, load, main_pid, pool, request, run,
    serves, set_settings, show, wait)


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


def healthy_masters_were_left_alone():
    for unit in SERVICES:
        assert journal(unit, 0).count("Watchdog timeout") == 1
