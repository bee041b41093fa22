"""python3 -m systemd: boots a Debian in a container, systemd and all, where
checks.py installs the service as docs/deploy.md says, and counts its checks.

The Debian is made once, in /var/cache; each run boots a copy of it, with a
loopback interface of its own and nothing else of this machine's network."""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
CACHE = "/var/cache/booking-test-systemd"
SUITE = "bookworm"
# Beside what `make run` needs: an init, and what an operator has.
PACKAGES = ("systemd-sysv dbus logrotate procps ca-certificates nginx-light "
            "apache2").split()
SOURCE = "/usr/src/booking"
LOG = "/var/log/checks"
HOSTS = "127.0.0.1 localhost booking\n::1 localhost\n"
UNIT = f"""[Unit]
After=multi-user.target mariadb.service rabbitmq-server.service
FailureAction=poweroff

[Service]
ExecStart=/usr/bin/python3 -B -m systemd.checks
WorkingDirectory={SOURCE}
Environment=HOME=/root PYTHONPATH={SOURCE}/tests
StandardOutput=append:{LOG}
StandardError=append:{LOG}
"""
LIMIT_SECONDS = 900
STOP_SECONDS = 60
REBOOT = 133  # how systemd-nspawn ends when it should be started again


def fail(why):
    sys.exit(f"test-systemd: {why}")


def need():
    if os.geteuid() != 0:
        fail("needs root (sudo make test-systemd)")
    missing = [package for program, package in (
        ("debootstrap", "debootstrap"), ("systemd-nspawn", "systemd-container"))
        if not shutil.which(program)]
    if missing:
        fail(f"needs apt-get install {' '.join(missing)}")


def run(*command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, **options)
    if done.returncode != 0:
        fail(f"{command[0]} failed:\n{done.stdout[-3000:]}")
    return done.stdout


# --- the Debian -------------------------------------------------------------------

def cached_root():
    """Made anew when what it is made of changes."""
    installer = os.path.join(CHECKOUT, "tests", "stack", "install.sh")
    with open(installer, "rb") as file:
        made_of = hashlib.sha256(
            file.read() + " ".join((SUITE, *PACKAGES)).encode()).hexdigest()
    root = os.path.join(CACHE, made_of[:16])
    if not os.path.isdir(root):
        print("Making a Debian (some minutes, once)", flush=True)
        for old in os.listdir(CACHE):
            shutil.rmtree(os.path.join(CACHE, old))
        make_root(f"{root}.new", installer)
        os.rename(f"{root}.new", root)
    return root


def make_root(root, installer):
    run("debootstrap", "--variant=minbase", SUITE, root)
    shutil.copy("/etc/resolv.conf", os.path.join(root, "etc", "resolv.conf"))
    for directory in ("etc/apt/sources.list.d", "etc/apt/apt.conf.d"):
        os.makedirs(os.path.join(root, directory), exist_ok=True)
    shutil.copy(installer, os.path.join(root, "root", "install.sh"))
    # No service is started while it is installed.
    inside(root, "printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && "
           "chmod 755 /usr/sbin/policy-rc.d && apt-get -qq update && "
           "DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "
           f"--no-install-recommends {' '.join(PACKAGES)} && "
           "bash /root/install.sh run && rm /usr/sbin/policy-rc.d && "
           "systemctl disable nginx apache2 && apt-get clean")


def inside(root, script):
    run("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c",
        'mount -t proc proc "$0/proc" && exec chroot "$0" sh -c "$1"',
        root, script)


def prepare(root):
    """The sources as they are now, and the unit that starts the checks."""
    names = run("git", "-C", CHECKOUT, "ls-files", "-co",
                "--exclude-standard", "-z").split("\0")
    for name in names:
        source = os.path.join(CHECKOUT, name)
        if name and os.path.isfile(source):
            target = os.path.join(root, SOURCE[1:], name)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(source, target)
    units = os.path.join(root, "etc", "systemd", "system")
    with open(os.path.join(units, "checks.service"), "w",
              encoding="utf-8") as unit:
        unit.write(UNIT)
    os.symlink("../checks.service", os.path.join(
        units, "multi-user.target.wants", "checks.service"))
    for name, text in (("hostname", "booking\n"), ("hosts", HOSTS)):
        with open(os.path.join(root, "etc", name), "w",
                  encoding="utf-8") as file:
            file.write(text)


# --- the boot ---------------------------------------------------------------------

@contextlib.contextmanager
def booted(root, console):
    command = ["systemd-nspawn", "--quiet", "--boot", "--register=no",
               "--private-network", "--machine=booking-test",
               "--resolv-conf=off", "--timezone=off", "--console=pipe", "-D",
               root]
    # A host without systemd has nobody to ask for a place in the cgroups.
    if not os.path.isdir("/run/systemd/system"):
        command.append("--keep-unit")
    machine = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                               stdout=console, stderr=console,
                               start_new_session=True)
    try:
        yield machine
    finally:
        if machine.poll() is None:
            machine.terminate()
        try:
            machine.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            machine.kill()
            machine.wait()


def follow(machine, log, shown, deadline):
    """Shows what comes behind `shown` until the machine is off; returns the
    whole log."""
    while True:
        over = machine.poll() is not None or time.monotonic() > deadline
        with contextlib.suppress(FileNotFoundError), \
                open(log, encoding="utf-8", errors="replace") as file:
            text = file.read()
            print(text[len(shown):], end="", flush=True)
            shown = text
        if over:
            return shown
        time.sleep(0.2)


def live(root, console_log):
    """From the first boot to the last; returns the log."""
    deadline = time.monotonic() + LIMIT_SECONDS
    said, status = "", REBOOT
    while status == REBOOT:
        with open(console_log, "w", encoding="utf-8") as console, \
                booted(root, console) as machine:
            said = follow(machine, root + LOG, said, deadline)
            status = machine.poll()
    return said


def main():
    need()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.makedirs(CACHE, mode=0o700, exist_ok=True)
    lock = os.open(CACHE, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    cached = cached_root()
    with tempfile.TemporaryDirectory(dir=CACHE) as directory:
        root = os.path.join(directory, "root")
        run("cp", "-a", "--reflink=auto", cached, root)
        prepare(root)
        console_log = os.path.join(directory, "console")
        said = live(root, console_log)
        passed = len(re.findall(r"(?m)^  ok    ", said))
        failed = len(re.findall(r"(?m)^  FAIL  ", said))
        if "\nall done\n" not in said:
            failed += 1
            with open(console_log, encoding="utf-8", errors="replace") as file:
                print("the machine did not get to the end; its console:\n"
                      + file.read()[-3000:])
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
