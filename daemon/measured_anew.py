"""Readings that people brought with a wrong fact are put right, and what followed is judged again (rules 5 and 7)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import machines, orders, readings
from adapters.store.machines import Remark
from daemon.correction import Correction
from daemon.hours_by_hand import dial_by_hand
from daemon.judged_anew import START, Point, judge_anew
from daemon.judging import row_of
from daemon.keeper import Keeper
from daemon.lifetimes import Life, Sale, key_text
from daemon.refused import RefusedError
from daemon.voiding import declare_void
from schedules.dates import on_day
from schedules.hours import text
from schedules.meter import Judgement
from schedules.reading import REFUSED_BY_METER, Reading, Source, Verdict
from schedules.work_order import OrderKey


class Measurements:
    """The readings of one machine that a correction concerns."""

    def __init__(self, connection: Connection, keeper: Keeper, machine_id: str, remark: Remark) -> None:
        """Nothing is put right yet."""
        self._connection = connection
        self._keeper = keeper
        self._machine_id = machine_id
        self._remark = remark
        self._points: list[Point] = []
        self._proofs: dict[int, str] = {}
        self._late: int | None = None

    def put_right(self, before: Life, after: Life, command: Correction) -> bool:
        """Move, replace and void readings as the facts were in truth; whether anything was judged again."""
        waiting = readings.of_machine(self._connection, self._machine_id, [Verdict.UNKNOWN_MACHINE])
        self._points += [Point(row.id, row.time_ms) for row in waiting]
        if before.handed_over_on != after.handed_over_on:
            self._points.append(START)
        if before.sale != after.sale:
            self._put_sale_right(before.sale, after.sale, is_said="handover_hours" in command.facts)
        for key in command.undo_completions:
            self._void(self._of_form(key))
        for key, on in command.completed_on.items():
            self._redate(key, on)
        if self._points:
            self._judge(after)
        return bool(self._points)

    def _put_sale_right(self, before: Sale | None, after: Sale | None, *, is_said: bool) -> None:
        stored = None if before is None or before.hours is None else self._by_hand(before.at_ms, before.hours)
        if after is None or after.hours is None:
            self._void(stored)
            return
        dial_ms = dial_by_hand(self._keeper, after.hours, "handover_hours")
        if stored is not None:
            self._move(stored, after.at_ms, dial_ms)
        elif is_said:
            self._late = self._add(after.at_ms, dial_ms)
        if is_said and (stored is not None or self._late is not None):
            self._proofs[self._late if stored is None else stored.id] = "handover_hours"  # type: ignore[index]

    def _redate(self, key: OrderKey, on: date) -> None:
        """A form and its reading at the same time of the day on which the work was truly done."""
        form = orders.form_of(self._connection, self._machine_id, key)
        if form is None or form.content.get("done_at_ms") is None:
            return
        stored = self._of_form(key)
        at_ms = min(on_day(form.content["done_at_ms"], on, self._keeper.zone), self._remark.recorded_ms)
        orders.redate_form(self._connection, form, at_ms)
        if stored is not None:
            self._move(stored, at_ms, stored.dial_ms)
            self._proofs[stored.id] = f"{key_text(key)}: its hours on {on}"

    def _of_form(self, key: OrderKey) -> Row[Any] | None:
        form = orders.form_of(self._connection, self._machine_id, key)
        content = {} if form is None else form.content
        if content.get("done_at_ms") is None or content.get("hours") is None:
            return None
        return self._by_hand(content["done_at_ms"], content["hours"])

    def _by_hand(self, at_ms: int, hours: str) -> Row[Any] | None:
        """The reading that a person took at an instant, whatever its verdict."""
        dial_ms = dial_by_hand(self._keeper, hours, "hours")
        found = readings.by_identity(self._connection, (self._machine_id, dial_ms, at_ms))
        is_ours = found is not None and found.source == Source.MANUAL and found.verdict != Verdict.VOIDED
        return found if is_ours else None

    def _void(self, row: Row[Any] | None) -> None:
        if row is not None:
            declare_void(self._connection, row, self._remark)
            self._points.append(Point(row.id, row.time_ms))

    def _move(self, row: Row[Any], at_ms: int, dial_ms: int) -> None:
        """Replace what a reading says; one that says the same as another stored reading is void."""
        self._points += [Point(row.id, row.time_ms), Point(row.id, at_ms)]
        twin = readings.by_identity(self._connection, (self._machine_id, dial_ms, at_ms))
        if twin is not None and twin.id != row.id:
            declare_void(self._connection, row, self._remark)
            return
        values = {"dial_ms": dial_ms, "device_ms": at_ms, "arrived_ms": at_ms, "time_ms": at_ms}
        readings.restate(self._connection, row.id, values)

    def _add(self, at_ms: int, dial_ms: int) -> int | None:
        """Store hours that nobody had recorded; its number, or None if such a reading is stored."""
        if readings.by_identity(self._connection, (self._machine_id, dial_ms, at_ms)) is not None:
            return None
        reading = Reading(dial_ms, at_ms, at_ms, Source.MANUAL)
        unjudged = Judgement(Verdict.UNKNOWN_MACHINE, at_ms, dial_ms)
        readings.add(self._connection, [row_of(self._machine_id, reading, unjudged)])
        added = readings.by_identity(self._connection, (self._machine_id, dial_ms, at_ms))
        self._points.append(START)
        return None if added is None else int(added.id)

    def _judge(self, after: Life) -> None:
        sold_ms = machines.recorded_ms(self._connection, self._machine_id, "handover")
        judge_anew(
            self._connection,
            self._keeper,
            self._machine_id,
            self._points,
            after.handed_over_on,
            "correction",
            self._remark,
            late=self._late,
            late_after_ms=sold_ms or 0,
        )
        for number, what in self._proofs.items():
            self._refuse_if_not_believed(number, what)

    def _refuse_if_not_believed(self, number: int, what: str) -> None:
        row = readings.by_number(self._connection, number)
        if row is not None and row.verdict in REFUSED_BY_METER:
            message = f"{what}: {text(row.dial_ms)} h cannot be: {row.reason} ({row.verdict})"
            raise RefusedError(message)
