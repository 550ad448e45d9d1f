"""How deliveries are batched, and what the broker brings again, makes no difference to any row."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, select

from adapters.files.rules import read_rules
from adapters.mqtt.decode import Decoder, Delivery
from adapters.mqtt.source import Source, SourceSpec
from adapters.store.engine import Store
from adapters.store.rulebooks import adopt
from adapters.store.tables import findings, meters, notices, reading_tally, readings, work_order_events, work_orders
from daemon import life
from daemon.judging import judge_all
from daemon.keeper import Keeper
from daemon.replay import scratch_keeper
from daemon.sweep import sweep
from schedules.dates import moment, start_of_day_ms
from schedules.machine import Category, Warranty

HOUR = 3_600_000
MINUTE = 60_000
DAYS = 12
LATECOMER = "D4"
"""Reports from the first day; registered in the middle."""
SILENT = "E5"
"""Reports nothing for nine days, and then again."""
REPLACED = "F6"
"""Has a new hour meter from the middle on, of which nobody has told us."""
MACHINES = ("A1", "B2", "C3", SILENT, REPLACED, LATECOMER)
SEEDS = range(12)
WRONG = (b"", b"{", b'{"hours": true}', b'{"hours": null}', b"[1]", b"\xff", b'{"hours": 200001}')
ASIDE = frozenset({"id", "letter_id", "recorded_ms", "closed_ms", "not_before_ms"})
Batched = Callable[[Sequence[Delivery]], Iterable[Sequence[Delivery]]]
Rows = dict[str, list[dict[str, Any]]]


def one_by_one(day: Sequence[Delivery]) -> Iterable[Sequence[Delivery]]:
    return ([delivery] for delivery in day)


def by_sevens(day: Sequence[Delivery]) -> Iterable[Sequence[Delivery]]:
    return (day[start : start + 7] for start in range(0, len(day), 7))


def all_at_once(day: Sequence[Delivery]) -> Iterable[Sequence[Delivery]]:
    return (day,)


class Fleet:
    """Machines in use, and each day's messages as they come in: some late, some twice, some wrong."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._hours = {machine: self._rng.choice((0.0, 78.0, 95.5, 548.0, 1190.0)) for machine in MACHINES}
        self._rates = {machine: self._rng.choice((0.3, 0.8, 1.0)) for machine in MACHINES}
        self.keeper = scratch_keeper(_keeper)
        self._decoder = Decoder([Source(SourceSpec())], self.keeper.meter_rules, self.keeper.zone)
        self._first_day = date(2025, 3, 3) + timedelta(days=self._rng.randrange(200))
        self._days = [self._messages(day) for day in range(DAYS)]

    def lives(self, batched: Batched, again: Batched = lambda _batch: ()) -> Rows:
        """All days, batch by batch; `again` says what of a batch is brought once more after it."""
        for machine in MACHINES[:-1]:
            self._sells(machine, self._midnight(0))
        for day, messages in enumerate(self._days):
            sweep(self.keeper, self._midnight(day))
            if day == DAYS // 2:
                self._sells(LATECOMER, self._midnight(day) + HOUR)
            for batch in batched(messages):
                self._arrives(batch)
                for brought_again in again(batch):
                    self._arrives(brought_again)
        return self._rows()

    def has_device_time(self, delivery: Delivery) -> bool:
        """Without one, two equal readings are two (rules 7); what is no reading is known by its text."""
        reports = self._decoder.decode(delivery)
        return all(report.reading is None or report.reading.device_ms is not None for report in reports)

    def _midnight(self, day: int) -> int:
        return start_of_day_ms(self._first_day + timedelta(days=day), self.keeper.zone)

    def _sells(self, machine: str, at_ms: int) -> None:
        hours = str(self._total(machine, at_ms))
        command = life.HandOver(machine, at_ms, Warranty.HALF_YEAR, hours, Category.LOADER, customer="U")
        with self.keeper.store.write() as connection:
            life.hand_over(connection, self.keeper, replace(command, service_centre="JN"), at_ms)

    def _arrives(self, batch: Sequence[Delivery]) -> None:
        if batch:
            reports = [report for delivery in batch for report in self._decoder.decode(delivery)]
            with self.keeper.store.write() as connection:
                judge_all(connection, self.keeper, reports, batch[-1].arrived_ms)

    def _messages(self, day: int) -> list[Delivery]:
        at_ms, sent = self._midnight(day) + 6 * HOUR, list[Delivery]()
        for _ in range(self._rng.randrange(4, 26)):
            at_ms += self._rng.randrange(0, 40 * MINUTE)
            sent.append(self._message(at_ms, sent))
        return sent

    def _message(self, at_ms: int, sent: Sequence[Delivery]) -> Delivery:
        """Every fifth is one of today's again, marked by the broker or not."""
        if sent and self._rng.random() < 0.2:
            return replace(self._rng.choice(sent), arrived_ms=at_ms, repeated=self._rng.random() < 0.7)
        machine = self._rng.choice(self._reporting(at_ms))
        return Delivery(f"machines/{machine}/hours", self._payload(machine, at_ms), at_ms)

    def _reporting(self, at_ms: int) -> Sequence[str]:
        if any(self._midnight(day) <= at_ms < self._midnight(day) + 9 * HOUR for day in (0, 10)):
            return [SILENT]
        is_silent = self._midnight(1) <= at_ms < self._midnight(10)
        return [REPLACED, *(machine for machine in MACHINES if machine != SILENT or not is_silent)]

    def _payload(self, machine: str, at_ms: int) -> bytes:
        rng = self._rng
        if rng.random() < 0.06:
            return rng.choice(WRONG)
        buffered = rng.random() < 0.25
        then_ms = max(self._midnight(0), at_ms - rng.choice((1, 5, 30, 80)) * HOUR) if buffered else at_ms
        off = rng.choice((0.0,) * 8 + (-0.5, -30.0, 2.0, 60.0))
        content: dict[str, object] = {"hours": round(max(0.0, self._total(machine, then_ms) + off), 3)}
        if rng.random() < 0.8:
            content["at"] = moment(then_ms).isoformat()
        return json.dumps(content).encode()

    def _total(self, machine: str, at_ms: int) -> float:
        since = max(0, at_ms - self._midnight(0)) / HOUR
        new_dial = 4000.0 if machine == REPLACED and at_ms >= self._midnight(DAYS // 2) else 0.0
        return round(self._hours[machine] + since * self._rates[machine] + new_dial, 3)

    def _rows(self) -> Rows:
        tables = (readings, meters, work_orders, work_order_events, notices, reading_tally)
        rows = {table.name: self._rows_of(table) for table in tables}
        return {**rows, "findings": sorted(self._rows_of(findings), key=repr)}

    def _rows_of(self, table: Table) -> list[dict[str, Any]]:
        """In the order in which they were written."""
        with self.keeper.store.read() as connection:
            rows = connection.execute(select(table).order_by(*table.primary_key)).mappings().all()
        return [{name: value for name, value in row.items() if name not in ASIDE} for row in rows]


def _keeper(store: Store) -> Keeper:
    with store.write() as connection:
        return Keeper(store, adopt(connection, read_rules(), 0))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_size_of_a_batch_makes_no_difference(seed: int) -> None:
    alone, sevens, together = (Fleet(seed).lives(batched) for batched in (one_by_one, by_sevens, all_at_once))
    assert alone["work_orders"]
    assert {"accepted", "duplicate"} <= verdicts(alone)
    assert ("silent", "heard") in {(row["kind"], row["cure"]) for row in alone["findings"]}
    assert "meter_needs_decision" in {row["kind"] for row in alone["findings"]}
    assert alone == sevens
    assert alone == together


@pytest.mark.parametrize("seed", SEEDS)
def test_redelivery_changes_nothing(seed: int) -> None:
    """Batches whose acknowledgement was lost come again, whole or in part, marked by the broker."""
    rng, once, twice = random.Random(seed), Fleet(seed), Fleet(seed)

    def again(batch: Sequence[Delivery]) -> Iterable[Sequence[Delivery]]:
        kept = [each for each in batch if twice.has_device_time(each)]
        if rng.random() < 0.5:
            yield [replace(each, repeated=True) for each in kept[rng.randrange(len(kept) + 1) :]]

    first, second = once.lives(by_sevens), twice.lives(by_sevens, again)
    tally = "reading_tally"
    assert second[tally] != first[tally]
    assert uncounted(second) == uncounted(first)


def verdicts(rows: Rows) -> set[str]:
    return {row["verdict"] for row in (*rows["readings"], *rows["reading_tally"])}


def uncounted(rows: Rows) -> Rows:
    """All rows without how often they came."""
    kept = {name: table for name, table in rows.items() if name != "reading_tally"}
    kept["readings"] = [{**row, "repeats": None} for row in rows["readings"]]
    return kept
