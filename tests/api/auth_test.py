"""Who is calling: tokens, both dialects of Auth services, their failures."""

import base64
import http.server
import json
import threading
import time

import pytest

from conftest import eventually
from support import token as tokens
from support.client import BOOKINGS, Client, assert_error, new_flight


@pytest.fixture
def mine(user):
    return f"{BOOKINGS}/user/{user}"


def refused(response):
    error = assert_error(response, 401, "UNAUTHORIZED")
    sent = response.request.headers.get("Authorization", "")
    # RFC 6750, section 3.1: no word about an error to who sent no token.
    assert response.headers["WWW-Authenticate"] == (
        'Bearer error="invalid_token"' if len(sent.split()) > 1
        and sent.startswith("Bearer ") else "Bearer")
    # One body for all: the reason is in the log alone.
    assert set(error) == {"code", "message"}
    return True


# --- tokens that never reach the Auth service ---------------------------------

def part(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def junk(secret):
    """Authorization values that say nothing about who is calling."""
    now = int(time.time())
    claims = {"id": "user-1", "iat": now, "exp": now + 3600}
    good = tokens.sign(claims, secret)
    head, payload, signature = good.split(".")
    other = part({"alg": "HS256", "typ": "JWT", "kid": "../../dev/null"})

    def header(**fields):
        return f"{part(fields)}.{payload}.{signature}"

    yield from ("", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", good,
                f"Token {good}", f"Bearer {good}, Bearer {good}",
                f"Bearer {good} x", f"Bearer  {good}.x", "Bearer a",
                "Bearer a.b", "Bearer a.b.c", "Bearer ...",
                f"Bearer {head}.{payload}", f"Bearer {good}.{signature}",
                f"Bearer {good}=", f"Bearer {head}.{payload}.",
                f"Bearer {head}.{payload}.{signature[:-2]}",
                f"Bearer {head}.{payload}.{flipped(signature)}",
                f"Bearer {other}.{payload}.{signature}",
                f"Bearer {head}.{part({**claims, 'id': 'admin'})}.{signature}",
                "Bearer " + "a" * 9000)
    for algorithm in ("none", "None", "nONE", "HS384", "RS256", "ES256", ""):
        yield "Bearer " + tokens.sign(claims, secret, algorithm)
        yield f"Bearer {header(alg=algorithm)}"
    for algorithm in (None, ["HS256"], 1):
        yield f"Bearer {header(alg=algorithm)}"
    yield f"Bearer {header(typ='JWT')}"
    yield "Bearer " + tokens.sign(claims, "another secret, long enough too")
    for changed in ({"exp": now - 1}, {"exp": "soon"}, {"exp": -1},
                    {"nbf": now + 3600}, {"exp": None, "nbf": "later"}):
        yield "Bearer " + tokens.sign({**claims, **changed}, secret)


def flipped(signature):
    """Another first byte: a last one may have bits that mean nothing."""
    return ("B" if signature[0] == "A" else "A") + signature[1:]


def test_junk_never_reaches_the_auth_service(url, secret, sandbox, mine):
    client = Client(url)
    assert refused(client.get(mine))
    for value in junk(secret):
        response = client.get(mine, headers={"Authorization": value})
        if response.status_code in (400, 431):  # the web server's own limit
            continue
        assert refused(response), value
    assert sandbox.calls()["auth"]["calls"] == 0


def test_two_authorization_fields(url, secret, user, mine, sandbox):
    import http.client
    host = url.removeprefix("http://")
    good = f"Bearer {tokens.make(user, secret)}"
    connection = http.client.HTTPConnection(host, timeout=10)
    connection.putrequest("GET", mine)
    connection.putheader("Authorization", good)
    connection.putheader("Authorization", good)
    connection.endheaders()
    assert connection.getresponse().status in (400, 401)
    connection.close()
    assert sandbox.calls()["auth"]["calls"] == 0


def test_nothing_is_fetched_for_a_token(url, secret, user, sandbox, mine):
    """jku, x5u and jwk are ignored: the signature decides."""
    token = tokens.make(user, secret)
    payload = token.split(".")[1]
    head = part({"alg": "HS256", "jku": "http://127.0.0.1:1/", "jwk": {}})
    response = Client(url).get(mine, headers={
        "Authorization": f"Bearer {head}.{payload}.{token.split('.')[2]}"})
    assert refused(response)


def test_scheme_in_any_case(url, secret, user, mine):
    token = tokens.make(user, secret)
    for scheme in ("bearer", "BEARER"):
        assert Client(url).get(mine, headers={
            "Authorization": f"{scheme} {token}"}).status_code == 200


# --- what the Auth service is sent, and may answer -------------------------------

def test_call_carries_token_and_marks(api, mine, sandbox):
    api.get(mine, headers={
        "X-Request-Id": "auth-call-1",
        "traceparent": "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"})
    last = sandbox.calls()["auth"]["last"]
    assert last["path"] == "/api/v1/isAuthenticated"
    assert last["request_id"] == "auth-call-1"
    assert last["traceparent"][3:35] == "ab" * 16
    assert last["x_access_token"] and last["authorization"]


@pytest.mark.parametrize("dialect", ["object", "id", "none", "user_id",
                                     "userId", "sub"])
@pytest.mark.parametrize("user", ["user-7", "4711"])
def test_every_dialect_says_who(client_of, sandbox, dialect, user):
    sandbox.dialect("auth", dialect=dialect)
    booking = client_of(user).book(new_flight()).json()["data"]
    assert booking["user_id"] == user


@pytest.mark.parametrize("dialect", ["object", "id", "none", "user_id",
                                     "userId", "sub"])
@pytest.mark.parametrize("role, status", [
    ("admin", 200), ("service", 403), ("customer", 403), ("Admin", 200),
    ("administrator", 403)])
def test_every_dialect_tells_roles(client_of, sandbox, dialect, role, status):
    """From the answer, or from the verified token when it names none."""
    sandbox.dialect("auth", dialect=dialect)
    assert client_of("someone", role).get(BOOKINGS).status_code == status


@pytest.mark.parametrize("claims, user", [
    ({"id": 17}, "17"), ({"user_id": "u-1"}, "u-1"), ({"userId": "u-2"}, "u-2"),
    ({"sub": "u-3"}, "u-3"), ({"id": "first", "sub": "last"}, "first")])
def test_id_of_the_token_when_the_answer_has_no_data(url, secret, sandbox,
                                                      claims, user):
    sandbox.dialect("auth", dialect="none")
    token = tokens.sign({**claims, "exp": int(time.time()) + 60}, secret)
    response = Client(url, token).get(f"{BOOKINGS}/user/{user}")
    assert response.status_code == 200, response.text


@pytest.mark.parametrize("failure", ["401", "403", "400", "500",
                                     "success_false"])
def test_every_way_to_say_no(api, mine, sandbox, failure):
    sandbox.dialect("auth", failure=failure)
    sandbox.revoke(api.token)
    assert refused(api.get(mine))
    assert sandbox.calls()["auth"]["negative"] == 1


@pytest.mark.parametrize("mode", ["jwt_error_500", "token_expired_500",
                                  "not_before_500", "bad_request",
                                  "not_found", "success_false"])
def test_faults_that_mean_no(api, mine, sandbox, mode):
    sandbox.fault("auth", mode)
    assert refused(api.get(mine))


@pytest.mark.parametrize("mode", [
    "close", "error500", "error503", "error500_json", "html200", "empty",
    "garbage", "huge", "deep", "duplicate_key", "redirect", "wrong_type",
    "not_object", "success_text", "no_success", "no_id"])
def test_faults_that_mean_nothing(api, mine, sandbox, mode):
    sandbox.fault("auth", mode)
    response = api.get(mine)
    assert_error(response, 503, "AUTH_SERVICE_UNAVAILABLE")
    assert int(response.headers["Retry-After"]) >= 1
    sandbox.clear_faults()
    assert api.get(mine).status_code == 200


def test_slow_service_is_given_up(api, mine, sandbox):
    sandbox.fault("auth", "slow", delay_ms=4000, count=1)
    assert_error(api.get(mine), 503, "AUTH_SERVICE_UNAVAILABLE")


def test_creating_makes_the_same_checks(url, secret, user, sandbox, store):
    """The flight is fetched beside the token check, never for a stranger."""
    flight = new_flight()
    assert refused(Client(url, "a.b.c").book(flight))
    api = Client(url, tokens.make(user, secret))
    sandbox.revoke(api.token)
    assert refused(api.book(flight))
    sandbox.fault("auth", "error503")
    assert_error(api.book(flight), 503, "AUTH_SERVICE_UNAVAILABLE")
    assert store.count("bookings", "user_id = %s", user) == 0


# --- settings ---------------------------------------------------------------------

def test_without_a_secret_the_service_alone_decides(pool_with, secret, user,
                                                    sandbox, mine):
    pool = pool_with(JWT_SECRET="")
    token = tokens.make(user, secret)
    for _ in range(2):
        assert Client(pool.url, token).get(mine).status_code == 200
    forged = tokens.sign({"id": user, "roles": ["admin"]}, "not the secret")
    assert refused(Client(pool.url, forged).get(mine))
    assert sandbox.calls()["auth"]["calls"] == 3
    # What nobody has verified gives no role.
    sandbox.dialect("auth", dialect="id")
    boss = Client(pool.url, tokens.make(user, secret, "admin"))
    assert_error(boss.get(BOOKINGS), 403, "FORBIDDEN")


def test_local_mode_asks_nobody(pool_with, secret, user, sandbox, mine):
    pool = pool_with(AUTH_MODE="local", AUTH_SERVICE_URL="http://127.0.0.1:1")
    assert Client(pool.url, tokens.make(user, secret)).get(mine) \
        .status_code == 200
    assert Client(pool.url, tokens.make("b", secret, "admin")).get(BOOKINGS) \
        .status_code == 200
    assert refused(Client(pool.url, tokens.make(user, secret, lifetime=-1))
                   .get(mine))
    assert sandbox.calls()["auth"]["calls"] == 0


def test_good_tokens_are_remembered_by_all_workers(pool_with, secret, user,
                                                   sandbox, mine):
    pool = pool_with(workers=4, AUTH_CACHE_SECONDS="30")
    token = tokens.make(user, secret, "admin")
    api = Client(pool.url, token)
    assert api.get(mine).status_code == 200
    for _ in range(20):
        assert api.get(BOOKINGS, params={"user_id": user}).status_code == 200
    assert sandbox.calls()["auth"]["calls"] == 1
    assert Client(pool.url, tokens.make(user + "x", secret)).get(mine) \
        .status_code == 403


def test_bad_tokens_are_not_remembered(pool_with, secret, user, sandbox,
                                       mine):
    pool = pool_with(AUTH_CACHE_SECONDS="30")
    api = Client(pool.url, tokens.make(user, secret))
    sandbox.fault("auth", "not_found", count=1)
    assert refused(api.get(mine))
    sandbox.fault("auth", "error503", count=1)
    assert_error(api.get(mine), 503, "AUTH_SERVICE_UNAVAILABLE")
    assert api.get(mine).status_code == 200


def test_memory_never_outlives_the_token(pool_with, secret, user, mine,
                                         sandbox):
    pool = pool_with(AUTH_CACHE_SECONDS="30")
    api = Client(pool.url, tokens.make(user, secret, lifetime=3))
    assert api.get(mine).status_code == 200
    eventually(lambda: api.get(mine).status_code == 401)
    assert refused(api.get(mine))
    assert sandbox.calls()["auth"]["calls"] == 1


def test_no_token_in_clear_in_shared_memory(pool_with, secret, user, mine):
    """Nor in a log: what is kept of a token is a salted digest."""
    from support.pool import workers_of
    pool = pool_with(workers=1, AUTH_CACHE_SECONDS="30")
    token = tokens.make(user, secret)
    assert Client(pool.url, token).get(mine).status_code == 200
    pid = workers_of(pool.service.pool)[0]
    needle = token.split(".")[2].encode()
    for start, end in shared_mappings(pid):
        with open(f"/proc/{pid}/mem", "rb") as memory:
            memory.seek(start)
            assert needle not in memory.read(end - start)
    assert needle.decode() not in pool.service.pool.output()


def shared_mappings(pid):
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        for line in maps:
            span, mode, *_ = line.split()
            if mode == "rw-s":
                yield tuple(int(x, 16) for x in span.split("-"))


def test_breaker_spares_a_service_that_fails(pool_with, secret, user, sandbox,
                                             mine):
    pool = pool_with(BREAKER_FAILURES="3", BREAKER_OPEN_MS="60000")
    api = Client(pool.url, tokens.make(user, secret))
    sandbox.fault("auth", "error503")
    for _ in range(8):
        assert_error(api.get(mine), 503, "AUTH_SERVICE_UNAVAILABLE")
    assert sandbox.calls()["auth"]["calls"] == 3


def test_breaker_closes_again(pool_with, secret, user, sandbox, mine):
    pool = pool_with(BREAKER_FAILURES="1", BREAKER_OPEN_MS="100")
    api = Client(pool.url, tokens.make(user, secret))
    sandbox.fault("auth", "error503", count=1)
    assert_error(api.get(mine), 503, "AUTH_SERVICE_UNAVAILABLE")
    eventually(lambda: api.get(mine).status_code == 200)


def test_token_errors_do_not_open_the_breaker(pool_with, secret, user,
                                              sandbox, mine):
    pool = pool_with(BREAKER_FAILURES="2", BREAKER_OPEN_MS="60000")
    api = Client(pool.url, tokens.make(user, secret))
    sandbox.fault("auth", "jwt_error_500", count=5)
    for _ in range(5):
        assert refused(api.get(mine))
    assert api.get(mine).status_code == 200


# --- connections that the peer closes ---------------------------------------------

class Closing(http.server.BaseHTTPRequestHandler):
    """Says that it keeps the connection, and closes it all the same: what a
    caller sees of a peer that closes idle connections."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b'{"success":true,"data":{"id":"user-1"}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.server.paths.append(self.path)
        self.close_connection = True

    def log_message(self, *_):
        pass


@pytest.fixture
def closing_server():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Closing)
    server.paths = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_stale_connections_are_retried_invisibly(pool_with, secret,
                                                 closing_server):
    pool = pool_with(workers=1, AUTH_SERVICE_URL="http://127.0.0.1:"
                     f"{closing_server.server_address[1]}",
                     BREAKER_FAILURES="1")
    api = Client(pool.url, tokens.make("user-1", secret))
    for _ in range(10):
        assert api.get(f"{BOOKINGS}/user/user-1").status_code == 200
    assert closing_server.paths == ["/isAuthenticated"] * 10
