"""An HTTP client that holds every answer to the contract's envelope and to
the API's description."""

import uuid

from .description import ADDRESS, DESCRIPTION
from .session import Session

BOOKINGS = "/api/v1/bookings"
JSON = "application/json; charset=utf-8"


class Client:
    """Requests as one user; `token` None sends no Authorization."""

    def __init__(self, url, token=None):
        self.url = url
        self.token = token
        self._session = Session()

    def request(self, method, path, timeout=15, headers=None, **options):
        sent = dict(headers or {})
        if self.token and "Authorization" not in sent:
            sent["Authorization"] = f"Bearer {self.token}"
        response = self._session.request(
            method, self.url + path, timeout=timeout, headers=sent,
            allow_redirects=False, **options)
        if path.startswith("/api/v1") and not path.startswith(ADDRESS):
            assert_envelope(response)
        DESCRIPTION.check(response)
        return response

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, **options):
        return self.request("POST", path, **options)

    def book(self, flight_id, passengers=1, headers=None, **fields):
        """POST of a right booking, changed by `fields`; `passengers`: how
        many, or who."""
        if isinstance(passengers, int):
            passengers = [passenger(n) for n in range(passengers)]
        return self.post(BOOKINGS, headers=headers, json={
            "flight_id": flight_id, "passengers": passengers, **fields})

    def booking(self, booking_id):
        return self.get(f"{BOOKINGS}/{booking_id}")


def passenger(number=0, **fields):
    return {"first_name": "Ada", "last_name": f"Lovelace {number}",
            "email": f"ada{number}@example.com", **fields}


def new_flight(seats=180, ending=""):
    """The name of a flight that nobody booked yet; the sandbox makes it up
    from the name (F<seats>-<anything>, and endings such as "-cancelled")."""
    return f"F{seats}-{uuid.uuid4().hex[:12]}{ending}"


def assert_envelope(response):
    """What the contract says of every answer under /api/v1."""
    if response.status_code in (204, 304) or \
            response.request.method == "HEAD":
        assert response.content == b""
        return
    assert response.headers["Content-Type"] == JSON
    body = response.json()
    assert isinstance(body, dict)
    if response.status_code < 400:
        assert body["success"] is True
        assert "data" in body and "error" not in body
        return
    assert body["success"] is False
    error = body["error"]
    assert set(error) <= {"code", "message", "details", "fields"}
    assert isinstance(error["code"], str) and isinstance(error["message"], str)
    for field in error.get("fields", []):
        assert set(field) == {"field", "message"}


def assert_error(response, status, code):
    """The error, after a check of its status and code."""
    assert (response.status_code, response.json()["error"]["code"]) == \
        (status, code)
    return response.json()["error"]
