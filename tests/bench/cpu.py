"""Processor time by component: whole process trees, before and after."""

import collections
import os
import resource

TICKS = os.sysconf("SC_CLK_TCK")


def _processes():
    """Children by parent, and user plus system seconds by process, those of
    reaped children included."""
    children, seconds = collections.defaultdict(list), {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8",
                      errors="replace") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            continue
        children[int(fields[1])].append(int(name))
        seconds[int(name)] = sum(map(int, fields[11:15])) / TICKS
    return children, seconds


def _machine():
    """Busy and all seconds of all processors."""
    with open("/proc/stat", encoding="ascii") as stat:
        values = [int(word) for word in stat.readline().split()[1:9]]
    return (sum(values) - values[3] - values[4]) / TICKS, sum(values) / TICKS


class Usage:
    """What each component has used since this was made. `components`: the
    roots of its process trees by name."""

    def __init__(self, components):
        self._components = components
        self._begun = self._take()
        self._busy, self._all = _machine()

    def _take(self):
        children, seconds = _processes()
        used = {}
        for name, roots in self._components.items():
            todo, used[name] = list(roots), 0.0
            while todo:
                process = todo.pop()
                used[name] += seconds.get(process, 0.0)
                todo += children[process]
        return used

    def spent(self, load_seconds):
        """Seconds by component and `load`; the share of the machine that was
        busy, and the share that others had."""
        now, (busy, total) = self._take(), _machine()
        spent = {name: now[name] - self._begun[name] for name in now}
        spent["load"] = load_seconds
        busy, total = busy - self._busy, max(total - self._all, 1e-9)
        others = max(0.0, busy - sum(spent.values()))
        return spent, busy / total, others / total


class Children:
    """What child processes that have ended used since this was made."""

    def __init__(self):
        self._begun = self._seconds()

    @staticmethod
    def _seconds():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    def spent(self):
        return self._seconds() - self._begun
