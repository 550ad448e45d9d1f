"""Webhooks as the Standard Webhooks specification describes them."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from notifications.channels.cloud_event import CONTENT_TYPE, cloud_event
from notifications.channels.http_call import Caller, Request
from notifications.channels.http_status import taken
from notifications.letter import Letter, Rendered

_PREFIX = "whsec_"
_SHORTEST_KEY, _LONGEST_KEY = 24, 64


def key_of(secret: str) -> bytes:
    """The key in a secret (`whsec_` and base64 of 24 to 64 bytes); ValueError otherwise, not quoting it."""
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
        raise ValueError("should be whsec_ and the base64 of 24 to 64 random bytes, one secret a line")
    return key


def signed(keys: Sequence[bytes], message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The headers that prove a message; while secrets are exchanged, one signature of each."""
    what = f"{message_id}.{timestamp_s}.".encode() + body
    marks = (b64encode(hmac.digest(key, what, sha256)).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }


class WebhookChannel:
    """Posts each letter as a signed event.

    Its `webhook-id` is the same for every attempt: a receiver can tell a letter doubled by a crash after sending.
    """

    def __init__(self, name: str, url: str, secrets: Sequence[str], caller: Caller, source: str = "") -> None:
        """Raises ValueError if a secret is none."""
        self.name = name
        self._url = url
        self._keys = [key_of(secret) for secret in secrets]
        self._caller = caller
        self._source = source

    def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> str:
        """Post it; raises DeliveryFailed."""
        body = cloud_event(letter, rendered, now, self._source)
        headers = signed(self._keys, letter.letter_id, int(now.timestamp()), body)
        answer = self._caller.send(Request(self._url, body, {"Content-Type": CONTENT_TYPE, **headers}))
        return taken(answer, self.name)
