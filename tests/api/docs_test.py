"""Pages that are made from the programs say what the programs say."""

import os
import subprocess
import sys

from conftest import BUILD, CHECKOUT


def test_settings_in_pages_are_those_of_the_programs():
    check = subprocess.run(
        [sys.executable, os.path.join(CHECKOUT, "tests", "lint",
                                      "generated.py"),
         os.path.join(CHECKOUT, BUILD, "bin", "bookingctl")],
        capture_output=True, encoding="utf-8", check=False)
    assert check.returncode == 0, check.stdout + check.stderr
