"""generated.py BOOKINGCTL [--write]: the parts of pages that come from the
table of settings. Without --write: exits 1 when one is out of date."""

import os
import subprocess
import sys

CHECKOUT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
README = os.path.join(CHECKOUT, "README.md")
EXAMPLE = os.path.join(CHECKOUT, "conf", "booking.env.example")
BEGIN = "<!-- settings: written by `make generated` -->\n"
END = "<!-- settings end -->\n"


def settings(program, form):
    # Without a .env of the developer's own, which could be wrong.
    return subprocess.run([program, "--env-file", "/dev/null", "settings",
                           form], check=True, capture_output=True,
                          encoding="utf-8", env={}).stdout


def read(path):
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def wanted(program):
    before, rest = read(README).split(BEGIN)
    after = rest.split(END)[1]
    table = settings(program, "--markdown")
    return {README: f"{before}{BEGIN}\n{table}\n{END}{after}",
            EXAMPLE: settings(program, "--example")}


def main(arguments):
    stale = {path: text for path, text in wanted(arguments[0]).items()
             if read(path) != text}
    for path, text in stale.items():
        print(f"{os.path.relpath(path, CHECKOUT)}: out of date:"
              " make generated")
        if "--write" in arguments:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    return 1 if stale and "--write" not in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
