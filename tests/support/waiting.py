"""Waiting for a state; never for a length of time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

LIMIT_S = 150.0
_LOOK_EVERY_S = 0.01
_Found = TypeVar("_Found")


def until(look: Callable[[], _Found], what: str, limit_s: float = LIMIT_S) -> _Found:
    """The first truthy answer of `look`; AssertionError naming `what` if there is none within a generous limit."""
    end = time.monotonic() + limit_s
    while not (found := look()):
        if time.monotonic() > end:
            message = f"still waiting after {limit_s:g} s: {what}"
            raise AssertionError(message)
        time.sleep(_LOOK_EVERY_S)
    return found
