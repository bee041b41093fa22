"""Bearer tokens, right and wrong."""

import base64
import hashlib
import hmac
import json
import time


def _part(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(claims, secret, algorithm="HS256"):
    """A token with exactly these claims. For an algorithm other than HS256
    the header only says so; "none" leaves the signature empty."""
    head = _part({"alg": algorithm, "typ": "JWT"})
    signed = f"{head}.{_part(claims)}"
    digest = hmac.new(secret.encode(), signed.encode(), hashlib.sha256)
    signature = "" if algorithm == "none" else _part(digest.digest())
    return f"{signed}.{signature}"


def make(user, secret, role="customer", lifetime=3600, **claims):
    """A good token of `user`."""
    now = int(time.time())
    return sign({"id": user, "roles": [role], "iat": now,
                 "exp": now + lifetime, **claims}, secret)
