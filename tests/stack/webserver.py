"""lighttpd with the project's own configuration file."""

import os
import re
import shutil
import signal

from .ports import ADDRESS
from .process import Failure

CONFIGURATION = "conf/lighttpd.conf"
SANDBOX = """
$SERVER["socket"] == "{address}:{port}" {{
    fastcgi.server = (
        "/" => ((
            "socket" => "{socket}",
            "check-local" => "disable",
            "fix-root-scriptname" => "enable",
            "disable-time" => 0
        ))
    )
    server.errorfile-prefix = ""
}}
"""


class Lighttpd:
    """Serves the pool's socket on `port`, and the sandbox's on another."""

    def __init__(self, processes, checkout, directory, port, pool_socket,
                 docs):
        """`docs`: directory of the page at /docs."""
        self._processes = processes
        self._checkout = checkout
        self._directory = directory
        self._port = port
        self._pool_socket = pool_socket
        self._docs = docs
        self._sandbox = None
        self.process = None

    def add_sandbox(self, port, sandbox_socket):
        self._sandbox = (port, sandbox_socket)

    def start(self):
        spool = os.path.join(self._directory, "uploads")
        os.makedirs(spool, exist_ok=True)
        path = os.path.join(self._directory, "lighttpd.conf")
        with open(path, "w", encoding="utf-8") as out:
            out.write(self._configuration(spool))
        self.process = self._processes.start(
            "lighttpd", [program(), "-D", "-f", path],
            stop_signal=signal.SIGINT, grace=6)

    def stop(self):
        self._processes.stop(self.process)

    def _configuration(self, spool):
        source = os.path.join(self._checkout, CONFIGURATION)
        with open(source, encoding="utf-8") as template:
            content = template.read()
        errors = os.path.join(self._checkout, "conf", "errors", "")
        for name, value in (
                ("address", quoted(ADDRESS)),
                ("port", str(self._port.number)),
                ("pool", quoted(self._pool_socket)),
                ("errors", quoted(errors)),
                ("docs", quoted(os.path.join(self._docs, ""))),
                # What it says goes where its other output goes.
                ("log", quoted("/dev/stderr")),
                ("spool", quoted(spool))):
            content = with_value(content, name, value)
        if self._sandbox:
            port, socket = self._sandbox
            content += SANDBOX.format(address=ADDRESS, port=port.number,
                                      socket=socket)
        return content


def program():
    found = shutil.which("lighttpd", path=os.environ.get("PATH", "")
                         + ":/usr/sbin:/sbin")
    if not found:
        raise Failure("lighttpd is not installed")
    return found


def quoted(value):
    if '"' in value:
        raise Failure(f"lighttpd cannot be told of a path with a quote: {value}")
    return f'"{value}"'


def with_value(content, name, value):
    """The configuration with one `var.NAME = ...` line changed."""
    changed, count = re.subn(rf"(?m)^var\.{name} = .*$",
                             lambda _: f"var.{name} = {value}", content)
    if count != 1:
        raise Failure(f"{CONFIGURATION} sets var.{name} {count} times")
    return changed
