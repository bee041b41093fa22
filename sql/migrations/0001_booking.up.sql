-- The service's own data. Why it is laid out like this (ARCHITECTURE.md, "Data"):
-- keys are UUIDv7 in BINARY(16), so that new rows append; what belongs to one
-- booking or one flight is clustered under it; every further index is one that
-- a declared statement or a foreign key needs. Collations are chosen to exist
-- on MariaDB and MySQL alike; ids are compared by bytes.

-- What the Flight service told last; updated_at is when it told a change.
CREATE TABLE flights (
    flight_id     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    flight_number VARCHAR(32) NOT NULL,
    airline       VARCHAR(100) NOT NULL,
    origin        VARCHAR(64) NOT NULL,
    destination   VARCHAR(64) NOT NULL,
    departure     DATETIME(3) NOT NULL,
    arrival       DATETIME(3) NULL,
    price         DECIMAL(12,2) NOT NULL,
    currency      CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status        VARCHAR(32) NOT NULL,
    total_seats   INT UNSIGNED NOT NULL,
    created_at    DATETIME(3) NOT NULL,
    updated_at    DATETIME(3) NOT NULL,
    PRIMARY KEY (flight_id),
    KEY ix_flights_updated (updated_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- request_key makes a repeated request find its booking: a digest of user and
-- Idempotency-Key, or of user and body; taken back when it expires.
-- departure to arrival are the flight's, kept here so that a list sorts from an
-- index and a booking is shown without a look at the flight; flight_changed_at
-- says when a change of the flight was last carried over to them.
-- The lists' indexes hold the id before the status, so that an index alone gives
-- a definite order and answers the status filter. All bookings by their creation
-- is the primary key's own order (an id is a UUIDv7 of created_at) and costs no
-- index; all of them by departure is the one list that pays for its own: an
-- entry behind the others of its flight, not a page of its own.
CREATE TABLE bookings (
    id                  BINARY(16) NOT NULL,
    booking_reference   VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_id             VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    flight_id           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    booking_status      ENUM('CREATED','CONFIRMED','CANCELLED') NOT NULL,
    version             INT UNSIGNED NOT NULL,
    total_price         DECIMAL(12,2) NOT NULL,
    currency            CHAR(3) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    passengers_count    TINYINT UNSIGNED NOT NULL,
    special_requests    VARCHAR(500) NULL,
    departure           DATETIME(3) NOT NULL,
    flight_number       VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    airline             VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    origin              VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    destination         VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    arrival             DATETIME(3) NULL,
    flight_changed_at   DATETIME(3) NULL,
    created_at          DATETIME(3) NOT NULL,
    updated_at          DATETIME(3) NOT NULL,
    confirmed_at        DATETIME(3) NULL,
    cancelled_at        DATETIME(3) NULL,
    cancellation_reason VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    expires_at          DATETIME(3) NULL,
    request_key         BINARY(16) NULL,
    request_fingerprint BINARY(16) NULL,
    notice_deferred     BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (id),
    UNIQUE KEY uq_bookings_reference (booking_reference),
    UNIQUE KEY uq_bookings_request (request_key),
    KEY ix_bookings_user_created (user_id, created_at, id, booking_status),
    KEY ix_bookings_user_departure (user_id, departure, id, booking_status),
    KEY ix_bookings_flight (flight_id, booking_status),
    KEY ix_bookings_departure (departure),
    KEY ix_bookings_expiry (expires_at),
    CONSTRAINT fk_bookings_flight FOREIGN KEY (flight_id) REFERENCES flights (flight_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

CREATE TABLE passengers (
    booking_id           BINARY(16) NOT NULL,
    position             TINYINT UNSIGNED NOT NULL,
    id                   BINARY(16) NOT NULL,
    first_name           VARCHAR(100) NOT NULL,
    last_name            VARCHAR(100) NOT NULL,
    email                VARCHAR(254) NULL,
    phone_number         VARCHAR(20) NULL,
    date_of_birth        DATE NULL,
    passport_number      VARCHAR(20) NULL,
    is_primary_passenger BOOLEAN NOT NULL,
    seat_position        INT UNSIGNED NOT NULL,
    seat_number          VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at           DATETIME(3) NOT NULL,
    updated_at           DATETIME(3) NOT NULL,
    PRIMARY KEY (booking_id, position),
    CONSTRAINT fk_passengers_booking FOREIGN KEY (booking_id) REFERENCES bookings (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Clustered by flight and position: a sale updates rows in place and no index
-- holds is_available, so that a hot flight's seats are locked by their rows.
CREATE TABLE seats (
    flight_id    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    position     INT UNSIGNED NOT NULL,
    id           BINARY(16) NOT NULL,
    seat_number  VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    is_available BOOLEAN NOT NULL DEFAULT TRUE,
    booking_id   BINARY(16) NULL,
    created_at   DATETIME(3) NOT NULL,
    reserved_at  DATETIME(3) NULL,
    PRIMARY KEY (flight_id, position),
    UNIQUE KEY uq_seats_number (flight_id, seat_number),
    KEY ix_seats_booking (booking_id),
    CONSTRAINT fk_seats_flight FOREIGN KEY (flight_id) REFERENCES flights (flight_id),
    CONSTRAINT fk_seats_booking FOREIGN KEY (booking_id) REFERENCES bookings (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Event log, audit trail and outbox in one. outbox_shard is set while the event
-- still has to be published and NULL afterwards; sequence is the booking's
-- version that the change made.
CREATE TABLE booking_events (
    booking_id      BINARY(16) NOT NULL,
    sequence        INT UNSIGNED NOT NULL,
    id              BINARY(16) NOT NULL,
    event_type      VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    from_status     ENUM('CREATED','CONFIRMED','CANCELLED') NULL,
    to_status       ENUM('CREATED','CONFIRMED','CANCELLED') NULL,
    actor           VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason          VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
    comments        VARCHAR(1000) NULL,
    payload         MEDIUMTEXT NOT NULL,
    request_id      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    traceparent     CHAR(55) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    occurred_at     DATETIME(3) NOT NULL,
    outbox_shard    TINYINT UNSIGNED NULL,
    published_at    DATETIME(3) NULL,
    attempts        SMALLINT UNSIGNED NOT NULL DEFAULT 0,
    next_attempt_at DATETIME(3) NULL,
    last_error      VARCHAR(200) NULL,
    PRIMARY KEY (booking_id, sequence),
    KEY ix_booking_events_outbox (outbox_shard),
    CONSTRAINT fk_booking_events_booking FOREIGN KEY (booking_id) REFERENCES bookings (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Which relay publishes which shard of the outbox, and which relays live. A
-- lease ends by the database's clock; the epoch grows with each change of hands.
CREATE TABLE outbox_shards (
    shard      TINYINT UNSIGNED NOT NULL,
    relay_id   BINARY(16) NULL,
    epoch      INT UNSIGNED NOT NULL DEFAULT 0,
    expires_at DATETIME(3) NOT NULL,
    PRIMARY KEY (shard)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

INSERT INTO outbox_shards (shard, expires_at) VALUES
    (0, '1970-01-02'), (1, '1970-01-02'), (2, '1970-01-02'), (3, '1970-01-02'),
    (4, '1970-01-02'), (5, '1970-01-02'), (6, '1970-01-02'), (7, '1970-01-02'),
    (8, '1970-01-02'), (9, '1970-01-02'), (10, '1970-01-02'), (11, '1970-01-02'),
    (12, '1970-01-02'), (13, '1970-01-02'), (14, '1970-01-02'), (15, '1970-01-02');

CREATE TABLE outbox_relays (
    id         BINARY(16) NOT NULL,
    host       VARCHAR(100) NOT NULL,
    expires_at DATETIME(3) NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- What came in from other services: a message handled twice acts once.
CREATE TABLE inbox (
    message_key BINARY(32) NOT NULL,
    source      VARCHAR(128) NOT NULL,
    received_at DATETIME(3) NOT NULL,
    PRIMARY KEY (message_key),
    KEY ix_inbox_received (received_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Numbers of booking references, taken in blocks outside of any booking.
CREATE TABLE reference_counter (
    day         DATE NOT NULL,
    next_number INT UNSIGNED NOT NULL,
    PRIMARY KEY (day)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
