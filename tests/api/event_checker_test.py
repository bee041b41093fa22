"""The checker finds every kind of bug that is planted for it."""

import pytest

from event_checker import Booking, Committed, Delivered, judge, repeated


def event(booking, sequence, **changed):
    return Committed(booking, sequence, f"{booking}-{sequence}",
                     "booking.created" if sequence == 1
                     else "booking.cancelled",
                     f'{{"sequence":{sequence}}}')._replace(**changed)


def delivery(booking, sequence, **changed):
    return Delivered(*event(booking, sequence, **changed))


BOOKINGS = [Booking("a", 2, "CANCELLED", "CANCELLED"),
            Booking("b", 1, "CREATED", "CREATED")]
COMMITTED = [event("a", 1), event("a", 2), event("b", 1)]
DELIVERED = [delivery("b", 1), delivery("a", 1), delivery("a", 1),
             delivery("a", 2), delivery("a", 1)]


def test_right_run_passes():
    assert judge(BOOKINGS, COMMITTED, DELIVERED) == []
    assert repeated(DELIVERED) == 2


PLANTED = {
    "lost event": (
        BOOKINGS, COMMITTED, DELIVERED[1:], "never delivered"),
    "overtaking": (
        BOOKINGS, COMMITTED, [delivery("b", 1), delivery("a", 2),
                              delivery("a", 1)], "came when only 0"),
    "marked before it was published": (
        BOOKINGS, COMMITTED, [d for d in DELIVERED if d.sequence == 1],
        "event 2 (booking.cancelled) was never delivered"),
    "early event of a change that was rolled back": (
        BOOKINGS, COMMITTED, [*DELIVERED, delivery("c", 1)],
        "without a committed change"),
    "other message id when sent again": (
        BOOKINGS, COMMITTED, [*DELIVERED, delivery("a", 1, event_id="new")],
        "without a committed change"),
    "other body when sent again": (
        BOOKINGS, COMMITTED, [*DELIVERED, delivery("a", 1, body="{}")],
        "differs"),
    "wrong routing key": (
        BOOKINGS, COMMITTED,
        [*DELIVERED[1:], delivery("b", 1, type="booking.updated")],
        "differs"),
    "change without an event": (
        [Booking("a", 3, "CANCELLED", "CANCELLED"), BOOKINGS[1]],
        COMMITTED, DELIVERED, "version 3"),
    "event without a change": (
        [Booking("a", 1, "CANCELLED", "CANCELLED"), BOOKINGS[1]],
        COMMITTED, DELIVERED, "version 1"),
    "event that tells another status": (
        [Booking("a", 2, "CONFIRMED", "CANCELLED"), BOOKINGS[1]],
        COMMITTED, DELIVERED, "is CONFIRMED"),
    "events of no booking": (
        BOOKINGS[:1], COMMITTED, DELIVERED, "does not exist"),
    "empty run": ([], [], [], "nothing was committed"),
}


@pytest.mark.parametrize("bug", PLANTED)
def test_planted_bug_is_found(bug):
    bookings, committed, delivered, sentence = PLANTED[bug]
    assert any(sentence in found
               for found in judge(bookings, committed, delivered))
