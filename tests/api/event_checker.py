"""Judges what a downstream service was sent against what was committed.

Every committed change is delivered at least once, first deliveries of a
booking come in its order without a gap, a repeated delivery is the same to the
byte, and nothing is delivered that no committed change stands behind.
"""

from collections import defaultdict, namedtuple

# A row of the event log; a message as it came. Bodies are texts.
Committed = namedtuple("Committed", "booking_id sequence event_id type body")
Delivered = namedtuple("Delivered", "booking_id sequence event_id type body")
# A booking's row: its version counts its changes.
Booking = namedtuple("Booking", "booking_id version status last_status")


def judge(bookings, committed, delivered):
    """Sentences, one for each thing that is wrong; empty when all is well."""
    if not committed:
        return ["nothing was committed: the test has tested nothing"]
    return [*check_log(bookings, committed), *check_lost(committed, delivered),
            *check_made_up(committed, delivered), *check_order(delivered)]


def check_log(bookings, committed):
    """The log holds one event for each change of each booking."""
    logged = defaultdict(list)
    for event in committed:
        logged[event.booking_id].append(event.sequence)
    for booking in bookings:
        wanted = list(range(1, booking.version + 1))
        found = sorted(logged.pop(booking.booking_id, []))
        if found != wanted:
            yield f"{booking.booking_id}: version {booking.version}, but " \
                  f"events {found} are logged"
        if booking.status != booking.last_status:
            yield f"{booking.booking_id}: is {booking.status}, but its last " \
                  f"event leads to {booking.last_status}"
    for booking_id in logged:
        yield f"{booking_id}: events of a booking that does not exist"


def check_lost(committed, delivered):
    seen = {event.event_id for event in delivered}
    for event in committed:
        if event.event_id not in seen:
            yield f"{event.booking_id}: event {event.sequence} " \
                  f"({event.type}) was never delivered"


def check_made_up(committed, delivered):
    """A delivery equals the row that it stands for, each time it comes."""
    rows = {event.event_id: event for event in committed}
    for event in delivered:
        row = rows.get(event.event_id)
        if row is None:
            yield f"{event.booking_id}: a delivery of {event.type} without " \
                  "a committed change"
        elif tuple(row) != tuple(event):
            yield f"{event.booking_id}: event {event.sequence} differs from " \
                  "what was committed"


def check_order(delivered):
    """First deliveries: 1, 2, 3."""
    highest = defaultdict(int)
    for event in delivered:
        if event.sequence <= highest[event.booking_id]:
            continue
        if event.sequence != highest[event.booking_id] + 1:
            yield f"{event.booking_id}: event {event.sequence} came when " \
                  f"only {highest[event.booking_id]} had come before"
        highest[event.booking_id] = event.sequence


def repeated(delivered):
    """How many deliveries were not the first of their event."""
    return len(delivered) - len({event.event_id for event in delivered})
