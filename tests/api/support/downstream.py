"""The stack as its neighbours on the broker see it: a durable queue that keeps
every event, publishers of other services' events, and the outbox behind."""

import contextlib
import json
import os
import re
import signal
import time

import pika

from event_checker import Booking, Committed, Delivered, judge, repeated
from support import token as tokens
from support.client import Client
from support.store import Store

QUEUE = "checker"


class Downstream:
    """A running stack whose RABBITMQ_CONSUMER_QUEUES names QUEUE."""

    def __init__(self, stack):
        self.stack = stack
        self.store = Store(stack.database.socket, stack.settings["DB_NAME"])
        self.delivered = []

    # --- the service ---------------------------------------------------------

    def client(self, user, role="customer"):
        return Client(f"http://127.0.0.1:{self.stack.port.number}",
                      tokens.make(user, self.stack.settings["JWT_SECRET"],
                                  role))

    def duty_pid(self, duty, log="events"):
        """The process of a duty that was started last."""
        with open(os.path.join(self.stack.log_dir, log + ".log"),
                  encoding="utf-8") as lines:
            started = re.findall(
                rf'"event":"duty_start".*"pid":(\d+),"duty":"{duty}"',
                lines.read())
        return int(started[-1])

    def events_log(self):
        return self.stack.service.events.output()

    def unsent(self):
        return self.store.count("booking_events", "outbox_shard IS NOT NULL")

    def unpublish(self):
        """As if every worker had died before it took its events out."""
        self.store.query(
            "UPDATE booking_events SET published_at = NULL, outbox_shard ="
            " MOD(ASCII(RIGHT(booking_id, 1)), 16),"
            " occurred_at = occurred_at - INTERVAL 1 MINUTE")
        return self.unsent()

    # --- the broker ----------------------------------------------------------

    @contextlib.contextmanager
    def channel(self):
        connection = pika.BlockingConnection(
            pika.URLParameters(self.stack.settings["RABBITMQ_URL"]))
        try:
            channel = connection.channel()
            channel.confirm_delivery()
            yield channel
        finally:
            with contextlib.suppress(pika.exceptions.AMQPError):
                connection.close()

    def publish(self, exchange, key, body, message_id=None):
        content = body if isinstance(body, str) else json.dumps(body)
        with self.channel() as channel:
            channel.basic_publish(
                exchange, key, content,
                pika.BasicProperties(message_id=message_id, delivery_mode=2),
                mandatory=True)

    def depth(self, queue):
        with self.channel() as channel:
            return channel.queue_declare(
                queue, passive=True).method.message_count

    def take(self, queue):
        """One message, or None: (key, properties, body as text)."""
        with self.channel() as channel:
            method, properties, body = channel.basic_get(queue, auto_ack=True)
            return method and (method.routing_key, properties, body.decode())

    def collect(self):
        """Reads what has come until now."""
        with self.channel() as channel:
            while True:
                method, properties, body = channel.basic_get(
                    QUEUE, auto_ack=True)
                if method is None:
                    return
                payload = json.loads(body)
                self.delivered.append(Delivered(
                    payload["booking_id"], payload["sequence"],
                    properties.message_id, method.routing_key,
                    body.decode()))

    def is_bound(self):
        """Our queue is there and gets every event."""
        try:
            with self.channel() as channel:
                channel.queue_bind(QUEUE, "booking_events", "booking.#")
        except pika.exceptions.AMQPError:
            return False
        return True

    # --- the verdict -----------------------------------------------------------

    def settle(self, seconds=30):
        """Waits until nothing waits."""
        deadline = time.monotonic() + seconds
        while self.unsent():
            assert time.monotonic() < deadline, \
                f"{self.unsent()} events still wait; {self.events_log()}"
            time.sleep(0.05)

    def assert_all_is_well(self):
        """The shared end of every test; returns how many deliveries were
        repeated."""
        self.settle()
        self.collect()
        wrong = judge(self.bookings(), self.committed(), self.delivered)
        assert not wrong, wrong
        return repeated(self.delivered)

    def bookings(self):
        return [Booking(text(row["id"]), row["version"], row["status"],
                        row["last_status"]) for row in self.store.query(
            "SELECT b.id, b.version, b.booking_status AS status,"
            " (SELECT e.to_status FROM booking_events e WHERE"
            "  e.booking_id = b.id ORDER BY e.sequence DESC LIMIT 1)"
            " AS last_status FROM bookings b")]

    def committed(self):
        return [Committed(text(row["booking_id"]), row["sequence"],
                          text(row["id"]), row["event_type"], row["payload"])
                for row in self.store.query("SELECT * FROM booking_events")]


@contextlib.contextmanager
def stopped(pid):
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def text(raw):
    """A UUID's bytes as they are written."""
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20],
                     digits[20:]))


def uuid_bytes(name):
    return bytes.fromhex(name.replace("-", ""))
