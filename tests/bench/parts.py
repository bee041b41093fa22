"""What is measured: the pools beside one another on one database and one
broker, and the ceiling program."""

import json
import os

from api.support import token as tokens
from stack.ports import Port
from stack.service import Service, readiness
from stack.webserver import Lighttpd

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
USERS = 200
LISTER = "lister"


class Pool:
    """A pool and its web server, started beside the stack's own so that two
    settings can be measured in turn. Idle, it costs nothing. `under`: a
    command line that it is run by."""

    def __init__(self, stack, programs, environment, name, settings,
                 workers=None, under=()):
        directory = os.path.join(stack.directory, f"pool-{name}")
        os.makedirs(directory, exist_ok=True)
        self.port = Port()
        self.url = f"http://127.0.0.1:{self.port.number}"
        env = {**environment, **stack.settings, **settings}
        self._processes = stack.processes
        self._service = Service(stack.processes, programs, env, directory,
                                directory, workers, under)
        self._web = Lighttpd(stack.processes, CHECKOUT, directory, self.port,
                             self._service, stack.docs)

    def start(self):
        self._service.start_pool()
        self._web.start()
        self._processes.wait(
            "the pool's web server", lambda: readiness(self.port.number), 30,
            self._service.pool, self._web.process)

    def stop(self):
        self._web.stop()
        self._service.stop_pool()

    def worker_mib(self):
        """Memory of a worker that it shares with nobody, in the mean."""
        master = self._service.pool.pid
        with open(f"/proc/{master}/task/{master}/children",
                  encoding="ascii") as file:
            private = [private_kib(pid) for pid in file.read().split()]
        return sum(private) / len(private) / 1024

    def roots(self):
        return {"web": [self._web.process.pid],
                "workers": [self._service.pool.pid]}


def private_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file
                   if line.startswith("Private_"))


def components(stack, pool=None):
    """The process trees by component."""
    roots = {
        "database": [stack.database.process.pid],
        "broker": [stack.broker.process.pid],
        "relay": [stack.service.events.pid],
    }
    if stack.sandbox:
        roots["stubs"] = [process.pid for process in (
            stack.sandbox.process, stack.web.process,
            stack.web.sandbox_process) if process]
    return {**(pool.roots() if pool else {}), **roots}


def write_tokens(path, secret):
    """A file of "USER TOKEN" lines: the users that book, the one whose
    bookings are listed, those of seeded bookings are among the first."""
    with open(path, "w", encoding="ascii") as out:
        for user in [f"user-{n}" for n in range(1, USERS + 1)] + [LISTER]:
            out.write(f"{user} {tokens.make(user, secret, lifetime=86400)}\n")


class Ceiling:
    """The ceiling program; `processes` of it sell at once."""

    def __init__(self, stack, programs, environment, count):
        self._processes = stack.processes
        self._program = os.path.join(programs, "bench-ceiling")
        self._env = {**environment, **stack.settings}
        self.count = count

    def run(self, seconds, flights, seats, prefix):
        out = self._processes.run("bench-ceiling", [
            self._program, str(self.count), str(seconds), str(flights),
            str(seats), prefix], seconds=seconds + 60, env=self._env)
        return json.loads(out)
