"""A further pool beside a running stack: the same database, broker, sandbox
and kind of web server, other settings."""

import os

from stack.broker import listens
from stack.ports import Port
from stack.service import Service
from stack.sockets import SocketDirectory


class Pool:
    def __init__(self, stack, checkout, programs, directory, environment,
                 workers=2):
        os.makedirs(directory)
        self._sockets = SocketDirectory(directory)
        port = Port()
        self._port = port.number
        self._processes = stack.processes
        self.url = f"http://127.0.0.1:{port.number}"
        self.service = Service(stack.processes, programs, environment,
                               directory, self._sockets.path, workers)
        self.web = type(stack.web)(stack.processes, checkout, directory, port,
                                   self.service, stack.docs)

    def start(self):
        if not self.web.starts_workers:
            self.service.start_pool()
        self.web.start()
        self._processes.wait("the web server", lambda: listens(self._port),
                             20, self.web.process)

    def stop(self):
        self.web.stop()
        self.service.stop_pool()
        self._sockets.remove()


def workers_of(process):
    """The process ids of a pool's workers."""
    path = f"/proc/{process.pid}/task/{process.pid}/children"
    with open(path, encoding="ascii") as children:
        return [int(pid) for pid in children.read().split()]
