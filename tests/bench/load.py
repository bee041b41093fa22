"""Drives the service over HTTP: wrk with load.lua."""

import json
import os

from stack.process import Failure

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "load.lua")
# No answer for so long is an error; every reply comes within 8 s.
ANSWER_SECONDS = 20


def run(processes, url, connections, **arguments):
    """One load to its end, every answer included; what it counted. With
    `seconds` or `count`; the other arguments are those of load.lua."""
    seconds = int(float(arguments.get("seconds", 0)) or 120)
    words = [f"{name}={value}" for name, value in arguments.items()]
    out = processes.run("wrk", [
        "wrk", "--threads", "1", "--connections", str(connections),
        "--duration", f"{seconds + ANSWER_SECONDS + 5}s",
        "--timeout", f"{ANSWER_SECONDS}s", "--script", SCRIPT, url, "--",
        *words], seconds=seconds + ANSWER_SECONDS + 60)
    for line in out.splitlines():
        if line.startswith('{"sent"'):
            return json.loads(line)
    raise Failure(f"wrk counted nothing; it said: {out.strip()[-600:]}")


def good(counts):
    return sum(count for status, count in counts["statuses"].items()
               if status.startswith("2"))


def errors(counts):
    """Answers that are not 2xx, and requests that got none."""
    return counts["sent"] - good(counts)
