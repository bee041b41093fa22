"""Loopback ports that no other start takes meanwhile.

A port is reserved by a socket that is bound but does not listen: the kernel
then gives the number to nobody who asks for any free port, while the program
it is for, which sets SO_REUSEADDR, may listen on it. The reservation lasts
over restarts of that program and ends with this process.
"""

import errno
import socket

from .process import Failure

ADDRESS = "127.0.0.1"


class PortBusy(Failure):
    """Somebody listens on the port that was asked for."""


class Port:
    def __init__(self, number=0):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._bind(number)
        except OSError:
            self._socket.close()
            raise
        self.number = self._socket.getsockname()[1]

    def _bind(self, number):
        # A given number is shared from the start: connections that linger
        # from an earlier run do not make it busy, a listener does. Any free
        # number is bound alone first, so that it is nobody else's.
        if number:
            self._share()
        self._socket.bind((ADDRESS, number))
        self._share()

    def _share(self):
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

    def release(self):
        self._socket.close()

    @classmethod
    def exactly(cls, number):
        try:
            return cls(number)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortBusy(
                    f"port {number} is taken by another program") from error
            raise Failure(f"port {number}: {error.strerror}") from error

    @classmethod
    def at_or_above(cls, number, tries=100):
        """The given port or the next free one above it."""
        for candidate in range(number, number + tries):
            try:
                return cls.exactly(candidate)
            except PortBusy:
                continue
        raise PortBusy(f"ports {number} to {number + tries - 1} are all taken")
