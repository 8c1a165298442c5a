import hashlib
import hmac
import re
import time


def verify(secret, header, body, now=None, tolerance=300):
    """Whether `body`, as bytes, was signed with `secret` within `tolerance` seconds of `now`."""
    elements = [element.partition("=") for element in (header or "").split(",")]
    times = [value for name, _, value in elements if name == "t"]
    signatures = [value for name, _, value in elements if name == "v1"]
    if len(times) != 1 or not re.fullmatch("[0-9]{1,15}", times[0]):
        return False
    signed = times[0].encode() + b"." + body
    expected = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest().encode()
    matches = [hmac.compare_digest(expected, given.encode()) for given in signatures]
    now = time.time() if now is None else now
    return any(matches) and abs(now - int(times[0])) <= tolerance
