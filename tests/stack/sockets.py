"""Where unix sockets go: their paths have to be short."""

import shutil
import tempfile

# The kernel takes 107 bytes; the longest name that a part makes there is
# below 30 (a socket is made under a longer, temporary name).
LONGEST_DIRECTORY = 75


class SocketDirectory:
    """`wanted` itself, or a private temporary one when that is too long."""

    def __init__(self, wanted):
        self._temporary = len(wanted.encode()) > LONGEST_DIRECTORY
        self.path = (tempfile.mkdtemp(prefix="booking-") if self._temporary
                     else wanted)

    def remove(self):
        if self._temporary:
            shutil.rmtree(self.path, ignore_errors=True)
