"""Child processes: started, watched, and ended by their id.

Each child leads a session of its own, so that Ctrl-C in a terminal reaches
only us and the order of stopping stays ours, and is told by the kernel to end
if we die without stopping it.
"""

import concurrent.futures
import os
import signal
import subprocess
import tempfile
import threading
import time

# The kernel's "parent died" signal means the thread that forked; this one
# thread starts every child and lives as long as the interpreter.
_starter = concurrent.futures.ThreadPoolExecutor(max_workers=1)


class Failure(Exception):
    """Something a user can act on; shown without a traceback. `status`: of the
    program that failed, if it is one."""

    def __init__(self, message, status=None):
        super().__init__(message)
        self.status = status


class Process:
    """One child with its log."""

    def __init__(self, name, argv, log, env, cwd=None, keep=(),
                 stop_signal=signal.SIGTERM, grace=10.0, stdin=None,
                 stdout=None):
        self.name = name
        self.log = log
        self.grace = grace
        self.stop_signal = stop_signal
        self._lock = threading.Lock()
        self._status = None
        with open(log, "ab") as out:
            self.log_start = out.tell()
            command = ["setpriv", "--pdeathsig", "TERM", "--", *argv]
            self._popen = _starter.submit(
                subprocess.Popen, command, stdin=stdin or subprocess.DEVNULL,
                stdout=stdout or out, stderr=out, env=env, cwd=cwd,
                pass_fds=keep, start_new_session=True).result()
        self.pid = self._popen.pid

    def ended(self):
        """The exit status once the child is gone, else None. Whatever the
        child left in its session goes with it."""
        with self._lock:
            if self._status is None and self._gone():
                self._kill_session()
                self._status = self._popen.wait()
            return self._status

    def _gone(self):
        return os.waitid(os.P_PID, self.pid,
                         os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def _kill_session(self):
        # Not reaped yet, so the id still is this child's and no one else's.
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    def signal(self, number):
        with self._lock:
            if self._status is None:
                os.kill(self.pid, number)

    def stop(self):
        """Asks the child to end, waits for its grace, then kills it."""
        self.end_with(self.stop_signal, self.grace)

    def kill(self):
        self.end_with(signal.SIGKILL, 0)

    def end_with(self, number, grace):
        if self.ended() is not None:
            return
        self.signal(number)
        deadline = time.monotonic() + grace
        while self.ended() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        if self.ended() is None:
            self._kill_session()
            while self.ended() is None:
                time.sleep(0.01)

    def how_it_ended(self):
        status = self.ended()
        if status is None:
            return f"{self.name} runs"
        if status < 0:
            return f"{self.name} was ended by {signal.Signals(-status).name}"
        return f"{self.name} ended with status {status}"

    def output(self):
        """What this child wrote to its log."""
        with open(self.log, "rb") as log:
            log.seek(self.log_start)
            return log.read().decode("utf-8", "replace")

    def tail(self, lines=12):
        kept = self.output().rstrip().splitlines()[-lines:]
        text = "\n".join(f"    {line}" for line in kept) or "    (nothing)"
        return f"last lines of {self.log}:\n{text}"


class Processes:
    """The children of one stack, and the wish to stop."""

    def __init__(self, log_dir, env):
        self.log_dir = log_dir
        self.env = env
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._all = []

    def cancel(self):
        """Makes everything that waits give up."""
        self._cancelled.set()

    def log(self, name):
        return os.path.join(self.log_dir, name + ".log")

    def start(self, name, argv, env=None, **options):
        """Starts a child; `env` is added to the common environment."""
        with self._lock:
            self._check_cancelled()
            process = Process(name, argv, self.log(name),
                              {**self.env, **(env or {})}, **options)
            self._all.append(process)
        return process

    def run(self, name, argv, seconds, env=None, show=False, **options):
        """Runs a command to its end; returns what it wrote to its standard
        output, which is in no log. A failure has the end of its errors;
        with `show` all that it wrote."""
        with tempfile.TemporaryFile() as out:
            process = self.start(name, argv, env, stdout=out, **options)
            try:
                self.wait(f"{name} to end",
                          lambda: process.ended() is not None, seconds)
            finally:
                self.stop(process)
            out.seek(0)
            written = out.read().decode("utf-8", "replace")
        if process.ended() != 0:
            said = written + process.output() if show else process.tail(20)
            raise Failure(f"{process.how_it_ended()}; {said}",
                          process.ended())
        return written

    def wait(self, what, ready, seconds, *needed):
        """Polls `ready` until it says so; fails when a needed child ends."""
        deadline = time.monotonic() + seconds
        pause = 0.01
        while not ready():
            self._check_cancelled()
            for process in needed:
                if process.ended() is not None:
                    raise Failure(f"{process.how_it_ended()} while waiting "
                                  f"for {what}; {process.tail()}")
            if time.monotonic() > deadline:
                tails = "".join(f"; {p.tail()}" for p in needed)
                raise Failure(f"waited {seconds} s for {what}{tails}")
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)

    def first_ended(self):
        """A child that ended though nobody asked it to; else None."""
        with self._lock:
            return next((p for p in self._all if p.ended() is not None), None)

    def stop(self, *processes):
        """Stops these at the same time."""
        threads = [threading.Thread(target=p.stop) for p in processes if p]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with self._lock:
            self._all = [p for p in self._all if p not in processes]

    def stop_all(self):
        self.stop(*reversed(self._all))

    def _check_cancelled(self):
        if self._cancelled.is_set():
            raise Failure("stopped before it was ready")
