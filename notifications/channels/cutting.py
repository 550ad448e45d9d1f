"""Texts made to fit where bytes are counted."""

from __future__ import annotations

_MARK = "…"


def fitted(text: str, most_bytes: int) -> str:
    """The text in at most so many bytes of UTF-8; one that was cut ends with `…`, and no character is cut."""
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= most_bytes:
        return encoded.decode()
    room = max(most_bytes - len(_MARK.encode()), 0)
    return encoded[:room].decode("utf-8", "ignore").rstrip() + _MARK
