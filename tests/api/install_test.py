"""What `make install` installs works where it was put, and its units are as
tight as they say."""

import os
import re
import subprocess
import types

import pytest

from conftest import BUILD, CHECKOUT, eventually
from stack.ports import Port
from stack.service import accepts
from stack.webserver import Lighttpd
from support.client import Client

UNITS = ("booking.socket", "booking.service", "booking-events.service")
EXPOSURE_MAX = 1.5


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """An installation below a directory, as for a package."""
    directory = str(tmp_path_factory.mktemp("stage"))
    subprocess.run([os.path.join(CHECKOUT, "conf", "install.sh"), BUILD],
                   env={**os.environ, "PREFIX": "/usr", "SYSCONFDIR": "/etc",
                        "DESTDIR": directory}, cwd=CHECKOUT, check=True)
    return directory


def installed(stage, name):
    return os.path.join(stage, "usr", name)


def test_installed_programs_find_their_files(stack, stage, tmp_path):
    """No environment, no arguments: settings and migrations are found."""
    stack.service.write_settings(
        os.path.join(stage, "etc/booking/booking.env"))
    states = stack.processes.run(
        "bookingctl-installed", [installed(stage, "bin/bookingctl"),
                                 "migrate", "status"], 20, cwd=str(tmp_path))
    applied = re.findall(r"(?m)^(\d{4})  ", states)
    assert applied and "pending" not in states and "CHANGED" not in states

    service = types.SimpleNamespace(
        socket=os.path.join(os.path.dirname(stack.service.socket), "i.sock"))
    pool = stack.processes.start("booking-installed", [
        installed(stage, "libexec/booking/booking.fcgi"), "--listen",
        f"unix:{service.socket}", "--workers", "1"], cwd=str(tmp_path))
    web = Lighttpd(stack.processes, CHECKOUT, str(tmp_path), Port(), service,
                   installed(stage, "share/booking/docs"))
    try:
        eventually(lambda: accepts(service.socket))
        web.start()
        ready = eventually(lambda: readiness(web))
        assert ready["checks"]["database"]["status"] == "up"
    finally:
        web.stop()
        stack.processes.stop(pool)


def readiness(web):
    try:
        response = Client(web.url()).get("/health/ready")
    except OSError:
        return None
    return response.json() if response.status_code == 200 else None


def test_installed_files_name_installed_paths(stage, tmp_path):
    """Another prefix, and no place-holder left."""
    subprocess.run([os.path.join(CHECKOUT, "conf", "install.sh"), BUILD],
                   env={**os.environ, "PREFIX": "/opt/b",
                        "SYSCONFDIR": "/opt/b/etc", "DESTDIR": str(tmp_path)},
                   cwd=CHECKOUT, check=True)
    for directory, _, names in os.walk(tmp_path / "opt/b"):
        for name in names:
            if name.endswith((".conf", ".service", ".socket")):
                with open(os.path.join(directory, name),
                          encoding="utf-8") as file:
                    content = file.read()
                assert not re.search(r"@[A-Z]+@|/usr/(share|libexec)/booking"
                                     r"|[^b]/etc/booking/|/usr/bin/booking", content), name
    unit = (tmp_path / "opt/b/lib/systemd/system/booking.service").read_text()
    assert "ExecStart=/opt/b/libexec/booking/booking.fcgi --env-file " \
        "/opt/b/etc/booking/booking.env" in unit
    assert "ExecReload=/opt/b/bin/bookingctl " in unit


def test_settings_that_are_there_stay(stage):
    """A second installation keeps what an operator wrote."""
    rotate = os.path.join(stage, "etc/logrotate.d/booking")
    with open(rotate, "a", encoding="utf-8") as file:
        file.write("# mine\n")
    subprocess.run([os.path.join(CHECKOUT, "conf", "install.sh"), BUILD],
                   env={**os.environ, "PREFIX": "/usr", "SYSCONFDIR": "/etc",
                        "DESTDIR": stage}, cwd=CHECKOUT, check=True)
    with open(rotate, encoding="utf-8") as file:
        assert file.read().endswith("# mine\n")


def test_units_are_valid_and_hardened(stage, tmp_path):
    for name in UNITS:
        with open(installed(stage, f"lib/systemd/system/{name}"),
                  encoding="utf-8") as file:
            # systemd-analyze wants the programs where the units say.
            unit = file.read().replace("=/usr/", f"={stage}/usr/")
        (tmp_path / name).write_text(unit)
    said = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *UNITS], cwd=tmp_path,
        capture_output=True, text=True, check=False)
    assert [line for line in said.stderr.splitlines()
            if line.startswith("booking")] == []
    for name in UNITS[1:]:
        report = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--no-pager",
             f"--threshold={int(EXPOSURE_MAX * 10)}", f"./{name}"],
            cwd=tmp_path, capture_output=True, text=True, check=False)
        assert report.returncode == 0, report.stdout
        exposure = float(re.search(r"exposure level for \S+: ([\d.]+)",
                                   report.stdout).group(1))
        assert exposure <= EXPOSURE_MAX
