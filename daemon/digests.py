"""The weekly digest: written once per manager and week into the outbox; its facts are read when it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import structlog
from sqlalchemy import Connection

from adapters.store import digest as store
from adapters.store import duties
from adapters.store.addressees import ways_of_digest
from adapters.store.engine import STORE_FAULTS
from daemon.digest_facts import digest_for
from daemon.keeper import Keeper, Manager
from notifications.digest import Digest
from notifications.letter import Addressee
from notifications.occasions import Occasion, Role
from notifications.timing import wait_of
from schedules.dates import instant_ms, local_date
from schedules.duty import DAILY_SWEEP

log = structlog.get_logger("digests")


def write_digests(keeper: Keeper, now_ms: int) -> int:
    """Put the digests whose time has come into the outbox; how many. After a downtime only the week's own is written,
    and none for a week that began before we did.
    """
    if keeper.telling.digest_on is None:
        return 0
    with keeper.store.read() as connection:
        due = list(_due(connection, keeper, now_ms))
    if due:
        with keeper.store.write() as connection:
            for manager, week in due:
                to = _addressee(keeper, manager)
                letter_id = store.letter_id_of(manager.name, week)
                store.write(connection, letter_id, to, ways_of_digest(to, keeper.telling), now_ms)
    return len(due)


def write_digests_safely(keeper: Keeper, now_ms: int) -> None:
    """The same for the ticker: whatever goes wrong is told, and the next tick tries again."""
    try:
        write_digests(keeper, now_ms)
    except STORE_FAULTS as fault:
        log.warning("digests_postponed", error=str(fault).splitlines()[0])
    except Exception:
        log.exception("digests_failed")


def _due(connection: Connection, keeper: Keeper, now_ms: int) -> Iterator[tuple[Manager, date]]:
    for manager in keeper.telling.managers:
        week = week_of(keeper, manager, now_ms)
        if now_ms < _from_ms(keeper, manager, week) or not _were_there(connection, week):
            continue
        if not store.is_written(connection, store.letter_id_of(manager.name, week)):
            yield manager, week


def week_of(keeper: Keeper, manager: Manager, at_ms: int) -> date:
    """The day of the manager's last digest: the configured day of the week, today or before."""
    today = local_date(at_ms, manager.zone or keeper.zone)
    return today - timedelta(days=(today.weekday() - (keeper.telling.digest_on or 0)) % 7)


def _from_ms(keeper: Keeper, manager: Manager, week: date) -> int:
    """The morning of that day, or of the first working day after it."""
    zone, timing = manager.zone or keeper.zone, keeper.telling.timing
    morning = instant_ms(datetime.combine(week, timing.morning_at, zone))
    return timing.allowed_ms(wait_of(Occasion.WEEKLY_DIGEST, Role.MANAGER), morning, zone)


def _were_there(connection: Connection, week: date) -> bool:
    first = duties.first_period(connection, DAILY_SWEEP)
    return first is not None and first < week.isoformat()


def _addressee(keeper: Keeper, manager: Manager) -> Addressee:
    locale = manager.locale or keeper.telling.locale
    return Addressee(Role.MANAGER, manager.name, manager.name, manager.email, manager.phone, locale)


def digest_letter(keeper: Keeper, name: str, created_ms: int, now_ms: int) -> tuple[Addressee, Digest] | None:
    """A digest that is to be sent now: to whom, and what; None if nobody of that name is to get it any more, or a
    later one has taken its place.
    """
    manager = next((each for each in keeper.telling.managers if each.name == name), None)
    if manager is None or week_of(keeper, manager, created_ms) != week_of(keeper, manager, now_ms):
        return None
    return _addressee(keeper, manager), digest_for(keeper, manager, now_ms)
