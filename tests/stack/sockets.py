"""Where unix sockets go, whose paths have to be short, and the data of
programs that come with shell scripts, which split paths at blanks."""

import os
import re
import shutil
import tempfile

# The kernel takes 107 bytes; the longest name that a part makes there is
# below 30 (a socket is made under a longer, temporary name).
LONGEST_DIRECTORY = 75


class SocketDirectory:
    """`wanted` itself, or a short name for it without blanks."""

    def __init__(self, wanted):
        self._temporary = None
        self.path = wanted
        if len(wanted.encode()) > LONGEST_DIRECTORY or re.search(r"\s", wanted):
            self._temporary = tempfile.mkdtemp(prefix="booking-")
            self.path = os.path.join(self._temporary, "d")
            os.symlink(os.path.abspath(wanted), self.path)

    def remove(self):
        if self._temporary:
            shutil.rmtree(self._temporary, ignore_errors=True)
