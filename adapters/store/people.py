"""Who may come in: people with passwords, sessions, tokens, one-time links, and what they changed.

Secrets are stored as SHA-256 of 256 random bits: whoever reads the store cannot come in with what it holds.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from adapters.store import paging
from adapters.store.dialect import insert_new
from adapters.store.paging import Keys
from adapters.store.people_tables import (
    api_tokens,
    audit,
    invitations,
    login_failures,
    people,
    secrets_kept,
    sessions,
)

_AT_ONCE = 200
_FORGOTTEN_MS = timedelta(days=1) // timedelta(milliseconds=1)
TOKEN_PREFIX = "hk_"  # noqa: S105 - what leaked tokens are recognised by


def new_secret(prefix: str = "") -> str:
    """256 random bits, as text for an address or a header."""
    return prefix + secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    """What the store keeps of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Place:
    """Whose machines somebody sees: a role, and the centre or yard that goes with it."""

    role: str
    service_centre: str | None = None
    yard: str | None = None

    def columns(self) -> dict[str, str | None]:
        """As columns."""
        return {"role": self.role, "service_centre": self.service_centre, "yard": self.yard}


def add_person(connection: Connection, name: str, place: Place, locale: str | None, now_ms: int) -> int:
    """A person without a password yet; the number."""
    values = {"name": name, "locale": locale, "created_ms": now_ms, **place.columns()}
    return int(connection.execute(insert(people).values(values).returning(people.c.id)).scalar_one())


def person_named(connection: Connection, name: str) -> Row[Any] | None:
    """Somebody by the name they log in with."""
    return connection.execute(select(people).where(people.c.name == name)).first()


def person_numbered(connection: Connection, number: int) -> Row[Any]:
    """Somebody by their number."""
    return connection.execute(select(people).where(people.c.id == number)).one()


def all_people(connection: Connection) -> Sequence[Row[Any]]:
    """Everybody, by name."""
    return connection.execute(select(people).order_by(people.c.name)).all()


def count_managers(connection: Connection) -> int:
    """How many managers can log in."""
    usable = (people.c.role == "manager", people.c.password.isnot(None), people.c.disabled_ms.is_(None))
    return int(connection.execute(select(func.count()).select_from(people).where(*usable)).scalar_one())


def set_password(connection: Connection, person_id: int, password: str) -> None:
    """Another password (its hash); all sessions end."""
    connection.execute(update(people).where(people.c.id == person_id).values(password=password))
    end_sessions_of(connection, person_id)


def disable(connection: Connection, person_id: int, now_ms: int | None) -> None:
    """Nobody logs in by this name any more, or again with None; all sessions end."""
    connection.execute(update(people).where(people.c.id == person_id).values(disabled_ms=now_ms))
    end_sessions_of(connection, person_id)


def start_session(connection: Connection, person_id: int, now_ms: int, lasts_ms: int) -> str:
    """A session's secret, which the browser keeps."""
    secret = new_secret()
    connection.execute(delete(sessions).where(sessions.c.ends_ms <= now_ms))
    values = {"secret": hashed(secret), "person_id": person_id, "started_ms": now_ms, "ends_ms": now_ms + lasts_ms}
    connection.execute(insert(sessions).values(values))
    return secret


def person_of_session(connection: Connection, secret: str, now_ms: int) -> Row[Any] | None:
    """Who a session is of, while it lasts and the person may come in."""
    joined = sessions.join(people, people.c.id == sessions.c.person_id)
    mine = (sessions.c.secret == hashed(secret), sessions.c.ends_ms > now_ms, people.c.disabled_ms.is_(None))
    return connection.execute(select(people).select_from(joined).where(*mine)).first()


def end_session(connection: Connection, secret: str) -> None:
    """Log out."""
    connection.execute(delete(sessions).where(sessions.c.secret == hashed(secret)))


def end_sessions_of(connection: Connection, person_id: int) -> None:
    """Log out everywhere."""
    connection.execute(delete(sessions).where(sessions.c.person_id == person_id))


def add_token(connection: Connection, values: Mapping[str, Any]) -> tuple[int, str]:
    """A token: its number, and the secret that is shown once."""
    secret = new_secret(TOKEN_PREFIX)
    row = {**values, "secret": hashed(secret)}
    return int(connection.execute(insert(api_tokens).values(row).returning(api_tokens.c.id)).scalar_one()), secret


def token_of(connection: Connection, secret: str, now_ms: int) -> Row[Any] | None:
    """A token that holds now."""
    columns = api_tokens.c
    lasting = columns.ends_ms.is_(None) | (columns.ends_ms > now_ms)
    mine = (columns.secret == hashed(secret), columns.revoked_ms.is_(None), lasting)
    return connection.execute(select(api_tokens).where(*mine)).first()


def all_tokens(connection: Connection) -> Sequence[Row[Any]]:
    """All tokens, also those that are over."""
    return connection.execute(select(api_tokens).order_by(api_tokens.c.id)).all()


def revoke_token(connection: Connection, number: int, now_ms: int) -> bool:
    """End a token at once; False if there is none that holds."""
    mine = (api_tokens.c.id == number, api_tokens.c.revoked_ms.is_(None))
    return bool(connection.execute(update(api_tokens).where(*mine).values(revoked_ms=now_ms)).rowcount)


def invite(connection: Connection, person_id: int | None, now_ms: int, lasts_ms: int) -> str:
    """The secret of a link with which somebody sets a password, once; `person_id` None: the first manager."""
    secret = new_secret()
    of_them = invitations.c.person_id == person_id if person_id is not None else invitations.c.person_id.is_(None)
    connection.execute(delete(invitations).where(of_them))
    values = {"secret": hashed(secret), "person_id": person_id, "ends_ms": now_ms + lasts_ms}
    connection.execute(insert(invitations).values(values))
    return secret


def invitation(connection: Connection, secret: str, now_ms: int) -> Row[Any] | None:
    """An invitation that still holds."""
    mine = (invitations.c.secret == hashed(secret), invitations.c.ends_ms > now_ms)
    return connection.execute(select(invitations).where(*mine)).first()


def forget_invitation(connection: Connection, person_id: int) -> None:
    """Nobody sets this one's password any more."""
    connection.execute(delete(invitations).where(invitations.c.person_id == person_id))


def use_invitation(connection: Connection, secret: str) -> None:
    """It held once."""
    connection.execute(delete(invitations).where(invitations.c.secret == hashed(secret)))


def failures(connection: Connection, who: str) -> Row[Any] | None:
    """How often an account or an address failed to log in, and when last."""
    return connection.execute(select(login_failures).where(login_failures.c.who == who)).first()


def keep_failures(connection: Connection, who: str, count: int, now_ms: int) -> None:
    """Write down that it failed again; 0 forgets it, and so does a day without another one."""
    forgotten = (login_failures.c.who == who) | (login_failures.c.last_ms <= now_ms - _FORGOTTEN_MS)
    connection.execute(delete(login_failures).where(forgotten))
    if count:
        connection.execute(insert(login_failures).values(who=who, failed=count, last_ms=now_ms))


def keep_secret(connection: Connection, name: str) -> str:
    """Make a secret of the product, once for all replicas."""
    first = insert_new(connection, secrets_kept).values(name=name, value=new_secret())
    connection.execute(first.on_conflict_do_nothing())
    return str(connection.execute(select(secrets_kept.c.value).where(secrets_kept.c.name == name)).scalar_one())


def note_change(connection: Connection, values: Mapping[str, Any]) -> None:
    """Append to the audit log."""
    connection.execute(insert(audit).values(dict(values)))


AUDIT_KEYS: Keys = (audit.c.id,)


def audited(
    connection: Connection, subject: str | None, limit: int | None, place: paging.Place | None = None
) -> Iterator[Sequence[Row[Any]]]:
    """What was changed, the newest first, in batches; of one subject, or of all."""
    statement = select(audit) if subject is None else select(audit).where(audit.c.subject == subject)
    statement = (place or paging.Place(AUDIT_KEYS, descending=True)).on(statement).limit(limit)
    with connection.execute(statement.execution_options(yield_per=_AT_ONCE)) as result:
        yield from result.partitions()
