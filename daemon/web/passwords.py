"""Passwords: hashed with argon2id, long enough, and not to be guessed at speed."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection

from adapters.store import people
from daemon.refused import RefusedError
from daemon.web.strict import is_text

LEAST = 10
_MOST = 1000
_FREE_TRIES = 5
_FIRST_WAIT_MS = 5_000
_LONGEST_WAIT_MS = 15 * 60_000
_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password")


def hash_of(password: str) -> str:
    """What is kept of a password; RefusedError if it is too short."""
    if not LEAST <= len(password) <= _MOST or not is_text(password):
        raise RefusedError(f"a password has {LEAST} to {_MOST} characters", ("password",))
    return _hasher.hash(password)


def fits(kept: str | None, password: str) -> bool:
    """Whether it is the password; for nobody's it takes as long."""
    if not is_text(password) or len(password) > _MOST:
        return False
    try:
        _hasher.verify(kept or _NOBODY, password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


def wait_ms(connection: Connection, who: str, now_ms: int) -> int:
    """How long an account or address has to wait until it may try again; twice as long after each failure."""
    row = people.failures(connection, who)
    if row is None or row.failed < _FREE_TRIES:
        return 0
    pause_ms: int = min(_LONGEST_WAIT_MS, _FIRST_WAIT_MS << min(row.failed - _FREE_TRIES, 16))
    return max(0, int(row.last_ms) + pause_ms - now_ms)


def failed(connection: Connection, who: str, now_ms: int) -> None:
    """It was the wrong password."""
    row = people.failures(connection, who)
    people.keep_failures(connection, who, 1 if row is None else row.failed + 1, now_ms)


def not_failed(connection: Connection, who: str) -> None:
    """The last try was none that failed."""
    row = people.failures(connection, who)
    if row is not None:
        people.keep_failures(connection, who, row.failed - 1, row.last_ms)
