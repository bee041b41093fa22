"""What the API tests share: a client, tokens, the database, events."""
