"""Changes that people ask for: whose they are, what they do, and their line in the audit log are one transaction."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from adapters.store import answers, snapshots
from adapters.store.answers import Once, OtherRequestError
from adapters.store.snapshots import Snapshot
from daemon.consequences import Consequences, rehearse, watched
from daemon.web.audit import note
from daemon.web.problems import ProblemError
from daemon.web.rights import Action, Person
from daemon.web.site import Site

Act = Callable[[Connection], object]
Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """Who does what to which machine or order, with what was given; `renamed` is the machine's number then.

    `owned` raises ProblemError if it is not theirs: it is asked again in the transaction that does it.
    """

    person: Person
    action: Action
    machine_id: str
    subject: str
    given: Mapping[str, Any]
    owned: Act
    renamed: str | None = None

    def once(self) -> Once | None:
        """That it is done once only, if they asked for that."""
        if self.person.once is None:
            return None
        asked = json.dumps([self.action, self.subject, dict(self.given)], sort_keys=True)
        return Once(self.person.identity, self.person.once, hashlib.sha256(asked.encode()).hexdigest())


def carry_out(site: Site, change: Change, act: Act, answer: Callable[[Connection, Consequences], Fields]) -> Fields:
    """Do it, and answer; sent again with its key, it is only answered again."""
    now_ms, once = site.clock(), change.once()
    with site.keeper.store.write() as connection:
        change.owned(connection)
        known = None if once is None else _known(connection, once, now_ms)
        if known is not None:
            return known
        before = snapshots.of_machine(connection, change.machine_id)
        found = watched(connection, site.keeper, change.machine_id, act, change.renamed)
        after = snapshots.of_machine(connection, change.renamed or change.machine_id)
        _note(connection, change, now_ms, (before, after))
        answered = answer(connection, found)
        if once is not None:
            answers.keep(connection, once, answered)
        return answered


def shown_first(site: Site, change: Change, act: Act) -> Consequences:
    """What would come of it: nothing is done."""

    def owned(connection: Connection) -> None:
        change.owned(connection)
        act(connection)

    return rehearse(site.keeper, change.machine_id, owned, change.renamed)


def _known(connection: Connection, once: Once, now_ms: int) -> Fields | None:
    try:
        found = answers.claim(connection, once, now_ms)
    except OtherRequestError:
        raise ProblemError(422, "not valid", f"Idempotency-Key: {once.key} was sent with another request") from None
    return None if found is None else dict(found)


def _note(connection: Connection, change: Change, now_ms: int, seen: tuple[Snapshot, Snapshot]) -> None:
    before, after = snapshots.difference(*seen)
    note(
        connection,
        now_ms,
        change.person,
        change.action,
        change.subject,
        given=dict(change.given) or None,
        before=before or None,
        after=after or None,
    )
