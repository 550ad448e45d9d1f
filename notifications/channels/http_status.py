"""What an HTTP status means for a letter: it is in good hands, it is tried again, or it is given up."""

from __future__ import annotations

from notifications.channels.channel import DeliveryFailed
from notifications.channels.http_call import Answer
from notifications.plain import plain

_MOST_CHARS = 200
# Whoever answers so may answer otherwise later; every other 3xx and 4xx stays until somebody changes something.
_PASSING = frozenset({302, 303, 307, 408, 409, 423, 425, 429})


def is_taken(status: int) -> bool:
    """Whether the other side has taken what was sent."""
    return 200 <= status < 300  # noqa: PLR2004 - the class of success


def is_permanent(status: int) -> bool:
    """Whether another attempt would get the same answer."""
    return 300 <= status < 500 and status not in _PASSING  # noqa: PLR2004 - the classes of redirects and client errors


def taken(answer: Answer, name: str) -> str:
    """The answer in one line; DeliveryFailed if its status is no success. Redirects are never followed."""
    line = said(answer)
    if is_taken(answer.status):
        return line
    hint = f"; it points to {answer.location}, set url to where it should go" if answer.location else ""
    reason = plain(f"{name} answered {line}{hint}", 2 * _MOST_CHARS)
    raise DeliveryFailed(reason, permanent=is_permanent(answer.status), retry_after_s=answer.retry_after_s)


def said(answer: Answer) -> str:
    """Status and beginning of an answer, in one line."""
    words = answer.body[: 4 * _MOST_CHARS].decode("utf-8", "replace")
    return plain(f"HTTP {answer.status} {answer.reason} {words}", _MOST_CHARS)
