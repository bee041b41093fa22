"""Who looks for seats that have become free (src/service/seat_hints.h)."""

import pytest

from support.client import BOOKINGS, Client, assert_error, new_flight
from support.token import make


@pytest.fixture
def buyer(pool_with, secret):
    """Clients of a pool that lets each user have one unpaid booking."""
    pool = pool_with(workers=1, MAX_OPEN_HOLDS_PER_USER="1",
                     BOOKING_HOLD_MINUTES="60")
    return lambda user: Client(pool.url, make(user, secret))


def seat(response):
    assert response.status_code == 201, response.text
    return response.json()["data"]["allocated_seats"][0]


def test_a_look_that_books_nothing_is_the_next_bookings(buyer):
    flight = new_flight()
    first = buyer("first").book(flight)
    assert seat(first) == "1A"
    assert seat(buyer("second").book(flight)) == "1B"
    booking = first.json()["data"]["booking_id"]
    cancelled = buyer("first").request("DELETE", f"{BOOKINGS}/{booking}")
    assert cancelled.status_code == 200, cancelled.text
    # It looks for two, finds 1C and 1D, and is refused afterwards.
    assert_error(buyer("second").book(flight, passengers=2), 429,
                 "TOO_MANY_HOLDS")
    assert seat(buyer("third").book(flight)) == "1A"
