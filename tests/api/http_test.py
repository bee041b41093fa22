"""What all endpoints share: routes, methods, order of checks, marks, limits."""

import json
import re
import time
import uuid

import pytest
import requests

from conftest import eventually
from support import token as tokens
from support.client import (BOOKINGS, Client, assert_envelope, assert_error,
                            new_flight)

ID = "01890000-0000-7000-8000-000000000000"
ROUTES = [
    (BOOKINGS, {"GET", "HEAD", "POST"}),
    (f"{BOOKINGS}/user/u-1", {"GET", "HEAD"}),
    (f"{BOOKINGS}/seats/F8-x", {"GET", "HEAD"}),
    (f"{BOOKINGS}/{ID}", {"GET", "HEAD", "DELETE"}),
    (f"{BOOKINGS}/{ID}/confirm", {"POST"}),
    (f"{BOOKINGS}/{ID}/history", {"GET", "HEAD"}),
    (f"{BOOKINGS}/{ID}/passengers/{ID}", {"PATCH"}),
    ("/health", {"GET", "HEAD"}),
    ("/health/live", {"GET", "HEAD"}),
    ("/health/ready", {"GET", "HEAD"}),
    ("/metrics", {"GET", "HEAD"}),
]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


def allowed(response):
    return {m.strip() for m in response.headers["Allow"].split(",")}


# --- routes and methods -----------------------------------------------------------

@pytest.mark.parametrize("path, methods", ROUTES)
def test_methods(anonymous, path, methods):
    options = anonymous.request("OPTIONS", path)
    assert options.status_code == 204
    assert allowed(options) == methods | {"OPTIONS"}
    for method in set(METHODS) - methods:
        response = anonymous.request(method, path)
        assert response.status_code == 405
        assert allowed(response) == methods | {"OPTIONS"}
        if method != "HEAD":
            assert response.json()["error"]["code"] == "METHOD_NOT_ALLOWED"


def test_trace(url):
    """Some web servers refuse it themselves, and name no method."""
    response = requests.request("TRACE", url + BOOKINGS, timeout=15)
    assert response.status_code == 405
    assert_envelope(response)
    assert response.json()["error"]["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("path", [
    "/api/v1/bookings/", "/api/v1/bookings//", "/api/v1/booking",
    "/api/v1", "/api/v1/", "/api/v2/bookings", "/API/v1/bookings",
    f"/api/v1/bookings/{ID}/", f"/api/v1/bookings/{ID}/nothing",
    f"/api/v1/bookings/{ID}/passengers", "/api/v1/bookings/user/",
    "/api/v1/bookings/user/a/b", "/api/v1/bookings/seats/",
    "/api/v1/bookings%2Fuser%2Fa", "/api/v1//bookings",
    "/api/v1/bookings/%zz", "/.git/config", "/server-status", "/health/",
    "/metrics/x"])
def test_unknown_paths(api, path):
    response = api.get(path)
    assert response.status_code in (400, 404)
    assert response.headers["Content-Type"] == \
        "application/json; charset=utf-8"
    assert response.json()["success"] is False
    if response.status_code == 404 and "%" not in path:
        assert response.json()["error"]["code"] == "ROUTE_NOT_FOUND"


def test_literal_segments_win(api, user, admin):
    assert api.get(f"{BOOKINGS}/user/{user}").json()["data"]["pagination"]
    assert api.get(f"{BOOKINGS}/seats/F8-x").json()["data"]["seats"]
    # What has no such continuation is an id.
    for name in ("user", "seats"):
        assert_error(api.get(f"{BOOKINGS}/{name}"), 404, "BOOKING_NOT_FOUND")


def test_head_of_every_get(api, admin, user):
    booking = api.book(new_flight()).json()["data"]["booking_id"]
    for path in (f"{BOOKINGS}/{booking}", f"{BOOKINGS}/{booking}/history",
                 f"{BOOKINGS}/user/{user}", f"{BOOKINGS}/seats/F8-x",
                 "/health", "/metrics"):
        got, head = api.get(path), api.request("HEAD", path)
        assert head.status_code == got.status_code == 200
        assert head.content == b""
        assert head.headers["Content-Type"] == got.headers["Content-Type"]
    head = api.request("HEAD", f"{BOOKINGS}/{ID}")
    assert head.status_code == 404 and head.content == b""


# --- order of checks --------------------------------------------------------------

TEXT = {"Content-Type": "text/plain"}
JSON = {"Content-Type": "application/json"}
BIG = '{"x":"' + "y" * 70000 + '"}'


def test_route_then_method_then_token(anonymous):
    assert_error(anonymous.post("/api/v1/nothing", data="x", headers=TEXT),
                 404, "ROUTE_NOT_FOUND")
    assert_error(anonymous.request("PUT", BOOKINGS, data="x", headers=TEXT),
                 405, "METHOD_NOT_ALLOWED")
    for data, headers in (("x", TEXT), (BIG, JSON), ("{", JSON), ("{}", JSON)):
        assert_error(anonymous.post(BOOKINGS, data=data, headers=headers),
                     401, "UNAUTHORIZED")


def test_token_is_judged_before_the_body(api, sandbox):
    """Also one that looks right and that only the Auth service refuses."""
    sandbox.revoke(api.token)
    for data, headers in (("x", TEXT), (BIG, JSON), ("{", JSON), ("{}", JSON)):
        assert_error(api.post(BOOKINGS, data=data, headers=headers),
                     401, "UNAUTHORIZED")


@pytest.mark.parametrize("method, path", [
    ("POST", BOOKINGS), ("DELETE", f"{BOOKINGS}/{ID}"),
    ("PATCH", f"{BOOKINGS}/{ID}/passengers/{ID}"),
    ("POST", f"{BOOKINGS}/{ID}/confirm")])
def test_type_then_size_then_json(api, method, path):
    for data, headers, status, code in (
            (BIG, TEXT, 415, "UNSUPPORTED_MEDIA_TYPE"),
            ("{", TEXT, 415, "UNSUPPORTED_MEDIA_TYPE"),
            (BIG, JSON, 413, "PAYLOAD_TOO_LARGE"),
            (BIG[:-1], JSON, 413, "PAYLOAD_TOO_LARGE"),
            ('{"first_name":""', JSON, 400, "INVALID_JSON")):
        assert_error(api.request(method, path, data=data, headers=headers),
                     status, code)


def test_fields_then_existence_then_owner_then_state(api, client_of):
    booking = api.book(new_flight()).json()["data"]["booking_id"]
    person = api.booking(booking).json()["data"]["passengers"][0][
        "passenger_id"]
    api.request("DELETE", f"{BOOKINGS}/{booking}")
    stranger = client_of("stranger")

    def edit(client, booking_id, body):
        return client.request(
            "PATCH", f"{BOOKINGS}/{booking_id}/passengers/{person}",
            json=body)

    for client, name in ((stranger, booking), (stranger, ID), (api, booking)):
        assert_error(edit(client, name, {"email": "x"}),
                     400, "VALIDATION_ERROR")
        assert_error(client.request(
            "DELETE", f"{BOOKINGS}/{name}", json={"comments": 1}),
            400, "VALIDATION_ERROR")
    assert_error(edit(stranger, ID, {"first_name": "J"}),
                 404, "BOOKING_NOT_FOUND")
    assert_error(edit(stranger, booking, {"first_name": "J"}),
                 403, "FORBIDDEN")
    assert_error(stranger.request("DELETE", f"{BOOKINGS}/{booking}",
                                  headers={"If-Match": '"9"'}),
                 403, "FORBIDDEN")
    assert_error(api.request("DELETE", f"{BOOKINGS}/{booking}",
                             headers={"If-Match": '"9"'}),
                 412, "PRECONDITION_FAILED")
    assert_error(edit(api, booking, {"first_name": "J"}),
                 409, "BOOKING_NOT_MODIFIABLE")


def test_two_users_on_every_route(api, client_of, user):
    """An owner sees and changes only their own."""
    booking = api.book(new_flight()).json()["data"]
    person = api.booking(booking["booking_id"]).json()["data"]["passengers"][
        0]["passenger_id"]
    before = api.booking(booking["booking_id"]).json()
    stranger = client_of("stranger")
    for name in (booking["booking_id"], booking["booking_reference"]):
        path = f"{BOOKINGS}/{name}"
        for method, address, body in (
                ("GET", path, None), ("HEAD", path, None),
                ("DELETE", path, None), ("POST", path + "/confirm", None),
                ("GET", path + "/history", None),
                ("PATCH", f"{path}/passengers/{person}",
                 {"first_name": "J"}),
                ("GET", f"{BOOKINGS}/user/{user}", None)):
            response = stranger.request(method, address, json=body)
            assert response.status_code == 403, (method, address)
            assert booking["booking_reference"] not in response.text
    assert api.booking(booking["booking_id"]).json() == before


# --- marks to follow a request by ---------------------------------------------------

@pytest.mark.parametrize("sent, kept", [
    ("abc", True), ("A-b_c.9", True), ("x" * 64, True), ("x" * 65, False),
    ("a b", False), ("a/b", False), ('a"b', False), ("{}", False)])
def test_request_id_is_echoed_if_it_fits(api, anonymous, sent, kept):
    for response in (anonymous.get("/health", headers={"X-Request-Id": sent}),
                     anonymous.get("/nothing", headers={"X-Request-Id": sent}),
                     anonymous.get(BOOKINGS, headers={"X-Request-Id": sent}),
                     api.get(f"{BOOKINGS}/{ID}",
                             headers={"X-Request-Id": sent})):
        echoed = response.headers["X-Request-Id"]
        assert (echoed == sent) == kept
        assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", echoed)


def test_request_ids_that_are_made_differ(anonymous):
    made = {anonymous.get("/health").headers["X-Request-Id"]
            for _ in range(20)}
    assert len(made) == 20


def test_request_id_is_in_every_log_line(api, log_of):
    mark = f"mark-{uuid.uuid4().hex}"
    booking = api.book(new_flight(), headers={"X-Request-Id": mark})
    assert booking.status_code == 201
    lines = eventually(lambda: [
        json.loads(line) for line in log_of("booking").splitlines()
        if mark in line])
    assert all(line["request_id"] == mark for line in lines)
    done = [line for line in lines if line["event"] == "request"]
    assert [(d["method"], d["route"], d["status"]) for d in done] == \
        [("POST", "booking.create", 201)]


def test_nothing_private_is_logged(api, user, log_of):
    response = api.book(new_flight(), passengers=[{
        "first_name": "Canaria", "last_name": "Canary",
        "email": "canary@example.com", "passport_number": "CANARY123"}])
    assert response.status_code == 201
    mark = response.headers["X-Request-Id"]
    log = eventually(lambda: mark in log_of("booking") and log_of("booking"))
    for secret in ("anar", "CANARY", api.token):
        assert secret not in log


# --- answers -----------------------------------------------------------------------

def test_health(anonymous):
    for path in ("/health", "/health/live", "/health/ready"):
        response = anonymous.get(path)
        assert response.status_code == 200
        body = response.json()
        assert body["status"] == "ok"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
                            body["timestamp"])
        assert body["uptime_seconds"] >= 0
        assert response.headers["Cache-Control"] == "no-store"
    checks = body["checks"]
    assert set(checks) == {"database", "rabbitmq", "auth_service",
                           "flight_service"}
    for check in checks.values():
        assert check["status"] == "up" and check["latency_ms"] >= 0


def test_metrics_count_requests(api, anonymous):
    def created():
        text = anonymous.get("/metrics").text
        found = re.search(r'^booking_requests_total\{route="booking.create",'
                          r'status="2xx"\} (\d+)$', text, re.MULTILINE)
        return int(found.group(1))
    before = created()
    api.book(new_flight())
    eventually(lambda: created() == before + 1)
    assert anonymous.get("/metrics").headers["Content-Type"].startswith(
        "text/plain; version=0.0.4")


def test_plain_text_is_never_guessed(api):
    """Texts of clients come back as JSON strings, whatever they hold."""
    nasty = "<script>alert(1)</script>\u2028\"\\'"
    booking = api.book(new_flight(), special_requests=nasty, passengers=[{
        "first_name": nasty, "last_name": "=cmd()", "email": "a@b.c"}])
    data = api.booking(booking.json()["data"]["booking_id"]).json()["data"]
    assert data["special_requests"] == nasty
    assert data["passengers"][0]["first_name"] == nasty


# --- the limit on requests -----------------------------------------------------------

def hammer(client, path, requests=40):
    """Statuses of requests as fast as they go, and how long that took."""
    started = time.monotonic()
    answers = [client.get(path) for _ in range(requests)]
    return answers, time.monotonic() - started


def assert_limited(answers, seconds, per_second, fine):
    """A second's worth at once, then `per_second`."""
    passed = [a for a in answers if a.status_code == fine]
    assert per_second <= len(passed) <= per_second * (1 + seconds) + 1
    for answer in answers:
        if answer.status_code != fine:
            assert_error(answer, 429, "RATE_LIMITED")
            assert int(answer.headers["Retry-After"]) >= 1


def test_limit_of_a_user(pool_with, secret, user):
    pool = pool_with(workers=4, RATE_LIMIT_PER_SECOND="5")
    api = Client(pool.url, tokens.make(user, secret))
    path = f"{BOOKINGS}/user/{user}"
    answers, seconds = hammer(api, path)
    assert_limited(answers, seconds, 5, 200)
    # The user is limited, whatever the token and the endpoint.
    again = Client(pool.url, tokens.make(user, secret, lifetime=100))
    assert 429 in {again.book(new_flight(), special_requests=str(n))
                   .status_code for n in range(8)}
    other = Client(pool.url, tokens.make(user + "-other", secret))
    assert other.get(f"{BOOKINGS}/{ID}").status_code == 404
    eventually(lambda: api.get(path).status_code == 200)


def test_limit_of_an_address_without_a_token(pool_with, secret, user):
    pool = pool_with(workers=4, RATE_LIMIT_PER_SECOND="5")
    for token in (None, "junk"):
        answers, seconds = hammer(Client(pool.url, token), BOOKINGS)
        if token is None:
            assert_limited(answers, seconds, 5, 401)
        assert 429 in {a.status_code for a in answers}
    # Those with a token are not held up by it.
    api = Client(pool.url, tokens.make(user, secret))
    assert api.get(f"{BOOKINGS}/user/{user}").status_code == 200
    assert {a.status_code for a in hammer(
        Client(pool.url), "/health")[0]} == {200}


def test_refused_request_has_changed_nothing(pool_with, secret, user, store):
    pool = pool_with(workers=2, RATE_LIMIT_PER_SECOND="1")
    api = Client(pool.url, tokens.make(user, secret))
    statuses = [api.book(new_flight()).status_code for _ in range(6)]
    assert set(statuses) == {201, 429}
    assert store.count("bookings", "user_id = %s", user) == \
        statuses.count(201)


def test_no_limit_by_default(api, user):
    answers, _ = hammer(api, f"{BOOKINGS}/user/{user}", 60)
    assert {a.status_code for a in answers} == {200}
