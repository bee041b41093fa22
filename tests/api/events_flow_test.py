"""Payments, cancelled flights, holds, dead letters, downstream queues and the
operator's view, on the real broker."""

import json
import os
import uuid

import pytest

from conftest import DEFECTS, eventually, log_text, make_stack
from stack.process import Failure
from stack.progress import Silence
from support.client import BOOKINGS, assert_error, new_flight
from support.downstream import QUEUE, Downstream, stopped, uuid_bytes
from support.sandbox import SandboxControl

PAYMENTS = "payment_events"
DLQ = "booking_events.dlq"
RETRIES = 3


@pytest.fixture(scope="module")
def world(stack_directory):
    directory = os.path.join(stack_directory, "flow")
    os.makedirs(directory, mode=0o700)
    stack = make_stack(
        directory, CONSUMER_RETRY_MS="50", CONSUMER_RETRIES=str(RETRIES),
        RABBITMQ_CONSUMER_QUEUES=f"{QUEUE} "
        "analytics=booking.created,booking.cancelled",
        BOOKING_HOLD_MINUTES="60", BOOKING_HOLD_MAX_MINUTES="90",
        REQUEST_TIMEOUT_MS="3000", PUBLISH_TIMEOUT_MS="10000",
        MAX_OPEN_HOLDS_PER_USER="3", DUPLICATE_WINDOW_SECONDS="0",
        REMINDER_EXCHANGE="reminders", REMINDER_BINDING_KEY="ticket")
    try:
        stack.start(Silence())
        downstream = Downstream(stack)
        eventually(downstream.is_bound)
        eventually(lambda: subscribed(downstream))
        with downstream.channel() as channel:
            channel.queue_declare("tickets")
            channel.queue_bind("tickets", "reminders", "ticket")
        yield downstream
    finally:
        stack.stop()
    defects = [line for name in sorted(os.listdir(stack.log_dir))
               for line in DEFECTS.findall(log_text(stack, name))]
    assert not defects, defects


def subscribed(world):
    """Every consumer of ours is there."""
    listed = world.stack.broker.control("list_queues", "name", "consumers")
    return {"booking.payment_events\t1", "booking.flight_events\t1",
            "booking_events.reminders\t1"} <= set(listed.splitlines())


@pytest.fixture
def client(world):
    return world.client(f"user-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def booking(client):
    return client.book(new_flight()).json()["data"]


@pytest.fixture(autouse=True)
def verdict(world):
    """Whatever a test did: nothing is lost, early or out of order."""
    yield
    world.assert_all_is_well()


def payment(booking, **changed):
    return {"event_type": "payment.completed",
            "booking_id": booking["booking_id"], "payment_id": "pay-1",
            "amount": booking["total_price"],
            "currency": booking["currency"], **changed}


def row(world, booking):
    return world.store.query("SELECT * FROM bookings WHERE id = %s",
                             uuid_bytes(booking["booking_id"]))[0]


def status(world, booking):
    return row(world, booking)["booking_status"]


def history(client, booking):
    return client.get(f"{BOOKINGS}/{booking['booking_id']}/history").json()[
        "data"]["history"]


def handled(world, queue="booking.payment_events"):
    """Nothing is ready, on its way or waiting for another try."""
    listed = world.stack.broker.control("list_queues", "name", "messages")
    counts = dict(line.split("\t") for line in listed.splitlines()[1:])
    return all(count == "0" for name, count in counts.items()
               if name.startswith(queue))


@pytest.fixture(scope="module")
def died_in(world):
    """The queues that a message's header lists after its last try: to
    RabbitMQ 4 what is published again is a new message."""
    queues = [f"booking.payment_events.retry.{ms}ms" for ms in (50, 100, 200)]
    version = int(world.stack.broker.control("version").split(".")[0])
    return set(queues if version < 4 else queues[-1:])


def dead_letter(world):
    eventually(lambda: world.depth(DLQ) > 0)
    return world.take(DLQ)


# --- the relay ---------------------------------------------------------------


def test_worker_wakes_the_relay(world, client, booking):
    """An event that must not overtake another does not wait for the relay to
    come by: that would take as long as the broker may take to confirm. The
    event before it is one that the pool did not publish itself."""
    world.publish(PAYMENTS, "payment.completed", payment(booking))
    eventually(lambda: status(world, booking) == "CONFIRMED")
    world.settle()
    world.store.query(
        "UPDATE booking_events SET published_at = NULL,"
        " outbox_shard = MOD(ASCII(RIGHT(booking_id, 1)), 16)"
        " WHERE booking_id = %s AND sequence = 2",
        uuid_bytes(booking["booking_id"]))
    assert client.request(
        "DELETE", f"{BOOKINGS}/{booking['booking_id']}").status_code == 200
    world.settle(seconds=8)


# --- payments ----------------------------------------------------------------


def test_payment_confirms(world, client, booking):
    world.publish(PAYMENTS, "payment.completed", payment(booking), "m-1")
    eventually(lambda: status(world, booking) == "CONFIRMED")
    last = history(client, booking)[-1]
    assert (last["event_type"], last["actor"]) == \
        ("booking.confirmed", "system")


@pytest.mark.parametrize("message_id", ["twice", None])
def test_message_that_comes_twice_acts_once(world, booking, message_id):
    for _ in range(3):
        world.publish(PAYMENTS, "payment.completed", payment(booking),
                      message_id and message_id + booking["booking_id"])
    eventually(lambda: status(world, booking) == "CONFIRMED")
    eventually(lambda: handled(world))
    assert row(world, booking)["version"] == 2


def test_failed_payment_cancels(world, booking):
    world.publish(PAYMENTS, "payment.failed", payment(booking))
    eventually(lambda: status(world, booking) == "CANCELLED")
    assert row(world, booking)["cancellation_reason"] == "payment_failed"


def test_failed_payment_leaves_a_confirmed_booking(world, booking):
    world.publish(PAYMENTS, "payment.completed", payment(booking))
    world.publish(PAYMENTS, "payment.failed", payment(booking))
    eventually(lambda: "payment_failure_ignored" in world.events_log())
    eventually(lambda: handled(world))
    assert (row(world, booking)["version"], status(world, booking)) == \
        (2, "CONFIRMED")


def test_late_payment_never_revives(world, client, booking):
    assert client.request(
        "DELETE", f"{BOOKINGS}/{booking['booking_id']}").status_code == 200
    for _ in range(2):
        world.publish(PAYMENTS, "payment.completed", payment(booking), "late")
    eventually(lambda: row(world, booking)["version"] == 3)
    eventually(lambda: handled(world))
    assert status(world, booking) == "CANCELLED"
    entries = history(client, booking)
    assert [(e["event_type"], e["reason"]) for e in entries[1:]] == [
        ("booking.cancelled", "user_requested"),
        ("booking.refund_required", "payment_after_cancellation")]
    world.settle()
    world.collect()
    told = json.loads(next(
        event.body for event in world.delivered
        if event.booking_id == booking["booking_id"]
        and event.type == "booking.refund_required"))
    assert (told["refund_amount"], told["payment_id"]) == \
        (booking["total_price"], "pay-1")


def test_payment_for_an_expired_hold_is_too_late(world, booking):
    """Though no sweep has met it yet."""
    with stopped(world.duty_pid("sweep")):
        run_out(world, booking)
        world.publish(PAYMENTS, "payment.completed", payment(booking))
        eventually(lambda: row(world, booking)["version"] == 3)
    assert (status(world, booking), row(world, booking)[
        "cancellation_reason"]) == ("CANCELLED", "hold_expired")


@pytest.mark.parametrize("changed", [
    {"amount": 1.0}, {"amount": "299.98"}, {"currency": "EUR"}])
def test_other_amount_or_currency_is_refused(world, booking, changed):
    world.publish(PAYMENTS, "payment.completed", payment(booking, **changed))
    key, properties, _ = dead_letter(world)
    assert key == "payment.completed"
    assert properties.headers["x-error"].startswith("MESSAGE_REFUSED")
    assert properties.headers["x-attempts"] == 1
    assert status(world, booking) == "CREATED"


@pytest.mark.parametrize("body", [
    "not JSON", "[]", '{"amount":1}',
    '{"booking_id":"01944579-e540-7c11-9f5e-6d1f5a2b8c03",'
    '"amount":"much","currency":"USD"}',
    '{"booking_id":"01944579-e540-7c11-9f5e-6d1f5a2b8c03",'
    '"amount":1,"currency":"USD"}'])
def test_what_cannot_be_handled_is_tried_again_then_dead(world, died_in, body):
    world.publish(PAYMENTS, "payment.completed", body)
    _, properties, dead = dead_letter(world)
    assert dead == body
    assert properties.headers["x-attempts"] == RETRIES + 1
    assert properties.headers["x-error"]
    assert {death["queue"]
            for death in properties.headers["x-death"]} == died_in


def test_order_of_payments_of_one_booking_does_not_matter(world, booking):
    """Failed first, completed later: cancelled, and a refund."""
    world.publish(PAYMENTS, "payment.failed", payment(booking))
    world.publish(PAYMENTS, "payment.completed", payment(booking))
    eventually(lambda: row(world, booking)["version"] == 3)
    assert status(world, booking) == "CANCELLED"


# --- flights -----------------------------------------------------------------


def test_cancelled_flight_cancels_all_its_bookings(world):
    """In a transaction each: they are of different moments."""
    flight = new_flight(600)
    service = world.client("payments", "service")
    for number in range(500):
        created = world.client(f"{flight}-{number}").book(flight)
        if number % 2:
            name = created.json()["data"]["booking_id"]
            assert service.post(
                f"{BOOKINGS}/{name}/confirm").status_code == 200
    other = world.client(flight).book(new_flight()).json()["data"]
    world.publish("flight_events", "flight.cancelled", {"flight_id": flight})
    eventually(lambda: world.store.count(
        "bookings", "flight_id = %s AND cancellation_reason ="
        " 'flight_cancelled'", flight) == 500, seconds=60)
    assert world.store.value(
        "SELECT COUNT(DISTINCT cancelled_at) FROM bookings"
        " WHERE flight_id = %s", flight) > 10
    assert world.store.count(
        "seats", "flight_id = %s AND NOT is_available", flight) == 0
    assert status(world, other) == "CREATED"


def test_booking_behind_a_cancellation_is_cancelled_too(world, client):
    """A worker may remember the flight as it was."""
    flight = new_flight()
    first = client.book(flight).json()["data"]
    world.publish("flight_events", "flight.cancelled", {"flight_id": flight})
    eventually(lambda: status(world, first) == "CANCELLED")
    late = client.book(flight).json()["data"]
    eventually(lambda: status(world, late) == "CANCELLED")
    assert row(world, late)["cancellation_reason"] == "flight_cancelled"


def test_bookings_left_behind_show_the_flight_as_it_is(world):
    """What a worker booked with a flight that it remembered from before the
    change. The first look comes with the start."""
    client = world.client("left-behind")
    first = client.book(flight := new_flight()).json()["data"]
    SandboxControl(world.stack.sandbox.url).put_flight(flight, origin="EWR")
    assert client.book(flight).status_code == 201
    world.store.query(
        "UPDATE bookings SET origin = 'JFK', flight_changed_at = NULL"
        " WHERE id = %s", uuid_bytes(first["booking_id"]))
    path = f"{BOOKINGS}/{first['booking_id']}"
    assert client.get(path).json()["data"]["flight_details"]["origin"] == "JFK"
    world.stack.service.stop_events()
    world.stack.service.start_events()
    eventually(lambda: client.get(path).json()["data"]["flight_details"][
        "origin"] == "EWR")
    assert client.get(path).headers["ETag"] != '"1"'


# --- retention ---------------------------------------------------------------


def test_old_contents_are_swept_and_history_stays(world, booking):
    """The first sweep comes with the start."""
    world.settle()
    world.stack.service.stop_events()
    # Ids tell when a booking was made; this one is of 1970.
    old, name = bytes(15) + b"\1", uuid_bytes(booking["booking_id"])
    world.store.query(
        "INSERT INTO bookings (id, booking_reference, user_id, flight_id,"
        " booking_status, version, total_price, currency, passengers_count,"
        " departure, flight_number, airline, origin, destination,"
        " created_at, updated_at)"
        " SELECT %s, 'BK-19700101-001',"
        " user_id, flight_id, 'CONFIRMED', 1, total_price, currency, 1,"
        " departure, flight_number, airline, origin, destination,"
        " created_at, updated_at FROM bookings WHERE id = %s",
        old, name)
    try:
        world.store.query(
            "INSERT INTO booking_events (booking_id, sequence, id,"
            " event_type, actor, payload, request_id, traceparent,"
            " occurred_at, published_at) VALUES (%s, 1, %s,"
            " 'booking.created', 'u', 'old', 'r', 't', '1970-01-02',"
            " '1970-01-02')", old, old)
        world.store.query("INSERT INTO inbox VALUES (%s, 's', '1970-01-02')",
                          bytes(32))
        world.stack.service.start_events()
        eventually(lambda: world.store.value(
            "SELECT payload FROM booking_events WHERE booking_id = %s",
            old) == "")
        eventually(lambda: world.store.count(
            "inbox", "received_at < '2000-01-01'") == 0)
        assert world.store.value(
            "SELECT payload FROM booking_events WHERE booking_id = %s",
            name) != ""
    finally:
        for table, column in (("booking_events", "booking_id"),
                              ("bookings", "id")):
            world.store.query(f"DELETE FROM {table} WHERE {column} = %s", old)


# --- holds -------------------------------------------------------------------


def run_out(world, booking):
    world.store.query(
        "UPDATE bookings SET expires_at = UTC_TIMESTAMP() - INTERVAL 1 SECOND"
        " WHERE id = %s", uuid_bytes(booking["booking_id"]))


def test_expired_hold_is_swept(world, client, booking):
    run_out(world, booking)
    eventually(lambda: status(world, booking) == "CANCELLED")
    assert history(client, booking)[-1]["reason"] == "hold_expired"


@pytest.mark.parametrize("wish", [{}, {"seat_preferences": ["1A"]}])
def test_expired_hold_is_free_before_any_sweep(world, client, wish):
    flight = new_flight(2)
    first = client.book(flight, passengers=2).json()["data"]
    rival = world.client("rival")
    assert rival.book(flight, **wish).status_code in (400, 409)
    world.stack.service.stop_events()
    try:
        run_out(world, first)
        taken = rival.book(flight, **wish)
        assert taken.status_code == 201
        assert status(world, first) == "CANCELLED"
    finally:
        world.stack.service.start_events()
    name = taken.json()["data"]["booking_id"]
    assert rival.request("DELETE", f"{BOOKINGS}/{name}").status_code == 200


def test_hold_is_extended_up_to_the_longest(world, client, booking):
    path = f"{BOOKINGS}/{booking['booking_id']}/extend"
    assert_error(world.client("stranger").post(path), 403, "FORBIDDEN")
    world.store.query(
        "UPDATE bookings SET created_at = created_at - INTERVAL 40 MINUTE,"
        " expires_at = expires_at - INTERVAL 40 MINUTE WHERE id = %s",
        uuid_bytes(booking["booking_id"]))
    answer = client.post(path)
    assert answer.status_code == 200
    held = row(world, booking)
    assert (held["expires_at"] - held["created_at"]).total_seconds() == 5400
    assert_error(client.post(path), 409, "BOOKING_NOT_MODIFIABLE")
    assert [e["event_type"] for e in history(client, booking)] == [
        "booking.created", "booking.updated"]


def test_extending_what_cannot_be(world, client, booking):
    path = f"{BOOKINGS}/{booking['booking_id']}"
    assert client.request("DELETE", path).status_code == 200
    assert_error(client.post(path + "/extend"), 409, "BOOKING_NOT_MODIFIABLE")
    assert_error(client.post(f"{BOOKINGS}/{uuid.uuid4()}/extend"), 404,
                 "BOOKING_NOT_FOUND")


def test_unpaid_bookings_of_a_user_are_capped(client):
    flight = new_flight()
    made = [client.book(flight) for _ in range(3)]
    assert [r.status_code for r in made] == [201] * 3
    refused = client.book(flight)
    assert_error(refused, 429, "TOO_MANY_HOLDS")
    assert "Retry-After" in refused.headers
    name = made[0].json()["data"]["booking_id"]
    assert client.request("DELETE", f"{BOOKINGS}/{name}").status_code == 200
    assert client.book(flight).status_code == 201


# --- the broker's objects ----------------------------------------------------


def test_downstream_queue_gets_what_it_binds_to(world, client, booking):
    path = f"{BOOKINGS}/{booking['booking_id']}"
    assert client.post(path + "/extend").status_code in (200, 409)
    assert client.request("DELETE", path).status_code == 200
    world.settle()
    # A change right after another may have that published again: at least
    # once, under the same id.
    keys = {}
    while message := world.take("analytics"):
        if json.loads(message[2])["booking_id"] == booking["booking_id"]:
            keys.setdefault(message[1].message_id, message[0])
    assert list(keys.values()) == ["booking.created", "booking.cancelled"]


def test_object_with_other_arguments_is_left_alone(world, client):
    """It is named, and publishing goes on."""
    world.settle()
    world.stack.service.stop_events()
    with world.channel() as channel:
        channel.queue_delete("booking.updated")
        channel.queue_declare("booking.updated", durable=True,
                              arguments={"x-max-length": 7})
    world.stack.service.start_events()
    eventually(lambda: "topology_differs" in world.events_log())
    assert "queue booking.updated" in world.events_log()
    assert client.book(new_flight()).status_code == 201


def test_tickets_for_the_reminder_service(world, client):
    booking = client.book(new_flight()).json()["data"]
    world.publish(PAYMENTS, "payment.completed", payment(booking))
    tickets = []

    def both():
        """Every booking makes tickets, those of other tests too."""
        while message := world.take("tickets"):
            if booking["booking_reference"] in message[2]:
                tickets.append(json.loads(message[2]))
        return len(tickets) == 2

    eventually(both)
    assert [t["service"] for t in tickets] == ["CREATE_TICKET"] * 2
    for ticket in tickets:
        assert set(ticket["data"]) == {"subject", "content",
                                       "recepientEmail", "notificationTime"}
        assert ticket["data"]["recepientEmail"] == "ada0@example.com"
        assert len(ticket["data"]["content"]) <= 255
    # The sandbox's flights leave on 2030-02-15 at 08:00.
    assert tickets[1]["data"]["notificationTime"] == "2030-02-14T08:00:00Z"


# --- the operator's view -----------------------------------------------------


def test_operator_sees_and_revives_what_the_broker_refuses(world, client):
    control = world.stack.service.control
    world.settle()
    world.collect()
    world.stack.service.stop_events()
    booking = client.book(new_flight()).json()["data"]
    world.settle()
    world.store.query(
        "UPDATE booking_events SET published_at = NULL, attempts = 50,"
        " outbox_shard = MOD(ASCII(RIGHT(booking_id, 1)), 16),"
        " occurred_at = occurred_at - INTERVAL 1 MINUTE,"
        " last_error = 'returned' WHERE booking_id = %s",
        uuid_bytes(booking["booking_id"]))
    world.stack.service.start_events()
    told = dict(line.split(None, 1) for line in
                control("events", "status").splitlines()[:4])
    assert (told["unsent"], told["returned"], told["dead"]) == ("1",) * 3
    assert booking["booking_id"] in control("events", "list", "--dead")
    figures = client.get("/metrics").text
    for name in ("unsent", "returned", "dead"):
        assert f"\nbooking_events_{name} 1\n" in figures
    assert "1 events" in control("events", "resend", "--dead")
    world.settle()
    assert "none" in control("events", "list")
    assert "1 event " in control("events", "resend", booking["booking_id"])
    with pytest.raises(Failure):
        control("events", "resend", str(uuid.uuid4()))


def test_operator_drains_the_outbox_alone(world, client):
    client.book(new_flight())
    world.settle()
    world.stack.service.stop_events()
    try:
        assert world.unpublish() > 0
        world.stack.service.control("events", "drain", "--seconds", "60")
        assert world.unsent() == 0
    finally:
        world.stack.service.start_events()


def test_operator_replays_and_drops_dead_letters(world, booking):
    control = world.stack.service.control
    world.publish(PAYMENTS, "payment.completed",
                  payment(booking, amount=1), "dead-1")
    world.publish(PAYMENTS, "payment.completed",
                  payment(booking, amount=2), "dead-2")
    eventually(lambda: world.depth(DLQ) == 2)
    listed = control("dlq", "list")
    assert "dead-1" in listed and "MESSAGE_REFUSED" in listed
    assert '"amount": 1' in control("dlq", "show", "dead-1")
    control("dlq", "drop", "dead-2", "--dry-run")
    assert world.depth(DLQ) == 2
    control("dlq", "drop", "dead-2")
    assert world.depth(DLQ) == 1
    # The price becomes what was paid; then the letter can be handled.
    world.store.query("UPDATE bookings SET total_price = 1 WHERE id = %s",
                      uuid_bytes(booking["booking_id"]))
    assert "booking.payment_events" in control("dlq", "replay", "--all")
    eventually(lambda: status(world, booking) == "CONFIRMED")
    assert "none" in control("dlq")


def test_example_consumer_prints_what_happens(world, client):
    """It runs until it has seen as much as it was asked for."""
    process = world.stack.processes.start(
        "tail", [os.path.join(
            world.stack.service._programs,  # pylint: disable=protected-access
            "bookingctl"), "events", "tail", "--count", "1"],
        env=world.stack.settings)
    eventually(lambda: "booking_events.tail." in world.stack.broker.control(
        "list_queues", "name"))
    client.book(new_flight())
    eventually(lambda: process.ended() is not None)
    assert "booking.created" in process.output()
