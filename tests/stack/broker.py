"""A private RabbitMQ node with a name server (epmd) of its own."""

import os
import secrets
import socket

from .ports import ADDRESS, Port

# Debian's wrapper in /usr/sbin admits only root and its own user.
PROGRAMS = "/usr/lib/rabbitmq/bin"
HELLO = b"AMQP\x00\x00\x09\x01"


class Broker:
    def __init__(self, processes, directory, account):
        """`account`: user and password."""
        self._processes = processes
        self._directory = directory
        self._user, self._password = account
        self._port = Port()
        self._dist_port = Port()
        self._epmd_port = Port()
        self._epmd = None
        self.process = None

    def settings(self):
        return {"RABBITMQ_URL": f"amqp://{self._user}:{self._password}"
                                f"@{ADDRESS}:{self._port.number}"}

    def start(self, keep=()):
        self._prepare()
        self._start_epmd(keep)
        self.resume(keep)

    def resume(self, keep=()):
        """Starts the node on the data that is there."""
        self.process = self._processes.start(
            "rabbitmq", [os.path.join(PROGRAMS, "rabbitmq-server")],
            env=self._environment(), keep=keep, grace=15)
        self._processes.wait("the broker", self._greets, 90, self.process,
                             self._epmd)

    def stop(self):
        """Stops the node; the name server goes with `close`."""
        self._processes.stop(self.process)

    def close(self):
        self._processes.stop(self.process)
        self._processes.stop(self._epmd)

    def control(self, *arguments):
        """Runs rabbitmqctl on this node; returns its output."""
        return self._processes.run(
            "rabbitmqctl",
            [os.path.join(PROGRAMS, "rabbitmqctl"), "--quiet", *arguments],
            seconds=60, env=self._environment())

    def _start_epmd(self, keep):
        self._epmd = self._processes.start(
            "epmd", ["epmd", "-port", str(self._epmd_port.number),
                     "-address", ADDRESS], keep=keep)
        self._processes.wait("epmd", lambda: listens(self._epmd_port.number),
                             20, self._epmd)

    def _path(self, name):
        return os.path.join(self._directory, name)

    def _prepare(self):
        os.makedirs(self._directory, exist_ok=True)
        self._write("rabbitmq.conf", "\n".join([
            f"listeners.tcp.1 = {ADDRESS}:{self._port.number}",
            f"default_user = {self._user}",
            f"default_pass = {self._password}",
            "vm_memory_high_watermark.absolute = 512MB",
            "disk_free_limit.absolute = 64MB",
            "log.console = true", "log.console.level = warning",
            "log.file = false", ""]))
        self._write("rabbitmq-env.conf", "")
        self._write("enabled_plugins", "[].\n")
        if not os.path.exists(self._path(".erlang.cookie")):
            self._write(".erlang.cookie", secrets.token_hex(20), 0o400)

    def _write(self, name, content, mode=0o600):
        with open(os.open(self._path(name), os.O_WRONLY | os.O_CREAT
                          | os.O_TRUNC, mode), "w", encoding="utf-8") as out:
            out.write(content)

    def _environment(self):
        return {
            "HOME": self._directory,
            "RABBITMQ_BASE": self._directory,
            "RABBITMQ_NODENAME": "booking@localhost",
            "RABBITMQ_DIST_PORT": str(self._dist_port.number),
            "ERL_EPMD_PORT": str(self._epmd_port.number),
            "ERL_EPMD_ADDRESS": ADDRESS,
            "RABBITMQ_MNESIA_BASE": self._path("mnesia"),
            "RABBITMQ_LOG_BASE": self._path("log"),
            "RABBITMQ_PID_FILE": self._path("pid"),
            "RABBITMQ_CONFIG_FILE": self._path("rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": self._path("rabbitmq-env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": self._path("enabled_plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": self._path("config"),
            # The script then becomes the node instead of watching it.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"
                " -kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_CRASH_DUMP": self._path("erl_crash.dump"),
        }

    def _greets(self):
        """The node answers the protocol header with a method frame."""
        try:
            with socket.create_connection(
                    (ADDRESS, self._port.number), 1) as client:
                client.settimeout(5)
                client.sendall(HELLO)
                return client.recv(1) == b"\x01"
        except OSError:
            return False


def listens(port):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        return client.connect_ex((ADDRESS, port)) == 0
