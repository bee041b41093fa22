"""The booking events, as a downstream service would get them."""

import contextlib
import json
import time

import pika


class Subscription:
    """A queue of its own, bound before anything happens."""

    def __init__(self, url, exchange="booking_events", key="booking.#"):
        self._connection = pika.BlockingConnection(pika.URLParameters(url))
        self._channel = self._connection.channel()
        self._queue = self._channel.queue_declare(
            "", exclusive=True).method.queue
        # As the service does, which may come to it later.
        self._channel.exchange_declare(exchange, "topic", durable=True)
        self._channel.queue_bind(self._queue, exchange, key)

    def next(self, seconds=15):
        """The next event: (routing key, properties, payload)."""
        deadline = time.monotonic() + seconds
        for method, properties, body in self._channel.consume(
                self._queue, auto_ack=True, inactivity_timeout=0.1):
            if method:
                return method.routing_key, properties, json.loads(body)
            if time.monotonic() > deadline:
                raise AssertionError(f"no event within {seconds} s")
        raise AssertionError("the broker closed the channel")

    def of_booking(self, booking_id, seconds=15, key=None):
        """The next event of one booking, of this kind if `key` says so;
        others are passed over."""
        while True:
            event = self.next(seconds)
            if event[2].get("booking_id") == booking_id and \
                    key in (None, event[0]):
                return event

    def close(self):
        with contextlib.suppress(pika.exceptions.AMQPError):
            self._connection.close()
