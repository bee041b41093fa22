"""FastCGI requests as bytes, for what no web server would send."""

import struct

BEGIN, PARAMS, STDIN = 1, 4, 5
RESPONDER = 1
MOST = 65535 // 8 * 8


def request(uri, method="GET", body=b"", **variables):
    """A whole request. `variables`: more CGI variables."""
    pairs = {"REQUEST_METHOD": method, "REQUEST_URI": uri,
             "CONTENT_LENGTH": str(len(body)), **variables}
    return (record(BEGIN, struct.pack("!HB5x", RESPONDER, 0))
            + stream(PARAMS, b"".join(map(pair, pairs.items())))
            + stream(STDIN, body))


def stream(kind, content):
    parts = [content[at:at + MOST] for at in range(0, len(content), MOST)]
    return b"".join(record(kind, part) for part in (*parts, b""))


def record(kind, content):
    return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content


def pair(item):
    name, value = (text.encode() for text in item)
    return length(name) + length(value) + name + value


def length(text):
    return (bytes([len(text)]) if len(text) < 128
            else struct.pack("!I", len(text) | 1 << 31))
