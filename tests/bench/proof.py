"""Proves after a run that every 201 was a real booking, once."""

import json
import time

import pika

SETTLE_SECONDS = 30
EMPTY_SECONDS = 0.5

# Of the flights that a run booked.
FLIGHTS = """
WITH flown AS (SELECT DISTINCT flight_id FROM bookings WHERE id > %s),
     seated AS (SELECT b.flight_id, b.id, p.seat_position FROM flown
                JOIN bookings b ON b.flight_id = flown.flight_id
                JOIN passengers p ON p.booking_id = b.id
                WHERE b.booking_status <> 'CANCELLED')
"""
TWICE = (
    ("seats sold twice",
     "SELECT COUNT(*) FROM (SELECT 1 FROM seated"
     " GROUP BY flight_id, seat_position HAVING COUNT(*) > 1) t"),
    ("passengers in others' seats",
     "SELECT COUNT(*) FROM seated JOIN seats s"
     " ON s.flight_id = seated.flight_id AND s.position = seat_position"
     " WHERE NOT s.booking_id <=> seated.id"),
    ("seats taken by nobody, or free with an owner",
     "SELECT COUNT(*) FROM flown JOIN seats s"
     " ON s.flight_id = flown.flight_id"
     " WHERE s.is_available <> (s.booking_id IS NULL)"),
)


class Ledger:
    """Rows, seats and messages of a run. Ids ascend with time, so that what a
    run has booked is what lies behind the last id before it; and everything
    is looked for on the flights that it booked, so that a proof costs the
    same however much was booked before."""

    def __init__(self, store, broker_url):
        self._store = store
        self._connection = pika.BlockingConnection(
            pika.URLParameters(broker_url))
        self._channel = self._connection.channel()
        self._last = b""

    def open(self):
        """Begins a run: forgets the messages, notes the last booking."""
        self._settle()
        self._channel.queue_purge("booking.created")
        self._last = self._store.value(
            "SELECT COALESCE(MAX(id), '') FROM bookings")

    def check(self, created, passengers, ids=None):
        """`created`: how many bookings were answered with 201; `ids`: which,
        if that is known. Returns what is wrong with them; nothing when all is
        exact."""
        wrong = []
        if ids is not None and len(set(ids)) != created:
            wrong.append(f"{len(set(ids))} ids for {created} 201s")
        rows = self._store.count("bookings", "id > %s", self._last)
        if rows != created:
            wrong.append(f"{rows} rows for {created} 201s")
        seats = self._store.count(
            "seats", "booking_id > %s AND NOT is_available", self._last)
        if seats != created * passengers:
            wrong.append(f"{seats} seats sold to "
                         f"{created * passengers} passengers")
        wrong += self._twice()
        wrong += self._messages(created, ids)
        return wrong

    def close(self):
        self._connection.close()

    def _twice(self):
        """A seat is a row, so that it has one owner; but passengers carry
        their seat as well."""
        return [f"{count} {what}" for what, count in (
            (what, self._store.value(FLIGHTS + sql, self._last))
            for what, sql in TWICE) if count]

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
