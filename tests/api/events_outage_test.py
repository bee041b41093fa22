"""No event is lost, early or out of order, whatever happens to the broker,
to the relay and to the consumers. Each test ends with the same check."""

import contextlib
import os
import signal
import uuid

import pymysql
import pytest

from conftest import DEFECTS, eventually, log_text, make_stack
from stack.progress import Silence
from support.client import BOOKINGS, new_flight
from support.downstream import QUEUE, Downstream, stopped, uuid_bytes


@pytest.fixture(scope="module")
def world(stack_directory):
    directory = os.path.join(stack_directory, "outage")
    os.makedirs(directory, mode=0o700)
    stack = make_stack(
        directory, RABBITMQ_CONSUMER_QUEUES=QUEUE, PUBLISH_TIMEOUT_MS="200",
        CONSUMER_RETRY_MS="50", DB_LOCK_WAIT_SECONDS="30",
        DB_TIMEOUT_SECONDS="40")
    try:
        stack.start(Silence())
        downstream = Downstream(stack)
        eventually(downstream.is_bound)
        yield downstream
    finally:
        stack.stop()
    defects = [line for name in sorted(os.listdir(stack.log_dir))
               for line in DEFECTS.findall(log_text(stack, name))]
    assert not defects, defects


@pytest.fixture
def work(world):
    """work(): changes of every kind, some of them on one booking; all are
    answered as if nothing was wrong."""
    client = world.client(f"user-{uuid.uuid4().hex[:8]}")
    service = world.client("payments", "service")
    flight = new_flight(600)

    def change(rounds=4):
        for _ in range(rounds):
            created = [client.book(flight) for _ in range(3)]
            assert [r.status_code for r in created] == [201] * 3
            ids = [r.json()["data"]["booking_id"] for r in created]
            for name in ids[:2]:
                assert service.post(
                    f"{BOOKINGS}/{name}/confirm").status_code == 200
            assert client.request(
                "DELETE", f"{BOOKINGS}/{ids[0]}").status_code == 200
    return change


@contextlib.contextmanager
def locked(world, sql, *parameters):
    """Holds the locks of a SELECT ... FOR UPDATE."""
    connection = pymysql.connect(
        unix_socket=world.stack.database.socket, user="root",
        database=world.stack.settings["DB_NAME"])
    try:
        connection.begin()
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
        yield
    finally:
        connection.close()


def writes(world, table):
    """A statement that changes the table is under way, or would be without
    our lock. (innodb_trx shows a stale picture to those who ask often.)"""
    return world.store.count(
        f"{world.store.processes}`.`processlist",
        "command = 'Execute' AND info LIKE %s", f"UPDATE {table} SET%") > 0


def test_nothing_is_wrong(world, work):
    work()
    world.assert_all_is_well()


def test_broker_is_killed(world, work):
    work()
    world.stack.broker.process.kill()
    work()
    assert world.unsent() > 0
    world.stack.broker.resume()
    work()
    world.assert_all_is_well()
    assert world.store.count("booking_events", "attempts > 0") == 0


def test_broker_stands_still(world, work):
    with stopped(world.stack.broker.process.pid):
        work(rounds=1)
        assert world.unsent() > 0
    world.assert_all_is_well()


def test_broker_is_in_memory_alarm(world, work):
    control = world.stack.broker.control
    control("set_vm_memory_high_watermark", "absolute", "1MB")
    try:
        work(rounds=1)
        assert world.unsent() > 0
    finally:
        control("set_vm_memory_high_watermark", "absolute", "512MB")
    world.assert_all_is_well()


def test_queues_are_deleted(world, work):
    """What the broker returns is kept; the queues are declared anew."""
    work(rounds=1)
    world.settle()
    world.collect()
    with stopped(world.duty_pid("relay")):
        with world.channel() as channel:
            for queue in (QUEUE, "booking.created", "booking.confirmed",
                          "booking.cancelled"):
                channel.queue_delete(queue)
        work()
        assert world.unsent() > 0
    world.assert_all_is_well()
    assert world.store.count("booking_events",
                             "last_error LIKE 'returned%%'") > 0


def test_refused_event_holds_back_those_behind_it(world, work):
    """Only the first of a booking's events has no queue to go to."""
    world.settle()
    world.collect()
    with stopped(world.duty_pid("relay")):
        with world.channel() as channel:
            for key in ("booking.confirmed", "booking.cancelled"):
                channel.queue_bind(QUEUE, "booking_events", key)
            channel.queue_unbind(QUEUE, "booking_events", "booking.#")
            channel.queue_delete("booking.created")
        work()
        assert world.unsent() > 0
    world.assert_all_is_well()


def test_relay_is_killed_between_confirm_and_mark(world, work):
    work()
    world.settle()
    world.collect()
    world.stack.service.stop_events()
    waiting = world.unpublish()
    with locked(world, "SELECT * FROM booking_events FOR UPDATE"):
        world.stack.service.start_events()
        eventually(lambda: world.depth(QUEUE) > 0)
        eventually(lambda: writes(world, "booking_events"))
        os.kill(world.duty_pid("relay"), signal.SIGKILL)
    assert world.assert_all_is_well() > waiting


def test_paused_relay_loses_its_shards_to_another(world, work):
    """Two relays share; one that wakes after it lost its lease marks nothing
    that is not its own."""
    service = world.stack.service
    first = service.events
    first_relay = world.duty_pid("relay")
    service.start_events()
    second = service.events
    try:
        eventually(lambda: owners(world) == [8, 8], 30)
        work(rounds=1)
        world.settle()
        world.unpublish()
        with stopped(first_relay):
            work(rounds=1)
            eventually(lambda: owners(world) == [16], 30)
            world.settle()
        work(rounds=1)
        eventually(lambda: owners(world) == [8, 8], 30)
        world.assert_all_is_well()
    finally:
        service.events = first
        world.stack.processes.stop(second)
    eventually(lambda: owners(world) == [16], 30)


def owners(world):
    """How many shards each relay holds."""
    return [row["shards"] for row in world.store.query(
        "SELECT COUNT(*) AS shards FROM outbox_shards"
        " WHERE relay_id IS NOT NULL AND expires_at > UTC_TIMESTAMP(3)"
        " GROUP BY relay_id")]


def test_two_relays_race_through_a_backlog(world, work):
    service = world.stack.service
    first = service.events
    work()
    world.settle()
    service.start_events()
    second = service.events
    try:
        eventually(lambda: owners(world) == [8, 8], 30)
        world.unpublish()
        work()
        world.assert_all_is_well()
    finally:
        service.events = first
        world.stack.processes.stop(second)


def test_consumer_is_killed_between_commit_and_ack(world):
    """The message comes again and does nothing."""
    client = world.client("payer")
    booking = client.book(new_flight()).json()["data"]
    world.settle()
    world.stack.service.stop_events()
    world.stack.service.start_events()
    name = uuid_bytes(booking["booking_id"])
    with locked(world, "SELECT * FROM bookings WHERE id = %s FOR UPDATE",
                name):
        world.publish("payment_events", "payment.completed", {
            "booking_id": booking["booking_id"], "payment_id": "p-1",
            "amount": booking["total_price"],
            "currency": booking["currency"]}, "killed-consumer")
        eventually(lambda: writes(world, "bookings"))
        broker = world.stack.broker.process.pid
        os.kill(broker, signal.SIGSTOP)
    try:
        eventually(lambda: world.store.value(
            "SELECT booking_status FROM bookings WHERE id = %s", name)
            == "CONFIRMED")
        os.kill(world.duty_pid("payments"), signal.SIGKILL)
    finally:
        os.kill(broker, signal.SIGCONT)
    eventually(lambda: "message_known" in world.events_log())
    eventually(lambda: world.depth("booking.payment_events") == 0)
    assert world.store.value("SELECT version FROM bookings WHERE id = %s",
                             name) == 2
    world.assert_all_is_well()
