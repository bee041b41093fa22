"""What a start is doing: a line per step; on a terminal also what is still
being waited for, with the seconds so far."""

import contextlib
import sys
import threading
import time


class Progress:
    def __init__(self, out=sys.stdout):
        self._out = out
        self._live = out.isatty()
        self._lock = threading.Lock()
        self._running = {}
        self._begun = time.monotonic()
        self._ticker = None
        self._done = threading.Event()

    def __enter__(self):
        if self._live:
            self._ticker = threading.Thread(target=self._tick, daemon=True)
            self._ticker.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        if self._ticker:
            self._ticker.join()
        with self._lock:
            self._erase()

    @contextlib.contextmanager
    def step(self, name):
        started = time.monotonic()
        with self._lock:
            self._running[name] = started
        ended = "failed"
        try:
            yield
            ended = "ready"
        finally:
            with self._lock:
                del self._running[name]
            self.line(f"  {name:<12} {ended} in"
                      f" {time.monotonic() - started:.1f} s")

    def line(self, text):
        with self._lock:
            self._erase()
            print(text, file=self._out, flush=True)

    def seconds(self):
        return time.monotonic() - self._begun

    def _tick(self):
        while not self._done.wait(0.2):
            with self._lock:
                if self._running:
                    names = ", ".join(self._running)
                    self._out.write(f"\r\033[K  waiting for {names}"
                                    f" ({self.seconds():.0f} s)")
                    self._out.flush()

    def _erase(self):
        if self._live:
            self._out.write("\r\033[K")
            self._out.flush()


class Silence:
    """The same, for those who want no lines."""

    def step(self, _name):
        return contextlib.nullcontext()

    def line(self, _text):
        pass
