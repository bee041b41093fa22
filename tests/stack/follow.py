"""New lines of several logs, shown as they come."""

import os
import sys


class Follower:
    def __init__(self, directory, names, out=sys.stdout):
        self._out = out
        self._logs = {name: os.path.join(directory, name + ".log")
                      for name in names}
        self._seen = {name: self._size(name) for name in names}

    def _size(self, name):
        try:
            return os.path.getsize(self._logs[name])
        except OSError:
            return 0

    def show(self):
        """Whole lines only; half a line waits for its end."""
        for name in self._logs:
            if self._size(name) <= self._seen[name]:
                continue
            with open(self._logs[name], "rb") as log:
                log.seek(self._seen[name])
                fresh = log.read()
            whole = fresh[:fresh.rfind(b"\n") + 1]
            self._seen[name] += len(whole)
            self._print(name, whole.decode("utf-8", "replace"))

    def _print(self, name, text):
        try:
            for line in text.splitlines():
                print(f"{name} | {line}", file=self._out)
            self._out.flush()
        except BrokenPipeError:
            # Nobody reads any more; the logs are still written.
            self._out = open(os.devnull, "w", encoding="utf-8")
