"""A Flight service whose answers are larger than any that the sandbox keeps."""

import contextlib
import http.server
import json
import threading

FLIGHT = {"flight_number": "AA100", "airline": "American Airlines",
          "origin": "JFK", "destination": "LAX", "price": "299.99",
          "departure": "2030-02-15T08:00:00Z", "status": "SCHEDULED"}


@contextlib.contextmanager
def flight_service(**fields):
    """The URL of a service where every flight has these fields."""
    answer = json.dumps({"success": True, "data": {**FLIGHT, **fields}},
                        separators=(",", ":")).encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
