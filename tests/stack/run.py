"""make run, make stop, make clean-data: the stack under var/."""

import fcntl
import os
import select
import shlex
import shutil
import signal
import sys
import time

from .follow import Follower
from .ports import Port, PortBusy
from .process import Failure
from .progress import Progress
from .stack import Stack

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
VAR = os.path.join(CHECKOUT, "var")
DEFAULT_PORT = 3001
STOP_SECONDS = 60
MAKE_SETTINGS = ("CC", "SANITIZE")
OUTSIDE = ("DB_HOST", "DB_SOCKET", "RABBITMQ_URL", "AUTH_SERVICE_URL",
           "FLIGHT_SERVICE_URL")
EXAMPLE_FLIGHT = "F180-example"


class Lock:
    """One run per checkout. The file says which process runs; the lock is
    shared with the database and the broker, so that it is free only once
    nobody uses the data."""

    def __init__(self):
        os.makedirs(VAR, mode=0o700, exist_ok=True)
        self._file = open(os.path.join(VAR, "run.pid"), "a+",
                          encoding="ascii")
        self.descriptor = self._file.fileno()

    def take(self):
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def take_within(self, seconds):
        deadline = time.monotonic() + seconds
        while not self.take():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def write_owner(self):
        self._file.truncate(0)
        self._file.write(f"{os.getpid()} {started(os.getpid())}\n")
        self._file.flush()

    def owner(self):
        """The process that runs; None when it is gone."""
        self._file.seek(0)
        words = self._file.read().split()
        if len(words) != 2:
            return None
        pid = int(words[0])
        return pid if started(pid) == words[1] else None


def started(pid):
    """When a process began, in ticks: tells it from a later one with the
    same id. None when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[19]
    except OSError:
        return None


# --- make run -------------------------------------------------------------------

def choose_port(progress):
    given = os.environ.get("PORT")
    if given:
        if not given.isascii() or not given.isdigit() \
                or not 1 <= int(given) <= 65535:
            raise Failure(f"PORT={given}: a number from 1 to 65535")
        try:
            return Port.exactly(int(given))
        except PortBusy as busy:
            raise Failure(f"{busy}: set PORT to a free one,"
                          " or leave it unset") from busy
    port = Port.at_or_above(DEFAULT_PORT)
    if port.number != DEFAULT_PORT:
        progress.line(f"Port {DEFAULT_PORT} is taken: using {port.number}.")
    return port


def introduce(stack, state, progress):
    """How to use it, with lines that work when pasted."""
    url = f"http://127.0.0.1:{stack.port.number}"
    say = progress.line
    say(f"\nReady in {progress.seconds():.1f} s: {url}")
    down = [f"{name} ({check.get('status')})"
            for name, check in state.get("checks", {}).items()
            if check.get("status") != "up"]
    if down:
        say(f"Not reachable: {', '.join(down)}")
    say(f"Logs: {os.path.relpath(stack.log_dir, CHECKOUT)}/*.log"
        "   Settings: var/booking.env   Stop: Ctrl-C or make stop\n")
    if not stack.can_sign():
        say("Tokens come from your Auth service (JWT_SECRET is not set).\n")
        return
    customer = stack.service.token("user-1")
    admin = stack.service.token("admin-1", "admin")
    answer = shlex.quote(os.path.join(VAR, "booking.json"))
    say(f"Customer token (user-1):\n{customer}\n\n"
        f"Admin token (admin-1):\n{admin}\n")
    say("Book a seat, look at the booking, ask for the service's health:\n"
        f"curl -s {url}/api/v1/bookings"
        f" -H 'Authorization: Bearer {customer}'"
        " -H 'Content-Type: application/json'"
        f""" -d '{{"flight_id":"{EXAMPLE_FLIGHT}","passengers":["""
        """{"first_name":"Ada","last_name":"Lovelace","""
        """"email":"ada@example.com"}]}'"""
        f" | tee {answer}\n\n"
        f"curl -s {url}/api/v1/bookings/$(sed"
        r""" 's/.*"booking_id":"\([^"]*\)".*/\1/'"""
        f" {answer})"
        f" -H 'Authorization: Bearer {customer}'\n\n"
        f"curl -s {url}/health/ready\n\n"
        f"All of the API, to read and to try: {url}/docs/\n")


def mention_ignored_settings(progress):
    """Settings in .env reach the service, but not the choice of services."""
    try:
        with open(os.path.join(CHECKOUT, ".env"), encoding="utf-8") as file:
            names = {line.partition("=")[0].strip() for line in file}
    except OSError:
        return
    ignored = [name for name in (*OUTSIDE, "PORT") if name in names
               and not os.environ.get(name)]
    if ignored:
        progress.line(f"Note: {', '.join(ignored)} in .env: make run looks for"
                      " these in the environment only and uses its own.")


class Stopper:
    """Remembers that somebody asked us to stop, and wakes the main loop."""

    def __init__(self):
        self.asked = None
        self.stack = None
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number, _frame):
        self.ask(signal.Signals(number).name)

    def ask(self, why):
        self.asked = self.asked or why
        if self.stack:
            self.stack.processes.cancel()
        try:
            os.write(self._write, b"x")
        except BlockingIOError:
            pass

    def wait(self, seconds):
        if select.select([self._read], [], [], seconds)[0]:
            os.read(self._read, 100)


def make_was_interrupted():
    """True when our parent is a make that got SIGINT alone: it then waits
    for us without passing the signal on, with its handler taken away."""
    try:
        with open(f"/proc/{os.getppid()}/status", encoding="utf-8") as status:
            fields = dict(line.rstrip("\n").split(":\t", 1) for line in status
                          if ":\t" in line)
        interrupt = 1 << (signal.SIGINT - 1)
        return (fields["Name"] in ("make", "gmake")
                and int(fields["SigBlk"], 16) & interrupt != 0
                and int(fields["SigCgt"], 16) & interrupt == 0)
    except (OSError, KeyError, ValueError):
        return False


def watch(stack, stopper):
    """Shows the logs until asked to stop; fails when a part ends."""
    follower = Follower(stack.log_dir, ("booking", "events", "sandbox",
                                        "lighttpd"))
    while not stopper.asked:
        stopper.wait(0.2)
        follower.show()
        if make_was_interrupted():
            stopper.ask("SIGINT to make")
        ended = stack.processes.first_ended()
        if ended and not stopper.asked:
            raise Failure(f"{ended.how_it_ended()}; {ended.tail()}")
    follower.show()


def run():
    lock = Lock()
    if not lock.take():
        owner = lock.owner()
        if owner:
            raise Failure(f"make run is at work already (process {owner}):"
                          " make stop ends it")
        print("Parts of the run before are still ending: waiting.", flush=True)
        if not lock.take_within(STOP_SECONDS):
            raise Failure("they do not end; look for mariadbd, mysqld and"
                          f" beam.smp processes that use {VAR}")
    stopper = Stopper()
    lock.write_owner()
    with Progress() as progress:
        mention_ignored_settings(progress)
        progress.line("Starting a private stack under var/")
        build = os.environ.get("BUILD") or "build"
        stack = Stack(CHECKOUT, VAR, dict(os.environ), choose_port(progress),
                      programs=os.path.join(build, "bin"), cwd=CHECKOUT,
                      keep=(lock.descriptor,))
        stopper.stack = stack
        if stopper.asked:
            stack.processes.cancel()
        try:
            settings = {name: os.environ[name] for name in MAKE_SETTINGS
                        if os.environ.get(name)}
            state = stack.start(progress, {"checkout": CHECKOUT,
                                           "BUILD": build, **settings})
            introduce(stack, state, progress)
            watch(stack, stopper)
        except Failure:
            if not stopper.asked:
                raise
        finally:
            progress.line(f"Stopping ({stopper.asked or 'a part failed'})")
            stack.stop()
            progress.line("Stopped.")
    return 0


# --- make stop, make clean-data ----------------------------------------------------

def stop():
    if not os.path.exists(os.path.join(VAR, "run.pid")):
        print("Nothing runs.")
        return 0
    lock = Lock()
    if lock.take():
        print("Nothing runs.")
        return 0
    owner = lock.owner()
    if owner:
        os.kill(owner, signal.SIGTERM)
    if not lock.take_within(STOP_SECONDS):
        raise Failure(f"not stopped after {STOP_SECONDS} s (process {owner})")
    print("Stopped.")
    return 0


def clean_data():
    if not os.path.isdir(VAR):
        return 0
    lock = Lock()
    if not lock.take():
        raise Failure("make run is at work: make stop first")
    for entry in os.scandir(VAR):
        # The tests may be at work there.
        if entry.name == "test":
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)
    return 0


COMMANDS = {"run": run, "stop": stop, "clean-data": clean_data}


def main(arguments):
    name = arguments[0] if arguments else "run"
    command = COMMANDS.get(name)
    if not command:
        print(f"usage: stack.run [{'|'.join(COMMANDS)}]", file=sys.stderr)
        return 2
    try:
        return command()
    except Failure as failure:
        print(f"\nmake {name}: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
