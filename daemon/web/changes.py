"""Changes that people ask for: carried out with their name, and written into the audit log in the same transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from adapters.store import people
from daemon.consequences import Consequences, do, rehearse
from daemon.web.rights import Action, Person
from daemon.web.site import Site

Act = Callable[[Connection], object]


@dataclass(frozen=True, slots=True)
class Change:
    """Who does what to which machine or order, with what was given."""

    person: Person
    action: Action
    subject: str
    given: Mapping[str, Any]

    def note(self, connection: Connection, now_ms: int, before: Mapping[str, Any] | None = None) -> None:
        """Write it into the audit log."""
        people.note_change(
            connection,
            {
                "recorded_ms": now_ms,
                "by": self.person.name,
                "role": self.person.role.value,
                "action": self.action.value,
                "subject": self.subject,
                "before": None if before is None else dict(before),
                "after": dict(self.given),
            },
        )


def carry_out(site: Site, change: Change, machine_id: str, act: Act, renamed: str | None = None) -> Consequences:
    """Do it, and say what came of it."""
    now_ms = site.clock()

    def noted(connection: Connection) -> None:
        act(connection)
        change.note(connection, now_ms)

    return do(site.keeper, machine_id, noted, renamed=renamed)


def shown_first(site: Site, machine_id: str, act: Act, renamed: str | None = None) -> Consequences:
    """What would come of it: nothing is done."""
    return rehearse(site.keeper, machine_id, act, renamed)
