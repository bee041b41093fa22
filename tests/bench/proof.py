"""Proves after a run that every 201 was a real booking, once."""

import json
import time

import pika

SETTLE_SECONDS = 30
EMPTY_SECONDS = 0.5


class Ledger:
    """Rows, seats and messages: counted before a run, compared after it."""

    def __init__(self, store, broker_url):
        self._store = store
        self._connection = pika.BlockingConnection(
            pika.URLParameters(broker_url))
        self._channel = self._connection.channel()
        self._rows = self._seats = 0

    def open(self):
        """Begins a run: forgets the messages, notes the rows."""
        self._settle()
        self._channel.queue_purge("booking.created")
        self._rows, self._seats = self._count()

    def check(self, created, passengers, ids=None):
        """`created`: how many bookings were answered with 201; `ids`: which,
        if that is known. Returns what is wrong with them; nothing when all is
        exact."""
        wrong = []
        if ids is not None and len(set(ids)) != created:
            wrong.append(f"{len(set(ids))} ids for {created} 201s")
        rows, seats = self._count()
        if rows - self._rows != created:
            wrong.append(f"{rows - self._rows} rows for {created} 201s")
        if seats - self._seats != created * passengers:
            wrong.append(f"{seats - self._seats} seats sold to "
                         f"{created * passengers} passengers")
        wrong += self._twice()
        wrong += self._messages(created, ids)
        return wrong

    def close(self):
        self._connection.close()

    def _count(self):
        return (self._store.count("bookings"),
                self._store.count("seats", "is_available = FALSE"))

    def _twice(self):
        """A seat is a row, so that it has one owner; but passengers carry
        their seat as well."""
        twice = self._store.value(
            "SELECT COUNT(*) FROM (SELECT 1 FROM passengers p JOIN bookings b"
            " ON b.id = p.booking_id WHERE b.booking_status <> 'CANCELLED'"
            " AND b.flight_id NOT LIKE 'SEED-%%'"
            " GROUP BY b.flight_id, p.seat_position HAVING COUNT(*) > 1) t")
        strays = self._store.value(
            "SELECT COUNT(*) FROM passengers p JOIN bookings b"
            " ON b.id = p.booking_id JOIN seats s ON s.flight_id = b.flight_id"
            " AND s.position = p.seat_position"
            " WHERE b.booking_status <> 'CANCELLED'"
            " AND b.flight_id NOT LIKE 'SEED-%%'"
            " AND NOT s.booking_id <=> b.id")
        return ([f"{twice} seats sold twice"] if twice else []) + \
            ([f"{strays} passengers in others' seats"] if strays else [])

    def _settle(self):
        """Waits until the outbox is empty: what could not be published at
        once, the relay has published."""
        deadline = time.monotonic() + SETTLE_SECONDS
        while self._unsent() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _unsent(self):
        return self._store.count("booking_events",
                                 "outbox_shard IS NOT NULL")

    def _messages(self, created, ids):
        self._settle()
        unsent = self._unsent()
        if unsent:
            return [f"{unsent} events are still in the outbox"]
        events, bookings = set(), set()
        for event, booking in self._consume():
            events.add(event)
            bookings.add(booking)
        wrong = []
        if len(events) != created or len(bookings) != created:
            wrong.append(f"{len(events)} messages for {created} 201s")
        elif ids is not None and bookings != set(ids):
            wrong.append("messages of other bookings than were answered")
        return wrong

    def _consume(self):
        for method, properties, body in self._channel.consume(
                "booking.created", auto_ack=True,
                inactivity_timeout=EMPTY_SECONDS):
            if method is None:
                break
            yield properties.message_id, json.loads(body)["booking_id"]
        self._channel.cancel()
