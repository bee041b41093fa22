"""run_tests.py [--sanitize] [SUITE ...]: runs the suites and ends with one
line, `N passed, N failed`. Without a suite: all of them.

Some checks need packages of npm. Where these are not there yet and npm's
registry cannot be reached, they are skipped, and the line ends with
`, N skipped`. Nothing else is ever skipped."""

import concurrent.futures
import fcntl
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree

from stack import server
from stack.broker import Broker
from stack.build import build, build_page, no_registry, npm_environment
from stack.database import Database
from stack.follow import Follower
from stack.process import Failure, Processes
from stack.sockets import SocketDirectory
from stack.stack import basic_environment
from stack.webserver import KINDS

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINT = os.path.join(CHECKOUT, "tests", "lint")
TEST_ROOT = os.path.join(CHECKOUT, "var", "test")
CHECKS = ("layers", "headers", "isolation", "banned", "format", "size",
          "scripts", "links", "openapi", "cppcheck", "tidy", "selftest")
NPM_CHECKS = ("openapi", "selftest")
TEST_TARGETS = ("all", "unit-tests", "integration-tests")
# A program that hangs is ended; none needs a tenth of this.
TEST_SECONDS = 600
SUITES = ("build", "lint", "unit", "corpus", "integration", "api")
# Only when asked for: what `api` holds of each web server is a short form.
MORE_SUITES = ("webservers",)
# Tests that are about one web server, or about none.
NOT_OF_A_WEB_SERVER = (
    "bad_input", "docs", "docs_page", "doctor", "event_checker",
    "events_flow", "events_log", "events_outage", "install",
    "largest_flight", "pool_master", "pool_memory", "pool_overload",
    "pool_reload", "resilience", "webservers")


class Tally:
    """Counts, and prints one result at a time."""

    def __init__(self):
        self._lock = threading.Lock()
        self.passed = 0
        self.failed = 0
        self.skipped = 0

    def add(self, name, passed, failed, seconds, output="", skipped=0,
            reason=""):
        with self._lock:
            self.passed += passed
            self.failed += failed
            self.skipped += skipped
            result = f"{passed} passed" + (f", {failed} FAILED" if failed
                                           else "")
            if skipped:
                result += f", {skipped} SKIPPED: {reason}"
            print(f"  {name:<44} {result} ({seconds:.1f} s)", flush=True)
            if failed and output:
                print(output.rstrip(), flush=True)

    def line(self):
        return f"{self.passed} passed, {self.failed} failed" + (
            f", {self.skipped} skipped" if self.skipped else "")


class Runner:
    def __init__(self, directory, sanitize):
        self.directory = directory
        self.sanitize = sanitize
        self.tally = Tally()
        self.build_dir = "build-asan" if sanitize else \
            os.environ.get("BUILD") or "build"
        log_dir = os.path.join(directory, "log")
        os.makedirs(log_dir)
        env = basic_environment()
        env["BUILD"] = self.build_dir
        env["CMOCKA_MESSAGE_OUTPUT"] = "STDOUT"
        if sanitize:
            env["ASAN_OPTIONS"] = "detect_leaks=1:detect_stack_use_after_" \
                "return=1:strict_string_checks=1"
            env["UBSAN_OPTIONS"] = "print_stacktrace=1:halt_on_error=1"
        self.processes = Processes(log_dir, env)

    # --- suites ------------------------------------------------------------------

    def build(self):
        """The sources with every warning, as the tests will use them."""
        compiler = {"SANITIZE": "1"} if self.sanitize else {}
        return self._build("build", {"BUILD": self.build_dir, **compiler})

    def build_with_clang(self):
        return self._build("build with clang",
                           {"BUILD": "build-clang", "CC": "clang"})

    def _build(self, name, settings):
        return self._one(name, lambda: build(
            self.processes, {"checkout": CHECKOUT, **settings}, TEST_TARGETS,
            name.replace(" ", "-")))[0]

    def lint(self):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for check in CHECKS:
                pool.submit(self._one, f"lint {check}", lambda c=check:
                            self.processes.run(
                                f"lint-{c}", [os.path.join(LINT, c + ".sh")],
                                TEST_SECONDS, env=npm_environment(),
                                cwd=CHECKOUT, show=True),
                            check in NPM_CHECKS)

    def unit(self):
        self._programs("UNIT_TESTS", {})

    def corpus(self):
        self._one("json corpus", self._corpus, npm=True)

    def _corpus(self):
        for name, command in (
                ("json-gate", ["make", "-s",
                               f"{self.build_dir}/bin/json_gate"]),
                ("json-corpus", ["/usr/bin/python3",
                                 "tests/corpus/json_corpus.py",
                                 self.build_dir])):
            self.processes.run(name, command, TEST_SECONDS,
                               env=npm_environment(), cwd=CHECKOUT, show=True)

    def integration(self):
        """Programs that find a database and a broker in their environment."""
        parts = os.path.join(self.directory, "integration")
        os.makedirs(parts, mode=0o700)
        sockets = SocketDirectory(parts)
        places = sockets.path
        database = Database(self.processes, os.path.join(places, "database"),
                            places, {
                                "DB_USERNAME": "booking_user",
                                "DB_PASSWORD": "integration",
                                "DB_NAME": "booking_db"})
        broker = Broker(self.processes, os.path.join(places, "rabbitmq"),
                        ("guest", "guest"))
        try:
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                for start in (pool.submit(database.start),
                              pool.submit(broker.start)):
                    start.result()
            self._programs("INTEGRATION_TESTS", {
                "TEST_DB_SOCKET": database.socket,
                "TEST_RABBITMQ_URL": broker.settings()["RABBITMQ_URL"]})
        finally:
            broker.close()
            database.stop()
            sockets.remove()

    def api(self):
        self._pytest("api", ["tests/api"], {}, self._page())

    def webservers(self):
        """The API tests again, behind each web server that conf/ has files
        for."""
        self._page()
        ignored = [f"--ignore=tests/api/{name}_test.py"
                   for name in NOT_OF_A_WEB_SERVER]
        for kind in KINDS:
            # lighttpd has been in front of them, and TLS is no other server.
            if kind != "lighttpd" and not kind.endswith("-tls"):
                self._pytest(f"api behind {kind}", [*ignored, "tests/api"],
                             {"WEBSERVER": kind})

    def _page(self):
        """Why the page has no viewer, when its tests are to be skipped."""
        return self._one("page at /docs", lambda: build_page(
            self.processes, CHECKOUT, self.build_dir), npm=True)[1]

    def _pytest(self, name, arguments, env, no_viewer=None):
        if no_viewer:
            env = {**env, "BOOKING_TEST_NO_VIEWER": no_viewer}
        log = name.replace(" ", "-")
        report = os.path.join(self.directory, f"{log}.xml")
        started = time.monotonic()
        follower = Follower(self.processes.log_dir, (log,))
        process = self.processes.start(log, [
            "/usr/bin/python3", "-m", "pytest", "-c", "tests/pytest.ini",
            "-n", str(min(4, os.cpu_count() or 1)), "--dist", "loadfile",
            f"--junitxml={report}", *arguments],
            env={"BOOKING_TEST_DIR": self.directory, **env}, cwd=CHECKOUT,
            stop_signal=signal.SIGINT, grace=60)

        def ended():
            follower.show()
            return process.ended() is not None

        try:
            self.processes.wait(f"the tests of {name}", ended, 1800)
        finally:
            self.processes.stop(process)
            follower.show()
        passed, failed, skipped = junit_counts(report, no_viewer)
        if process.ended() != 0 and failed == 0 or passed + failed == 0:
            failed += 1
        self.tally.add(name, passed, failed, time.monotonic() - started,
                       process.how_it_ended(), skipped, no_viewer)

    # --- pieces ------------------------------------------------------------------

    def _one(self, name, action, npm=False):
        """A check that is one test. With `npm` it is skipped when npm's
        registry cannot be reached. Returns whether it passed, and why it was
        skipped."""
        started = time.monotonic()
        failure = reason = None
        try:
            action()
        except Failure as caught:
            failure = caught
            reason = no_registry(failure) if npm else None
        seconds = time.monotonic() - started
        if reason:
            self.tally.add(name, 0, 0, seconds, skipped=1, reason=reason)
        elif failure:
            self.tally.add(name, 0, 1, seconds, str(failure))
        else:
            self.tally.add(name, 1, 0, seconds)
        return failure is None, reason

    def _programs(self, variable, env):
        """The cmocka programs that the Makefile names under `variable`."""
        sources = self.processes.run(
            "make-print", ["make", "-s", f"print-{variable}"], 60,
            cwd=CHECKOUT).split()
        if not sources:
            self.tally.add(variable, 0, 1, 0, "the Makefile names none")
        for source in sources:
            self._program(source.removesuffix(".c"), env)

    def _program(self, name, env):
        started = time.monotonic()
        process = self.processes.start(
            "test-" + name.replace("/", "-").removeprefix("tests-"),
            [os.path.join(CHECKOUT, self.build_dir, name)], env=env,
            cwd=CHECKOUT)
        trouble = ""
        try:
            self.processes.wait(name, lambda: process.ended() is not None,
                                TEST_SECONDS)
        except Failure as failure:
            trouble = f"{failure}\n"
        self.processes.stop(process)
        output = process.output()
        passed = cmocka_count("PASSED", output)
        failed = cmocka_count("FAILED", output) + \
            cmocka_count("SKIPPED", output)
        if process.ended() != 0 and failed == 0 or passed + failed == 0:
            failed += 1
        self.tally.add(name.removeprefix("tests/"), passed, failed,
                       time.monotonic() - started,
                       f"{trouble}{process.how_it_ended()}\n{output}")

    # --- order -------------------------------------------------------------------

    def run(self, suites):
        """Nothing else makes sense on a build that fails; checks, which
        compute, go beside tests, which mostly wait."""
        if not self.build():
            return
        with concurrent.futures.ThreadPoolExecutor(2) as lanes:
            running = [
                lanes.submit(self._lane, [
                    (self.lint, "lint" in suites),
                    (self.build_with_clang, "build" in suites)]),
                lanes.submit(self._lane, [
                    (self.unit, "unit" in suites),
                    (self.corpus, "corpus" in suites),
                    (self.integration, "integration" in suites)])]
            for lane in running:
                lane.result()
        self._lane([(self.api, "api" in suites),
                    (self.webservers, "webservers" in suites)])

    def _lane(self, suites):
        for suite, wanted in suites:
            if not wanted:
                continue
            try:
                suite()
            except Failure as failure:
                self.tally.add(suite.__name__, 0, 1, 0, str(failure))


def cmocka_count(word, output):
    return sum(int(n) for n in re.findall(
        rf"^\[ +{word} +\] (?:tests: )?(\d+) test\(s\)", output,
        re.MULTILINE))


def junit_counts(report, reason):
    """Passed, failed, and skipped for that reason. One that is skipped for
    any other is one that nobody runs: it has failed."""
    try:
        root = xml.etree.ElementTree.parse(report).getroot()
    except (OSError, xml.etree.ElementTree.ParseError):
        return 0, 0, 0
    total = failed = 0
    for suite in root.iter("testsuite"):
        total += int(suite.get("tests", 0))
        failed += sum(int(suite.get(kind, 0))
                      for kind in ("failures", "errors", "skipped"))
    skipped = sum(1 for test in root.iter("skipped")
                  if reason and test.get("message") == reason)
    return max(total - failed, 0), failed - skipped, skipped


def fresh_directory():
    """A directory for this run, and its lock; what dead runs left is
    removed."""
    os.makedirs(TEST_ROOT, mode=0o700, exist_ok=True)
    with open(os.path.join(TEST_ROOT, ".lock"), "w", encoding="ascii") as all:
        fcntl.flock(all, fcntl.LOCK_EX)
        for entry in os.scandir(TEST_ROOT):
            lock = lock_of(entry.path) if entry.is_dir() else None
            if lock:
                shutil.rmtree(entry.path, ignore_errors=True)
                lock.close()
        directory = tempfile.mkdtemp(dir=TEST_ROOT)
        return directory, lock_of(directory)


def lock_of(directory):
    """The directory's lock, or None when a live run holds it."""
    lock = open(os.path.join(directory, ".lock"), "w", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return lock
    except BlockingIOError:
        lock.close()
        return None


def main(arguments):
    sanitize = "--sanitize" in arguments
    suites = [a for a in arguments if a != "--sanitize"] or list(SUITES)
    unknown = set(suites) - set(SUITES) - set(MORE_SUITES)
    if unknown:
        print(f"no such suite: {', '.join(unknown)}", file=sys.stderr)
        return 2
    try:
        server.chosen()
    except Failure as failure:
        print(f"{failure} (CONTRIBUTING.md says how)", file=sys.stderr)
        return 2
    directory, lock = fresh_directory()
    runner = Runner(directory, sanitize)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: runner.processes.cancel())
    try:
        runner.run(suites)
    finally:
        runner.processes.stop_all()
    tally = runner.tally
    if tally.failed:
        print(f"Logs: {os.path.relpath(directory, CHECKOUT)}")
    else:
        shutil.rmtree(directory, ignore_errors=True)
    lock.close()
    print(tally.line(), flush=True)
    return 0 if tally.failed == 0 and tally.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
