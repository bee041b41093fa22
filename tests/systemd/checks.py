"""What __main__.py starts inside of the booted Debian: installs the service
with the commands of docs/deploy.md, and checks what that page promises of the
units, in this order, and once more after a reboot."""

import os
import sys
import time
import traceback

from systemd import installation, life, trouble
from systemd.tools import run

REBOOTED = "/var/lib/checks-rebooted"
LAST_LINES = "journalctl -u 'booking*' -n 20 -o short --no-pager"

BEFORE_REBOOT = (
    installation.installs_as_documented,
    installation.units_are_valid_and_hardened,
    installation.web_servers_as_documented,
    installation.a_booking_reaches_the_broker,
    installation.nobody_has_privileges,
    life.start_returns_when_it_serves,
    life.the_first_connection_starts_it,
    life.a_restart_loses_nothing,
    life.a_reload_returns_with_the_new_settings,
    trouble.a_wrong_reload_says_so_and_changes_nothing,
    life.an_upgrade_loses_nothing,
    trouble.it_comes_back_from_crashes,
    trouble.the_watchdog_ends_who_stands_still,
    life.a_stop_lets_requests_finish,
    trouble.wrong_settings_are_said_and_not_tried_for_ever,
    trouble.it_starts_without_database_and_broker,
    life.log_files_are_rotated,
    trouble.healthy_masters_were_left_alone)


def try_all(checks):
    for check in checks:
        begun = time.monotonic()
        try:
            check()
            print(f"  ok    {check.__name__} "
                  f"({time.monotonic() - begun:.1f} s)", flush=True)
        except Exception:
            print(f"  FAIL  {check.__name__}\n{traceback.format_exc()}"
                  f"{run(LAST_LINES, good=False).stdout}", flush=True)
            if check is installation.installs_as_documented:
                break


def main():
    if os.path.exists(REBOOTED):
        try_all([life.a_reboot_brings_it_back])
        print("all done", flush=True)
        run("systemctl poweroff")
    else:
        try_all(BEFORE_REBOOT)
        with open(REBOOTED, "x", encoding="ascii"):
            pass
        run("systemctl reboot")


if __name__ == "__main__":
    sys.exit(main())
