"""A private stack: database, broker, web server, worker pool, sandbox.

Used by `make run` and by the tests; the standard library is all it needs.
Everything listens on loopback, on ports that were free, with its data in one
directory, and ends with the process that started it.
"""
