DROP TABLE reference_counter;
DROP TABLE inbox;
DROP TABLE booking_events;
DROP TABLE seats;
DROP TABLE passengers;
DROP TABLE bookings;
DROP TABLE flights;
