"""The sandbox's controls: faults, dialects, flights, revoked tokens."""

import urllib.parse

from .session import Session


class SandboxControl:
    def __init__(self, url):
        self._url = url + "/sandbox"
        self._session = Session()

    def _call(self, method, path, body=None):
        response = self._session.request(method, self._url + path, json=body,
                                         timeout=10)
        assert response.status_code == 200, response.text
        return response.json()

    def fault(self, service, mode, **how):
        """`service`: auth or flight; how: delay_ms, count (0: until
        cleared)."""
        self._call("PUT", f"/faults/{service}", {"mode": mode, **how})

    def clear_faults(self):
        self._call("DELETE", "/faults")

    def dialect(self, service, **options):
        self._call("PUT", f"/dialect/{service}", options)

    def put_flight(self, flight_id, **fields):
        self._call("PUT", f"/flights/{quoted(flight_id)}", fields)

    def drop_flight(self, flight_id):
        self._call("DELETE", f"/flights/{quoted(flight_id)}")

    def revoke(self, token):
        self._call("POST", "/revoke", {"token": token})

    def calls(self):
        """{"auth": {"calls": 1, "positive": 1, ..., "last": {...}}, ...}"""
        return self._call("GET", "/calls")["data"]

    def forget_calls(self):
        self._call("DELETE", "/calls")

    def reset(self):
        self._call("DELETE", "/state")


def quoted(flight_id):
    return urllib.parse.quote(flight_id, safe="")
