"""The log of booking-events in a file of its own."""

import json
import os
import signal
import subprocess

import pytest

from conftest import eventually
from stack.stack import basic_environment

CONFIGURATION_IS_WRONG = 78


@pytest.fixture
def events_of(stack, tmp_path):
    """events_of(log): another booking-events beside the stack's."""
    started = []

    def start(log):
        settings = stack.service.write_settings(
            str(tmp_path / "events.env"), EVENTS_LOG_FILE=str(log))
        with open(tmp_path / "stderr", "ab") as stderr:
            started.append(subprocess.Popen(
                [stack.service.program("booking-events"), "--env-file",
                 settings], stdin=subprocess.DEVNULL, stdout=stderr,
                stderr=stderr, env=basic_environment(), cwd=tmp_path))
        return started[-1]
    yield start
    for process in started:
        if process.poll() is None:
            process.terminate()
        process.wait(20)


def lines(log):
    """What is in it, whole lines alone."""
    if not log.exists():
        return []
    return [json.loads(line) for line in log.read_text().splitlines(True)
            if line.endswith("\n")]


def events_in(log):
    return [line["event"] for line in lines(log)]


def duties(master):
    with open(f"/proc/{master}/task/{master}/children",
              encoding="ascii") as children:
        return [int(pid) for pid in children.read().split()]


def have_open(pids, path):
    return all(str(path) in {os.readlink(f"/proc/{pid}/fd/{fd}")
                             for fd in os.listdir(f"/proc/{pid}/fd")}
               for pid in pids)


def test_it_is_opened_anew(events_of, tmp_path):
    log, moved = tmp_path / "events.log", tmp_path / "events.log.1"
    master = events_of(log).pid
    eventually(lambda: "pool_ready" in events_in(log))
    assert log.stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "stderr").read_text() == ""
    log.rename(moved)
    os.kill(master, signal.SIGUSR1)
    everyone = [master, *duties(master)]
    assert len(everyone) > 2
    eventually(lambda: log.exists() and have_open(everyone, log))
    os.kill(everyone[1], signal.SIGKILL)
    eventually(lambda: "duty_start" in events_in(log))
    assert "worker_exit" in events_in(log)
    assert "worker_exit" not in events_in(moved)
    assert not have_open(everyone[2:], moved)


def test_a_duty_that_starts_looks_itself(events_of, tmp_path):
    """The master's word may come before a duty can hear it."""
    log, moved = tmp_path / "events.log", tmp_path / "events.log.1"
    master = events_of(log).pid
    eventually(lambda: "pool_ready" in events_in(log))
    before = duties(master)
    log.rename(moved)
    # The master still has the old one, and its new duty gets that.
    os.kill(before[0], signal.SIGKILL)
    eventually(lambda: set(duties(master)) - set(before))
    new = set(duties(master)) - set(before)
    eventually(lambda: have_open(new, log))
    assert have_open([master], moved)


def test_a_file_that_cannot_be_opened(events_of, tmp_path):
    log = tmp_path / "nowhere" / "events.log"
    assert events_of(log).wait(20) == CONFIGURATION_IS_WRONG
    assert (tmp_path / "stderr").read_text() == \
        f"EVENTS_LOG_FILE: {log}: No such file or directory\n"
