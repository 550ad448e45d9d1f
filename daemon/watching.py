"""What readings say beside the hours: that a machine lives, or that its meter needs a decision (rules 7).

Looked at in the transaction that judges the reading. Nothing is asked of the store unless something changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from adapters.store import findings, watching
from adapters.store.findings import Closing, Finding
from adapters.store.readings import MeterState
from daemon.found import found
from daemon.keeper import Keeper
from schedules.dates import ONE_DAY, local_date, start_of_day_ms
from schedules.finding import UNHEARD, Cure, FindingKind, unheard_from, unheard_kind
from schedules.machine import Status
from schedules.meter import Judgement
from schedules.refused_row import Seen, agrees


@dataclass(frozen=True, slots=True)
class _Silence:
    """A silence that no sweep has seen: since which day the machine was waited for, and when it was heard again."""

    machine_id: str
    since: date
    heard_on: date
    kind: FindingKind


class Watch:
    """Watches the readings of one transaction, in their order; `keep` writes what it remembers of the machines."""

    def __init__(self, connection: Connection, keeper: Keeper, now_ms: int) -> None:
        """Nothing was seen yet."""
        self._connection = connection
        self._keeper = keeper
        self._now_ms = now_ms
        self._silence = timedelta(days=keeper.rulebook.plan.silence_days)
        self._changed: dict[str, MeterState] = {}
        self._heard: dict[date, list[str]] = defaultdict(list)
        self._unseen: list[_Silence] = []
        self._day = date.min
        self._day_from_ms = self._day_to_ms = 0

    def day(self, at_ms: int) -> date:
        """The local date of an instant, quickly where one follows the other."""
        if not self._day_from_ms <= at_ms < self._day_to_ms:
            zone = self._keeper.zone
            self._day = local_date(at_ms, zone)
            self._day_from_ms = start_of_day_ms(self._day, zone)
            self._day_to_ms = start_of_day_ms(self._day + ONE_DAY, zone)
        return self._day

    def heard(self, state: MeterState, on: date, *, has_reported: bool) -> None:
        """A sign of life on a day other than that of the last; `has_reported`: there was one before.

        The calendar comes first: a silence that no sweep has seen began all the same, and is over now (rules 0).
        """
        if state.unheard:
            self._heard[on].append(state.machine_id)
        elif state.waits_since is None or on <= state.waits_since:
            return
        elif on >= state.waits_since + self._silence:
            kind = unheard_kind(has_reported=has_reported)
            self._unseen.append(_Silence(state.machine_id, state.waits_since, on, kind))
        state.waits_since, state.unheard = on, False
        self._changed[state.machine_id] = state

    def refused(self, state: MeterState, judged: Judgement, on: date, flush: Callable[[], None]) -> None:
        """One more refused reading, arrived on a day; `flush` writes what was judged so far."""
        if state.undecided:
            return
        rules = self._keeper.meter_rules
        row = [*state.refused_row, (judged.time_ms, judged.total_ms)]
        if agrees(row, rules):
            flush()
            state.undecided = self._needs_decision(state.machine_id, row, on)
        state.refused_row = row[-rules.agree + 1 :]
        self._changed[state.machine_id] = state

    def _needs_decision(self, machine_id: str, row: list[Seen], on: date) -> bool:
        (machine,) = watching.watched(self._connection, [machine_id])
        if machine.status == Status.RETIRED:
            return False
        agree = self._keeper.meter_rules.agree
        since_ms = min(time_ms for time_ms, _ in row[-agree:])
        numbers = watching.refused_since(self._connection, machine_id, since_ms, agree)
        found(self._connection, self._keeper, [undecided(machine_id, on, numbers, row[-agree:])], self._now_ms)
        return True

    def goes_on(self, state: MeterState, on: date) -> None:
        """The meter goes on normally: no row of refused readings is left, and nothing is to be decided."""
        if state.undecided:
            closing = Closing(on, Cure.GOES_ON, self._now_ms)
            findings.close(self._connection, [FindingKind.METER_NEEDS_DECISION], [state.machine_id], closing)
        state.refused_row, state.undecided = [], False
        self._changed[state.machine_id] = state

    def keep(self) -> None:
        """Write what is remembered of the machines, set by set: after an outage a fleet is heard again at once."""
        for on, machine_ids in self._heard.items():
            findings.close(self._connection, UNHEARD, machine_ids, Closing(on, Cure.HEARD, self._now_ms))
        if self._unseen:
            self._keep_unseen()
        watching.keep(self._connection, self._changed.values())
        self._heard.clear()
        self._unseen.clear()
        self._changed.clear()

    def _keep_unseen(self) -> None:
        """Silences that began and ended before a sweep could see them."""
        rows = watching.watched(self._connection, [each.machine_id for each in self._unseen])
        sold = {row.machine_id: row.handed_over_on for row in rows}
        over: dict[date, list[Finding]] = defaultdict(list)
        for each in self._unseen:
            on = unheard_from(each.since, sold[each.machine_id], self._silence.days)
            details = {"since": each.since.isoformat()}
            over[each.heard_on].append(Finding(each.kind, each.machine_id, on, each.machine_id, details))
        for heard_on, silences in over.items():
            closing = Closing(heard_on, Cure.HEARD, self._now_ms)
            findings.open_all(self._connection, silences, self._now_ms, closing)


def undecided(machine_id: str, on: date, numbers: Sequence[int], row: Sequence[Seen]) -> Finding:
    """The finding that a meter needs a decision: the numbers of the readings that agree, and what they show."""
    totals = [total_ms for _, total_ms in row]
    details = {"readings": numbers, "least_total_ms": min(totals), "most_total_ms": max(totals)}
    return Finding(FindingKind.METER_NEEDS_DECISION, machine_id, on, machine_id, details)
