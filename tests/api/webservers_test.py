"""The same service behind every web server that conf/ has files for, and as
FastCGI worker and CGI program that a web server started."""

import http.client
import json
import os
import socket
import ssl
import subprocess
import types

import pytest
import requests

from conftest import eventually
from stack.ports import ADDRESS, Port
from stack.webserver import KINDS, web_server
from support.client import (BOOKINGS, JSON, Client, assert_envelope,
                            assert_error, new_flight)
from support import token as tokens

# /metrics is for this address alone.
LOCAL = "127.0.0.2"
KIB = 1024
ALWAYS = {"X-Content-Type-Options": "nosniff",
          "Content-Security-Policy": "frame-ancestors 'none'",
          "Referrer-Policy": "no-referrer"}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of the loopback address that signs itself, and its key."""
    directory = tmp_path_factory.mktemp("tls")
    names = directory / "certificate.pem", directory / "key.pem"
    subprocess.run([
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
        f"/CN={ADDRESS}", "-addext", f"subjectAltName=IP:{ADDRESS}",
        "-out", names[0], "-keyout", names[1]], check=True,
        capture_output=True)
    return tuple(str(name) for name in names)


def make_web(stack, kind, certificate, **changes):
    """Another web server in front of the running stack. `changes`:
    attributes of it."""
    name = changes.pop("name", kind)
    service = changes.pop("service", stack.service)
    directory = os.path.join(stack.places, f"web-{name}")
    os.makedirs(directory, exist_ok=True)
    tls = (Port(), *certificate) if kind.endswith("-tls") else None
    web = web_server(kind)(
        stack.processes, stack.checkout, directory, Port(), service,
        stack.docs, tls)
    for key, value in changes.items():
        setattr(web, key, value)
    return web


def wait_for(web, path="/health"):
    """Until it answers at all."""
    eventually(lambda: answers(web, path))


def answers(web, path):
    try:
        return requests.get(web.url() + path, verify=web.certificate,
                            timeout=10).status_code == 200
    except OSError:
        return False


@pytest.fixture(scope="module", params=list(KINDS))
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def web(stack, kind, certificate):
    server = make_web(stack, kind, certificate, local=LOCAL + "/32")
    server.start()
    try:
        wait_for(server)
        yield server
    finally:
        server.stop()


@pytest.fixture
def visitor(web, certificate):
    return TrustingClient(web.url(), None, certificate[0])


@pytest.fixture
def customer(web, certificate, secret, user):
    return TrustingClient(web.url(), tokens.make(user, secret),
                          certificate[0])


class TrustingClient(Client):
    def __init__(self, url, token, certificate):
        super().__init__(url, token)
        self._certificate = certificate

    def request(self, method, path, **options):
        return super().request(method, path, verify=self._certificate,
                               **options)

    def _open(self, own_address):
        scheme, _, address = self.url.partition("://")
        host, _, port = address.partition(":")
        connection = socket.create_connection((host, int(port)), 10,
                                              (own_address, 0))
        if scheme == "http":
            return connection
        context = ssl.create_default_context(cafile=self._certificate)
        return context.wrap_socket(connection, server_hostname=host)

    def raw(self, head, address=ADDRESS):
        """The answer to bytes that no HTTP client would send."""
        with self._open(address) as connection:
            connection.sendall(head)
            response = http.client.HTTPResponse(connection)
            response.begin()
            response.body = response.read()
        return response


# --- requests that the service answers ----------------------------------------

def test_booking_is_created_and_found(customer, user):
    created = customer.book(new_flight(), passengers=2,
                            headers={"X-Request-Id": "behind.a-web_server"})
    assert created.status_code == 201
    assert created.headers["X-Request-Id"] == "behind.a-web_server"
    data = created.json()["data"]
    assert data["user_id"] == user
    assert created.headers["Location"] == f"{BOOKINGS}/{data['booking_id']}"
    found = customer.get(created.headers["Location"])
    assert found.json()["data"]["booking_id"] == data["booking_id"]
    again = customer.get(created.headers["Location"],
                         headers={"If-None-Match": found.headers["ETag"]})
    assert again.status_code == 304


def test_errors_are_the_service_s_own(customer):
    error = assert_error(customer.post(BOOKINGS, json={"passengers": 1}),
                         400, "VALIDATION_ERROR")
    assert {field["field"] for field in error["fields"]} == \
        {"flight_id", "passengers"}
    assert_error(customer.booking("no-such-booking"), 404,
                 "BOOKING_NOT_FOUND")
    assert_error(customer.get("/api/v1/nowhere"), 404, "ROUTE_NOT_FOUND")
    wrong = customer.request("PUT", BOOKINGS)
    assert_error(wrong, 405, "METHOD_NOT_ALLOWED")
    assert "POST" in wrong.headers["Allow"]


def test_authorization_decides(visitor, customer):
    refused = visitor.book(new_flight())
    assert_error(refused, 401, "UNAUTHORIZED")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    # Apache's mod_cgid refuses more than 4 KiB since 2.4.69.
    assert_error(customer.book(new_flight(), headers={
        "Authorization": "Bearer " + "x" * (3 * KIB)}), 401, "UNAUTHORIZED")
    assert customer.book(new_flight()).status_code == 201


def test_paths_and_queries_arrive_as_they_were_sent(customer):
    for name in ("a%2Fb", "a%20b", "%2e%2e", "a+b", "a;b"):
        assert_error(customer.booking(name), 404, "BOOKING_NOT_FOUND")
    # A CGI program would get a query without "=" as its arguments.
    for query in ("--help", "-t", "--print-settings", "a+b"):
        assert_error(customer.get(f"{BOOKINGS}/nothing?{query}"), 404,
                     "BOOKING_NOT_FOUND")


def test_head_and_options(customer):
    path = customer.book(new_flight()).headers["Location"]
    head = customer.request("HEAD", path)
    assert head.status_code == 200 and head.content == b""
    assert head.headers["ETag"] == customer.get(path).headers["ETag"]
    options = customer.request("OPTIONS", BOOKINGS)
    assert options.status_code == 204
    assert "POST" in options.headers["Allow"]


def test_body_without_a_length(kind, customer):
    def chunks():
        yield b'{"flight_id":"' + new_flight().encode()
        yield b'","passengers":[{"first_name":"Ada","last_name":"Lovelace",'
        yield b'"email":"ada@example.com"}]}'
    created = customer.post(BOOKINGS, data=chunks(), headers={
        "Content-Type": "application/json"})
    if kind == "apache-cgi":
        assert_error(created, 411, "LENGTH_REQUIRED")
    else:
        assert created.status_code == 201


def test_bodies_that_are_too_large(customer):
    for size in (65 * KIB, KIB * KIB - 1):
        assert_error(customer.post(BOOKINGS, data=b" " * size, headers={
            "Content-Type": "application/json"}), 413, "PAYLOAD_TOO_LARGE")


# --- requests that the web server answers ---------------------------------------

def test_body_over_the_web_server_s_limit(visitor):
    answer = visitor.raw(b"POST /api/v1/bookings HTTP/1.1\r\n"
                 b"Host: x\r\nContent-Length: 1048577\r\n\r\n")
    assert_json_error(answer, 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize("request_line", [
    b"GET / HTTP/1.1\r\nHost: x\r\nbad header\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n"], ids=("header", "host"))
def test_malformed_request(visitor, request_line):
    assert_json_error(visitor.raw(request_line), 400, "BAD_REQUEST")


def test_too_long_for_the_web_server(visitor):
    statuses = set()
    for head in (b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * 9000),
                 b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n"
                 % (b"a" * 9000)):
        answer = visitor.raw(head)
        assert_json_error(answer, answer.status)
        statuses.add(answer.status)
    assert statuses <= {400, 414, 431}


def test_metrics_are_for_local_addresses(visitor):
    denied = visitor.raw(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    assert_json_error(denied, 403, "FORBIDDEN")
    allowed = visitor.raw(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
                          address=LOCAL)
    assert allowed.status == 200
    assert b"# TYPE" in allowed.body


def test_every_answer_has_the_security_headers(kind, web, visitor):
    answers = [visitor.get(path) for path in (
        "/health", BOOKINGS + "/x", "/api/v1/nowhere")]
    for answer in answers:
        for name, value in ALWAYS.items():
            assert answer.headers[name] == value, (answer.url, name)
        assert ("Strict-Transport-Security" in answer.headers) == \
            web.url().startswith("https")
    # lighttpd's modules are not asked about what is no request.
    if not (kind.startswith("lighttpd") or kind == "spawn-fcgi"):
        answer = visitor.raw(b"GET / HTTP/1.1\r\nHost: x\r\nbad\r\n\r\n")
        assert answer.getheader("X-Content-Type-Options") == "nosniff"


def test_web_server_does_not_say_which_it_is(visitor):
    said = visitor.get("/health").headers.get("Server", "")
    assert not any(c.isdigit() for c in said)


# --- some web servers alone -----------------------------------------------------

@pytest.mark.parametrize("proxy", ("lighttpd", "nginx", "apache-proxy"))
def test_missing_pool_is_an_error_in_json(stack, certificate, proxy):
    nowhere = types.SimpleNamespace(
        socket=os.path.join(os.path.dirname(stack.service.socket), "gone"))
    web = make_web(stack, proxy, certificate, name=proxy + "-alone",
                   service=nowhere)
    web.start()
    try:
        eventually(lambda: listens(web))
        answer = Client(web.url()).get(BOOKINGS)
        assert (answer.status_code, answer.json()["error"]["code"]) in (
            (502, "BAD_GATEWAY"), (503, "OVERLOADED"))
        if answer.status_code == 503 and proxy != "lighttpd":
            assert answer.headers["Retry-After"] == "1"
    finally:
        web.stop()


def test_nginx_limits_the_rate_of_an_address(stack, certificate):
    """As shipped: 40 at once."""
    web = make_web(stack, "nginx", certificate, name="nginx-rate", rate=20)
    web.start()
    try:
        wait_for(web)
        client = Client(web.url())
        answers = [client.get(BOOKINGS) for _ in range(200)]
        assert [a.status_code for a in answers[:40]] == [401] * 40
        limited = [a for a in answers if a.status_code == 429]
        assert limited
        for answer in limited:
            assert_error(answer, 429, "RATE_LIMITED")
            assert answer.headers.get("Retry-After") == "1"
        assert client.get("/health").status_code == 200
    finally:
        web.stop()


# --- pieces ---------------------------------------------------------------------

def listens(web):
    address = web.url().rpartition(":")
    with socket.socket() as client:
        return client.connect_ex((ADDRESS, int(address[2]))) == 0


def assert_json_error(answer, status, code=None):
    assert answer.status == status
    assert answer.getheader("Content-Type") == JSON
    error = json.loads(answer.body)["error"]
    assert code in (None, error["code"])
