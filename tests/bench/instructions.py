"""Instructions of a worker for one request, counted by callgrind: the same on
a busy machine as on a quiet one, so that they can be held to a budget.

Nothing is timed: what a pool of one worker executes for many requests, less
what it executes for few, divided by the difference. Kernel time is not in it.
"""

import glob
import json
import os
import re

from stack.process import Failure

BUDGET = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "budget.json")
# Other versions of the libraries differ by less.
TOLERANCE = 0.05
FEW, MANY = 100, 400
SCENARIOS = ("create", "get", "list", "seats")
# A worker under callgrind is some fifty times slower.
PATIENT = {
    "REQUEST_TIMEOUT_MS": "60000", "AUTH_TIMEOUT_MS": "20000",
    "FLIGHT_TIMEOUT_MS": "20000", "SERVICE_CONNECT_TIMEOUT_MS": "20000",
    "PUBLISH_TIMEOUT_MS": "10000", "POOL_QUEUE_LIMIT_MS": "0"}


def command(directory):
    """What goes before the pool's own command line."""
    return ["valgrind", "--tool=callgrind", "-q",
            f"--callgrind-out-file={directory}/callgrind.%p"]


def executed(directory, master):
    """By all processes of a pool that has ended, but for its master."""
    total = 0
    for path in glob.glob(os.path.join(directory, "callgrind.*")):
        if path.endswith(f".{master}"):
            continue
        with open(path, encoding="utf-8", errors="replace") as file:
            found = re.search(r"(?m)^(?:totals|summary): (\d+)", file.read())
        total += int(found.group(1)) if found else 0
    if not total:
        raise Failure("callgrind counted nothing: is valgrind installed?")
    return total


def load_budget():
    with open(BUDGET, encoding="utf-8") as file:
        return json.load(file)


def over_budget(counted):
    """A line for each figure that is over what was set for it."""
    budget = load_budget()
    return [f"{name}: {figure:.0f} instructions, budget {budget[name]}"
            for name, figure in counted.items()
            if figure > budget[name] * (1 + TOLERANCE)]


def markdown(counted):
    budget = load_budget()
    lines = ["| instructions of a worker | counted | budget |",
             "| --- | --- | --- |"]
    return "\n".join(lines + [
        f"| {name} | {figure:.0f} | {budget[name]} |"
        for name, figure in counted.items()])
