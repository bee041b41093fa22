"""Connections that are kept, but not until their server closes them."""

import time

import requests

# The web servers of conf/ close what was idle for 15 s. A request that is sent
# at that very moment gets no answer, and nobody knows whether it was served.
KEPT_SECONDS = 5


class Session(requests.Session):
    """Has no proxy and no .netrc of this machine in it."""

    def __init__(self):
        super().__init__()
        self.trust_env = False
        self._answered = time.monotonic()

    def request(self, *arguments, **options):
        if time.monotonic() - self._answered > KEPT_SECONDS:
            self.close()
        try:
            return super().request(*arguments, **options)
        finally:
            self._answered = time.monotonic()
