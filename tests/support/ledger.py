"""What must hold after any fault: each check returns its breaches, none if it holds (pitfalls 3, I1 to I4 and I8).

They ask the database itself, past the product's code, and compare with what the publisher was told and with a model.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from schedules.machine import Warranty
from tests.support.database import Database
from tests.support.fleet import (
    MANAGER_MAIL,
    Identity,
    Planned,
    centre_mail,
    centre_of,
    customer_mail,
    expected_orders,
)
from tests.support.mail import Mailbox

_NAMED = re.compile(r"serial (\S+): (\d+) h (mandatory|self-service) maintenance(?:\nState: |; )(\w+)")
_KIND = {"mandatory": "mandatory_visit", "self-service": "self_service"}
_TOLD_STATES = {("mandatory_visit", "due"), ("mandatory_visit", "overdue"), ("self_service", "due")}
_WAITING_OCCASION = {"mandatory_visit": "visit_upcoming", "self_service": "self_service_upcoming"}
Told = tuple[str, str, str, str]
"""Machine, kind, step and state."""


@dataclass
class Breaches:
    """What does not hold, by check."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)
    store: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any((self.lost, self.doubled, self.refused, self.orders, self.letters, self.store))

    def counts(self) -> str:
        """In one line."""
        return (
            f"readings lost {len(self.lost)}, stored twice {len(self.doubled)}, refused {len(self.refused)}; "
            f"work orders wrong {len(self.orders)}; letters wrong {len(self.letters)}; store faults {len(self.store)}"
        )

    def __str__(self) -> str:
        each = [*self.lost[:5], *self.doubled[:5], *self.refused[:5], *self.orders[:8], *self.letters[:8], *self.store]
        return "\n  ".join([self.counts(), *each])


def readings_lost(store: Database, acknowledged: Iterable[Planned]) -> list[str]:
    """I1: everything the broker has acknowledged is stored."""
    stored = set(_identities(store))
    return [f"lost: {identity}" for identity in sorted({each.identity for each in acknowledged} - stored)]


def readings_doubled(store: Database) -> list[str]:
    """I2: nothing is stored twice."""
    return [f"stored {count} times: {each}" for each, count in Counter(_identities(store)).items() if count > 1]


def readings_refused(store: Database, machines: Iterable[str]) -> list[str]:
    """All of these machines' readings are plausible: none is refused."""
    rows = store.asks("SELECT machine_id, verdict, reason FROM readings WHERE reason IS NOT NULL")
    ours = set(machines)
    return [f"refused: {machine} {verdict}: {reason}" for machine, verdict, reason in rows if machine in ours]


def _identities(store: Database) -> Iterator[Identity]:
    rows = store.asks("SELECT machine_id, dial_ms, device_ms FROM readings WHERE device_ms IS NOT NULL")
    return ((machine, int(dial), int(device)) for machine, dial, device in rows)


def orders_wrong(store: Database, warranties: dict[str, Warranty], acknowledged: Iterable[Planned]) -> list[str]:
    """I3: the work orders are those that the most hours of each machine call for, once each and in their state."""
    most: dict[str, int] = defaultdict(int)
    for reading in acknowledged:
        most[reading.machine_id] = max(most[reading.machine_id], reading.dial_ms)
    expected = {
        (machine, *key): state
        for machine, warranty in warranties.items()
        for key, state in expected_orders(warranty, most[machine]).items()
    }
    rows = store.asks("SELECT machine_id, kind, step, state FROM work_orders")
    found = [((machine, kind, step), state) for machine, kind, step, state in rows if machine in warranties]
    breaches = [f"work order {key} is there {count} times" for key, count in _counted(found).items() if count > 1]
    states = dict(found)
    wrong = (key for key in sorted(expected.keys() | states.keys()) if expected.get(key) != states.get(key))
    breaches.extend(f"work order {key} should be {expected.get(key)}, is {states.get(key)}" for key in wrong)
    return breaches


def _counted(found: list[tuple[tuple[str, str, str], str]]) -> Counter[tuple[str, str, str]]:
    return Counter(key for key, _state in found)


def letters_wrong(store: Database, mailbox: Mailbox) -> list[str]:
    """I4: whoever is concerned was sent a letter that names the state of every order; a second copy has the same id."""
    known = {f"<hourkeeper.{row[0]}@" for row in store.asks("SELECT letter_id FROM letters")}
    told: dict[tuple[str, Told], set[str]] = defaultdict(set)
    breaches: list[str] = []
    for to, message in mailbox.letters:
        number = str(message["Message-ID"])
        if number[: number.find("@") + 1] not in known:
            breaches.append(f"a letter to {to} that the store does not know: {message['Subject']}")
        body = message.get_body(("plain",))
        assert body is not None
        text = "\n".join(body.get_content().splitlines())
        for machine, step, kind, state in _NAMED.findall(text):
            told[to, (machine, _KIND[kind], step, state)].add(number)
    breaches += [f"told twice: {to} of {what} by {ids}" for (to, what), ids in told.items() if len(ids) > 1]
    breaches += [f"not told: {to} of {what}" for to, what in _to_be_told(store) if (to, what) not in told]
    return breaches + _upcoming_not_waiting(store)


def letters_copied(mailbox: Mailbox) -> int:
    """How many letters went out a second time, under the same id."""
    ids = [str(message["Message-ID"]) for _to, message in mailbox.letters]
    return len(ids) - len(set(ids))


def _to_be_told(store: Database) -> Iterator[tuple[str, Told]]:
    for machine, kind, step, state in store.asks("SELECT machine_id, kind, step, state FROM work_orders"):
        if (kind, state) in _TOLD_STATES:
            told = (machine, kind, step, state)
            yield centre_mail(centre_of(machine)), told
            yield customer_mail(machine), told
            if state == "overdue":
                yield MANAGER_MAIL, told


def _upcoming_not_waiting(store: Database) -> list[str]:
    """What is only upcoming waits for the morning: a notice is there."""
    waiting = set(store.asks("SELECT machine_id, kind, step, occasion FROM notices"))
    upcoming = store.asks("SELECT machine_id, kind, step FROM work_orders WHERE state = 'upcoming'")
    return [f"no notice of {each}" for each in upcoming if (*each, _WAITING_OCCASION[each[1]]) not in waiting]


def store_faults(store: Database) -> list[str]:
    """I8: SQLite finds nothing wrong with its file; PostgreSQL looks after its own."""
    if not store.is_sqlite:
        return []
    whole = [row[0] for row in store.asks("PRAGMA integrity_check") if row[0] != "ok"]
    return whole + [f"foreign key: {row}" for row in store.asks("PRAGMA foreign_key_check")]


def all_breaches(
    store: Database, warranties: dict[str, Warranty], acknowledged: list[Planned], mailbox: Mailbox | None
) -> Breaches:
    """Every check."""
    return Breaches(
        lost=readings_lost(store, acknowledged),
        doubled=readings_doubled(store),
        refused=readings_refused(store, warranties),
        orders=orders_wrong(store, warranties, acknowledged),
        letters=letters_wrong(store, mailbox) if mailbox else [],
        store=store_faults(store),
    )
