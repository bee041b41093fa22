"""A constant load, and what became of every single request of it."""

import collections
import http.client
import json
import threading
import time
import urllib.parse

from .client import BOOKINGS, new_flight, passenger


class Load:
    """`rate` requests a second of some threads, each with a connection of its
    own: most read one booking, every twentieth makes one. Use it as a context:
    requests go out until it ends."""

    THREADS = 16
    CREATE_EACH = 20

    def __init__(self, url, token, booking_id, rate=200):
        self._address = urllib.parse.urlsplit(url)
        self._token = token
        self._path = f"{BOOKINGS}/{booking_id}"
        self._flight = new_flight(seats=20000)
        self._each = self.THREADS / rate
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.answers = collections.Counter()
        self.created = []
        self._threads = [threading.Thread(target=self._run, args=(n,))
                         for n in range(self.THREADS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def total(self):
        return sum(self.answers.values())

    @property
    def failed(self):
        """Answers that are neither 200 nor 201, and how many."""
        return {what: count for what, count in self.answers.items()
                if what not in (200, 201)}

    def wait(self, requests, seconds=60):
        """Until so many more have been answered."""
        target = self.total + requests
        deadline = time.monotonic() + seconds
        while self.total < target:
            assert time.monotonic() < deadline, self.answers
            time.sleep(0.02)

    def _run(self, number):
        connection = self._connect()
        due = time.monotonic() + self._each * number / self.THREADS
        count = number
        while not self._stop.wait(max(0, due - time.monotonic())):
            due += self._each
            count += 1
            try:
                outcome = self._one(connection,
                                    count % self.CREATE_EACH == 0)
            except (OSError, http.client.HTTPException) as failure:
                outcome = repr(failure)
                connection.close()
                connection = self._connect()
            with self._lock:
                self.answers[outcome] += 1
        connection.close()

    def _connect(self):
        return http.client.HTTPConnection(
            self._address.hostname, self._address.port, timeout=20)

    def _one(self, connection, create):
        headers = {"Authorization": f"Bearer {self._token}"}
        if create:
            headers["Content-Type"] = "application/json"
            # No two bodies are the same, or they would be taken for one.
            body = json.dumps({"flight_id": self._flight, "passengers": [
                passenger(time.monotonic_ns())]})
            connection.request("POST", BOOKINGS, body, headers)
        else:
            connection.request("GET", self._path, headers=headers)
        response = connection.getresponse()
        answer = response.read()
        if response.status == 201:
            with self._lock:
                self.created.append(
                    json.loads(answer)["data"]["booking_id"])
        return response.status
