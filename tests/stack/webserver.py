"""Web servers in front of the service, with the project's own files.

Each takes its configuration from conf/ and changes values in it alone. A name
of the table at the end chooses one: `web_server(name)`.
"""

import os
import pwd
import re
import shutil
import signal

from .ports import ADDRESS
from .process import Failure
from .sockets import SocketDirectory

SBIN = ":/usr/sbin:/sbin"
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
# Who a web server is when root starts it.
UNPRIVILEGED = "www-data"
# As conf/ has it.
LOCAL = "127.0.0.0/8"


class WebServer:
    """Serves the service on `port`. `docs`: directory of the page at /docs;
    `tls`: a port for TLS and files of a certificate and its key."""

    # Processes of its own answer the requests, instead of the pool.
    starts_workers = False
    # ... and each of them is a pool of one, which shares nothing.
    alone = False
    # Who may see /metrics, and the requests a second of one address. Tests
    # are clients with much to say.
    local = LOCAL
    rate = 100000

    def __init__(self, processes, checkout, directory, port, service, docs,
                 tls=None):
        self._processes = processes
        self._conf = os.path.join(checkout, "conf")
        self._directory = directory
        self._port = port
        self._service = service
        self._docs = os.path.join(docs, "")
        self._tls = tls
        self._sandbox = None
        self.sandbox_process = None
        self.process = None

    def url(self):
        port = self._tls[0] if self._tls else self._port
        return f"http{'s' if self._tls else ''}://{ADDRESS}:{port.number}"

    @property
    def certificate(self):
        return self._tls and self._tls[1]

    def add_sandbox(self, port, sandbox_socket):
        self._sandbox = (port, sandbox_socket)

    def start(self):
        self._prepare()
        if self._sandbox:
            self._start_sandbox()
        self._start()

    def stop(self):
        self._processes.stop(self.process, self.sandbox_process)

    # --- what the kinds share ------------------------------------------------

    def _prepare(self):
        """Before anything is started."""

    def _start(self):
        raise NotImplementedError

    def _start_sandbox(self):
        """The sandbox is not what is tested: lighttpd serves it."""
        path = self._write("sandbox.conf",
                           'server.modules = ( "mod_fastcgi" )\n'
                           f'server.document-root = "{self._directory}"\n'
                           f'server.bind = "{ADDRESS}"\n'
                           f'server.port = {self._sandbox[0].number}\n'
                           + self._sandbox_block())
        self.sandbox_process = self._processes.start(
            "sandbox-web", [program("lighttpd"), "-D", "-f", path],
            stop_signal=signal.SIGINT, grace=6)

    def _sandbox_block(self):
        port, socket = self._sandbox
        return SANDBOX.format(address=ADDRESS, port=port.number,
                              socket=socket)

    def _errors(self):
        return os.path.join(self._conf, "errors", "")

    def _subdirectory(self, name):
        path = os.path.join(self._directory, name)
        os.makedirs(path, exist_ok=True)
        return path

    def _template(self, name):
        with open(os.path.join(self._conf, name), encoding="utf-8") as file:
            return file.read().replace(LOCAL, self.local)

    def _write(self, name, content):
        path = os.path.join(self._directory, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(content)
        return path

    def _write_settings(self):
        """For processes that a web server starts with an environment of its
        own making; a pool's log is where it would be without."""
        return self._service.write_settings(
            os.path.join(self._directory, "worker.env"),
            POOL_LOG_FILE=self._processes.log("booking"))


class Lighttpd(WebServer):
    """In front of the pool; serves the sandbox as well."""

    _files = ("lighttpd.conf",)

    def _start_sandbox(self):
        """Part of the same server."""

    def _start(self):
        for name in self._files:
            path = self._write(name, self._configuration(name))
        # As docs/deploy.md advises: as the pool's workers are.
        self.process = self._processes.start(
            "lighttpd", [program("chrt"), "--batch", "0",
                         program("lighttpd"), "-D", "-f", path],
            stop_signal=signal.SIGINT, grace=12)

    def _values(self):
        return {"address": quoted(ADDRESS), "port": str(self._port.number),
                "pool": quoted(self._service.socket),
                "errors": quoted(self._errors()),
                "docs": quoted(self._docs),
                # What it says goes where its other output goes.
                "log": quoted("/dev/stderr"),
                "spool": quoted(self._subdirectory("uploads"))}

    def _configuration(self, name):
        content = with_values(self._template(name), name, self._values(),
                              r"var\.(\w+) = .*", "var.{} = {}")
        # What is private to root's stack is not that user's.
        if os.geteuid() == 0:
            content = re.sub(r"(?m)^server\.(user|group)name = .*\n", "",
                             content)
        if name == "lighttpd.conf" and self._sandbox:
            content += self._sandbox_block()
        return content


class LighttpdTls(Lighttpd):
    _files = ("lighttpd.conf", "lighttpd-tls.conf")

    def _values(self):
        port, certificate, key = self._tls
        return {**super()._values(), "tls_address": quoted(ADDRESS),
                "tls_port": str(port.number),
                "certificate": quoted(certificate), "key": quoted(key)}


class LighttpdSpawn(Lighttpd):
    """lighttpd starts the pool (bin-path)."""

    starts_workers = True
    _files = ("lighttpd.conf", "lighttpd-spawn.conf")

    def _values(self):
        return {**super()._values(),
                "program": quoted(self._service.program("booking.fcgi")),
                "workers": str(self._service.workers or 4),
                "pool": quoted(os.path.join(
                    os.path.dirname(self._service.socket), "spawned.sock")),
                "settings": quoted(self._write_settings())}


class LighttpdCgi(Lighttpd):
    """Every request is a CGI program."""

    starts_workers = True
    alone = True
    _files = ("lighttpd.conf", "lighttpd-cgi.conf")

    def _values(self):
        return {**super()._values(),
                "program": quoted(self._service.program("booking.fcgi")),
                "settings": quoted(self._write_settings())}


class SpawnFcgi(Lighttpd):
    """lighttpd in front of a pool that spawn-fcgi started."""

    starts_workers = True

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._socket = os.path.join(os.path.dirname(self._service.socket),
                                    "spawn-fcgi.sock")
        self.pool = None

    def _values(self):
        return {**super()._values(), "pool": quoted(self._socket)}

    def _prepare(self):
        self.pool = self._processes.start("spawn-fcgi", [
            program("spawn-fcgi"), "-n", "-s", self._socket, "-M", "0660",
            "-b", "4096", "--", self._service.program("booking.fcgi"),
            "--workers", str(self._service.workers or 4),
            "--env-file", self._write_settings()], grace=12)

    def stop(self):
        super().stop()
        self._processes.stop(self.pool)


class Nginx(WebServer):
    _site = "nginx-site.conf"

    def _values(self):
        run = self._subdirectory("nginx")
        return {"/run/nginx.pid": f"{run}/pid",
                "error_log /var/log/nginx/booking.log": "error_log stderr",
                "/var/lib/nginx/": f"{run}/",
                "/usr/share/booking/conf/nginx-site.conf":
                    os.path.join(self._directory, self._site),
                "/usr/share/booking/conf/": f"{self._directory}/",
                "/usr/share/booking/errors/": self._errors(),
                "/usr/share/booking/docs/": self._docs,
                "/run/booking/pool.sock": self._service.socket,
                "127.0.0.1:3001": f"{ADDRESS}:{self._port.number}",
                "rate=20r/s": f"rate={self.rate}r/s"}

    def _start(self):
        values = self._values()
        seen = set()
        for name in ("nginx-http.conf", "nginx-service.conf", self._site,
                     "nginx.conf"):
            content = self._template(name)
            for old, new in values.items():
                if old in content:
                    seen.add(old)
                    content = content.replace(old, new)
            path = self._write(name, content)
        if len(seen) < len(values):
            raise Failure(f"conf/nginx*.conf: no {set(values) - seen}")
        self.process = self._processes.start(
            "nginx", [*demoted(), program("nginx"), "-e", "stderr",
                      "-c", path, "-g", "daemon off;"],
            stop_signal=signal.SIGQUIT, grace=12)


class NginxTls(Nginx):
    _site = "nginx-tls.conf"

    def _values(self):
        port, certificate, key = self._tls
        values = {**super()._values(),
                  "0.0.0.0:443": f"{ADDRESS}:{port.number}",
                  "/etc/ssl/booking/fullchain.pem": certificate,
                  "/etc/ssl/booking/privkey.pem": key,
                  "/usr/share/booking/conf/nginx-site.conf":
                      os.path.join(self._directory, self._site)}
        del values["127.0.0.1:3001"]
        return values


class ApacheProxy(WebServer):
    """httpd in front of the pool, by mod_proxy_fcgi."""

    _site = "proxy"

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._run = SocketDirectory(self._subdirectory("run"))

    def stop(self):
        super().stop()
        self._run.remove()

    def _values(self):
        return {"CONF": self._directory,
                "RUN": self._run.path,
                "LOG": "/dev/stderr",
                "LISTEN": f"{ADDRESS}:{self._port.number}",
                "POOL": self._service.socket,
                "SERVICE": os.path.join(self._directory,
                                        "apache-service.conf"),
                "ERRORS": self._errors().rstrip("/"),
                "DOCS": self._docs.rstrip("/")}

    def _start(self):
        values = self._values()
        for name in ("apache-service.conf", f"apache-{self._site}.conf",
                     "apache.conf"):
            path = self._write(name, with_values(
                self._template(name), name, values,
                r"Define BOOKING_(\w+) .*", 'Define BOOKING_{} "{}"'))
        self.process = self._processes.start(
            "apache", [*demoted(), program("apache2"), "-f", path,
                       "-D", self._site, "-D", "FOREGROUND"], grace=12)


class ApacheTls(ApacheProxy):
    _site = "tls"

    def _values(self):
        port, certificate, key = self._tls
        return {**super()._values(), "LISTEN": f"{ADDRESS}:{port.number}",
                "CERTIFICATE": certificate, "KEY": key}


class ApacheFcgid(ApacheProxy):
    """httpd's mod_fcgid starts the workers."""

    starts_workers = True
    alone = True
    _site = "fcgid"

    def _values(self):
        return {**super()._values(),
                "PROGRAM": self._service.program("booking.fcgi"),
                "ENV_FILE": self._write_settings()}

    def _prepare(self):
        os.makedirs(os.path.join(self._run.path, "fcgid"), exist_ok=True)


class ApacheCgi(ApacheFcgid):
    """Every request is a CGI program."""

    _site = "cgi"


# --- pieces -----------------------------------------------------------------------

def program(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + SBIN)
    if not found:
        raise Failure(f"{name} is not installed")
    return found


def demoted():
    """What comes before a command whose program refuses to be root, or gives
    its processes to a user who may not open what is private to the stack."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam(UNPRIVILEGED)
    except KeyError as error:
        raise Failure(f"there is no user {UNPRIVILEGED}") from error
    return ["setpriv", "--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED,
            "--init-groups", "--inh-caps", "+dac_override",
            "--ambient-caps", "+dac_override", "--pdeathsig", "TERM", "--"]


def quoted(value):
    if '"' in value:
        raise Failure(f"lighttpd cannot be told of a path with a quote: {value}")
    return f'"{value}"'


def with_values(content, name, values, pattern, line):
    """A configuration with the values of its lines of that pattern changed;
    each such line needs a value, or stays when `values` has none."""
    changed = []

    def change(match):
        key = match.group(1)
        if key not in values:
            return match.group(0)
        changed.append(key)
        return line.format(key, values[key])

    content = re.sub(rf"(?m)^{pattern}$", change, content)
    if len(changed) != len(set(changed)):
        raise Failure(f"conf/{name} sets a value twice: {changed}")
    return content


KINDS = {
    "lighttpd": Lighttpd,
    "lighttpd-tls": LighttpdTls,
    "lighttpd-spawn": LighttpdSpawn,
    "lighttpd-cgi": LighttpdCgi,
    "spawn-fcgi": SpawnFcgi,
    "nginx": Nginx,
    "nginx-tls": NginxTls,
    "apache-proxy": ApacheProxy,
    "apache-tls": ApacheTls,
    "apache-fcgid": ApacheFcgid,
    "apache-cgi": ApacheCgi,
}


def web_server(name):
    """The class of that name."""
    if name not in KINDS:
        raise Failure(f"WEBSERVER={name}: one of {', '.join(KINDS)}")
    return KINDS[name]
