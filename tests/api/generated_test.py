"""Thousands of requests made from the description, right and wrong: nothing
but described answers, no 5xx, no worker dead, nothing accepted that the
description forbids. GENERATED_SEED=N makes others than the usual ones."""

import collections
import os
import urllib.parse

import pytest
from hypothesis import HealthCheck, Phase, given, note, seed, settings

from support import token as tokens
from support.cases import FLIGHTS, cases
from support.client import Client
from support.description import DESCRIPTION

SEED = int(os.environ.get("GENERATED_SEED") or 20250108)
OPERATIONS = {operation["operationId"]: (path, method, operation)
              for path, method, operation in DESCRIPTION.operations()}
# Where there is more to get wrong.
MANY = {"createBooking": 500, "listBookings": 400, "listUserBookings": 300,
        "editPassenger": 400, "cancelBooking": 250}
SOME = 150
FEW = 25


def examples_of(name):
    if OPERATIONS[name][2].get("security") == []:
        return FEW
    return MANY.get(name, SOME)


class World:
    """Callers, and bookings for them."""

    def __init__(self, url, secret):
        self.clients = {
            name: Client(url, tokens.make(f"generated-{name}", secret, role))
            for name, role in (("owner", "customer"), ("admin", "admin"),
                               ("service", "service"),
                               ("stranger", "customer"))}
        self.clients["none"] = self.clients["junk"] = Client(url)
        self.statuses = collections.Counter()
        self._number = 0
        self._own = self.new()

    def new(self):
        """A booking that nobody has touched."""
        self._number += 1
        response = self.clients["owner"].book(
            f"F180-world-{self._number // 150}",
            special_requests=f"number {self._number}")
        assert response.status_code == 201, response.text
        made = response.json()["data"]
        return self.clients["owner"].booking(
            made["booking_id"]).json()["data"]

    def address(self, case):
        """The path of a case with what it stands for; at most one booking
        is made."""
        booking = self.new() if "new" in case.segments.values() else self._own
        known = {"id": booking["booking_id"], "userId": booking["user_id"],
                 "flightId": booking["flight_id"],
                 "passengerId": booking["passengers"][0]["passenger_id"]}
        path = case.path
        for name, segment in case.segments.items():
            text = segment[1:] if segment.startswith("=") else known[name]
            path = path.replace("{" + name + "}",
                                urllib.parse.quote(text, safe="%"))
        return path

    def send(self, case):
        query = "&".join(
            f"{urllib.parse.quote(name)}={urllib.parse.quote(value, safe='%')}"
            for name, value in case.query)
        target = self.address(case) + ("?" + query if query else "")
        note(f"{case.method} {target} as {case.token} {case.headers}"
             f" {case.body.content!r:.2000}")
        response = self.clients[case.token].request(
            case.method, target, data=case.body.content,
            headers={name: value.encode("utf-8")
                     for name, value in case.headers.items()})
        self.statuses[case.path, case.method, response.status_code] += 1
        return response


    def assert_some_accepted(self, path, method):
        """Otherwise nothing was tested but the first check."""
        sent = {status: count for (p, m, status), count
                in self.statuses.items() if (p, m) == (path, method)}
        accepted = sum(count for status, count in sent.items()
                       if status < 300)
        assert accepted > sum(sent.values()) // 40, sent
        if "401" in DESCRIPTION.paths[path][method.lower()]["responses"]:
            assert accepted < sum(sent.values()), sent


@pytest.fixture(scope="module")
def world(url, secret):
    return World(url, secret)


@pytest.fixture(scope="module", autouse=True)
def workers(stack):
    """The same before and after."""
    def children():
        pid = stack.service.pool.pid
        with open(f"/proc/{pid}/task/{pid}/children",
                  encoding="ascii") as file:
            return set(file.read().split())

    before = children()
    yield before
    assert children() == before, "a worker was replaced"


def is_right(case):
    """False when the description forbids the body."""
    if case.body.value is None:
        return True
    operation = DESCRIPTION.paths[case.path][case.method.lower()]
    media = operation["requestBody"]["content"]["application/json"]
    return not DESCRIPTION.mistakes(media["schema"], case.body.value)


@pytest.mark.parametrize("name", OPERATIONS)
def test_only_described_answers(world, name):
    print(f"GENERATED_SEED={SEED}")

    @seed(SEED)
    @settings(max_examples=examples_of(name), database=None, deadline=None,
              phases=[Phase.generate, Phase.shrink], print_blob=False,
              suppress_health_check=list(HealthCheck))
    @given(cases(*OPERATIONS[name]))
    def run(case):
        response = world.send(case)  # which holds it to the description
        assert response.status_code < 500
        if response.status_code < 300:
            assert is_right(case), "accepted what the description forbids"

    run()
    world.assert_some_accepted(*OPERATIONS[name][:2])


def test_flights_of_the_sandbox_are_of_every_kind(world):
    """What the generated bookings are about."""
    found = {flight: world.clients["owner"].get(
        f"/api/v1/bookings/seats/{flight}").status_code for flight in FLIGHTS}
    assert set(found.values()) == {200, 400}
