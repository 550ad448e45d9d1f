"""Runs a timeline on a scratch database with a clock that follows the file (design 6)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from adapters.mqtt.decode import Decoder, Delivery, Report
from adapters.mqtt.source import Source, SourceSpec
from adapters.store.engine import Store
from adapters.store.schema import create_scratch
from daemon import life, meters, work
from daemon.assessing import UnknownMachineError
from daemon.expecting import Failed, unmet
from daemon.judging import judge_all
from daemon.keeper import Keeper
from daemon.outbox import letters_told, make_letters
from daemon.refused import RefusedError
from daemon.sweep import sweep
from daemon.timeline import Line, instant_of
from schedules.dates import instant_ms, on_day
from schedules.evidence import Form
from schedules.machine import Category, Warranty
from schedules.work_order import Kind, OrderKey


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A command of the timeline that was refused."""

    line: int
    do: str
    machine_id: str | None
    missing: tuple[str, ...]
    reason: str


@dataclass(slots=True)
class Replayed:
    """What came of a timeline, beside what the scratch database holds."""

    keeper: Keeper
    refused: list[RefusedLine] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    notices: list[dict[str, Any]] = field(default_factory=list)
    until_ms: int = 0


def replay(keeper: Keeper, lines: Iterable[Line]) -> Replayed:
    """Run all lines; sweeps run at each local midnight between them, none after the last."""
    player = Player(keeper)
    for line in lines:
        player.play(line)
    player.result.notices = letters_told(keeper)
    return player.result


def scratch_keeper(make: Callable[[Store], Keeper]) -> Keeper:
    """A keeper on an empty database in memory."""
    store = Store("sqlite://")
    create_scratch(store)
    return make(store)


class Player:
    """Plays lines one by one; `letters` makes the letters of every moment up to an instant (ms)."""

    def __init__(self, keeper: Keeper, letters: Callable[[Keeper, int], object] = make_letters) -> None:
        """Nothing is played yet."""
        self.result = Replayed(keeper)
        self._keeper = keeper
        self._letters = letters
        self._source = Source(SourceSpec())
        self._decoder = Decoder([self._source], keeper.meter_rules, keeper.zone)
        self._next_midnight: int | None = None

    def play(self, line: Line) -> None:
        """Let time pass until the line, then do what it says."""
        self.sweep_until(line.at_ms)
        self._letters(self._keeper, line.at_ms)
        self.result.until_ms = line.at_ms
        if line.do == "expect":
            self.result.failed.extend(unmet(self._keeper, line))
            return
        try:
            _DOERS[line.do](self, line)
        except RefusedError as refused:
            self._refuse(line, refused.missing, refused.reason)
        except (UnknownMachineError, ValueError) as error:
            self._refuse(line, (), str(error))

    def _refuse(self, line: Line, missing: tuple[str, ...], reason: str) -> None:
        self.result.refused.append(RefusedLine(line.number, line.do, line.machine_id, missing, reason))

    def sweep_until(self, at_ms: int) -> None:
        """The sweeps of all midnights up to an instant (ms), each after the letters of its day."""
        if self._next_midnight is None:
            self._next_midnight = self._midnight_after(at_ms)
        while self._next_midnight <= at_ms:
            self._letters(self._keeper, self._next_midnight)
            sweep(self._keeper, self._next_midnight)
            self._next_midnight = self._midnight_after(self._next_midnight)

    def _midnight_after(self, at_ms: int) -> int:
        tomorrow = self._keeper.today(at_ms) + timedelta(days=1)
        return instant_ms(datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=self._keeper.zone))

    def reports_of(self, line: Line) -> list[Report]:
        """What a line `reading` or `raw` brings."""
        if line.do == "raw":
            return self._decoder.decode(Delivery(line.fields["topic"], _payload(line.fields), line.at_ms))
        document = {
            name: line.fields[key] for name, key in (("hours", "hours"), ("at", "device_time")) if key in line.fields
        }
        delivery = Delivery("", b"", line.at_ms)
        return self._decoder.reports(delivery, self._source, "", {**document, "machine_id": line.fields["machine_id"]})

    def judge(self, reports: list[Report], now_ms: int) -> None:
        """Judge reports in one transaction."""
        with self._keeper.store.write() as connection:
            judge_all(connection, self._keeper, reports, now_ms)

    def _reading(self, line: Line) -> None:
        self.judge(self.reports_of(line), line.at_ms)

    _raw = _reading

    def _stock_in(self, line: Line) -> None:
        fields = line.fields
        command = life.StockIn(
            fields["machine_id"],
            Category(_required(fields, "category")),
            line.at_ms,
            model=fields.get("model"),
            region=fields.get("region"),
            yard=fields.get("yard"),
            inspected=fields.get("inspected") is True,
        )
        with self._keeper.store.write() as connection:
            life.stock_in(connection, self._keeper, command, line.at_ms, fields.get("by"))

    def _handover(self, line: Line) -> None:
        command = _hand_over(line, self._keeper.zone)
        with self._keeper.store.write() as connection:
            life.hand_over(connection, self._keeper, command, line.at_ms, line.fields.get("by"))

    def _transfer(self, line: Line) -> None:
        command = life.Transfer(
            line.fields["machine_id"], line.at_ms, line.fields.get("region"), line.fields.get("yard")
        )
        with self._keeper.store.write() as connection:
            life.transfer(connection, self._keeper, command, line.at_ms, line.fields.get("by"))

    def _retire(self, line: Line) -> None:
        command = life.Retire(line.fields["machine_id"], line.at_ms, line.fields.get("reason"))
        with self._keeper.store.write() as connection:
            life.retire(connection, self._keeper, command, line.at_ms, line.fields.get("by"))

    def _meter_change(self, line: Line) -> None:
        fields = line.fields
        for name in ("changed_at", "old_end", "new_start"):
            _required(fields, name)
        changed_ms = instant_of(fields["changed_at"], "changed_at")
        command = meters.MeterChange(fields["machine_id"], changed_ms, fields["old_end"], fields["new_start"])
        with self._keeper.store.write() as connection:
            meters.change_meter(connection, self._keeper, command, line.at_ms, fields.get("by"))

    def _complete(self, line: Line) -> None:
        done_at = line.fields.get("done_at")
        command = work.Completion(
            line.fields["machine_id"],
            _key(line),
            line.at_ms if done_at is None else instant_of(done_at, "done_at"),
            line.fields.get("hours"),
            _form(line.fields),
            line.fields.get("by"),
        )
        work.complete(self._keeper, command, line.at_ms)

    def _acknowledge(self, line: Line) -> None:
        with self._keeper.store.write() as connection:
            work.acknowledge(
                connection,
                self._keeper,
                line.fields["machine_id"],
                _key(line),
                line.fields.get("by") or "",
                line.at_ms,
            )

    def _contact(self, line: Line) -> None:
        with self._keeper.store.write() as connection:
            work.contact(
                connection,
                self._keeper,
                line.fields["machine_id"],
                _key(line),
                line.fields.get("by"),
                line.at_ms,
            )

    def _schedule(self, line: Line) -> None:
        on = _date(_required(line.fields, "scheduled_for"))
        with self._keeper.store.write() as connection:
            work.schedule(
                connection,
                self._keeper,
                line.fields["machine_id"],
                _key(line),
                on,
                line.at_ms,
                line.fields.get("by"),
            )

    def _cancel(self, line: Line) -> None:
        with self._keeper.store.write() as connection:
            work.cancel(
                connection,
                self._keeper,
                line.fields["machine_id"],
                _key(line),
                line.fields.get("reason"),
                line.fields.get("by"),
                line.at_ms,
            )

    def _copy_sent(self, line: Line) -> None:
        on = line.fields.get("on")
        day = self._keeper.today(line.at_ms) if on is None else _date(on)
        with self._keeper.store.write() as connection:
            work.copy_sent(
                connection,
                self._keeper,
                line.fields["machine_id"],
                _key(line),
                day,
                line.at_ms,
                line.fields.get("by"),
            )


_DOERS: Mapping[str, Callable[[Player, Line], None]] = {
    name: getattr(Player, f"_{name}")
    for name in (
        "stock_in",
        "handover",
        "transfer",
        "retire",
        "reading",
        "raw",
        "meter_change",
        "complete",
        "acknowledge",
        "contact",
        "schedule",
        "cancel",
        "copy_sent",
    )
}


def _required(fields: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - a JSON value
    value = fields.get(name)
    if value is None:
        message = f"missing: {name}"
        raise RefusedError(message, (name,))
    return value


def _date(value: object) -> date:
    try:
        return datetime.fromisoformat(str(value)).date()
    except ValueError:
        message = f"{value!r} is no date YYYY-MM-DD"
        raise RefusedError(message) from None


def _key(line: Line) -> OrderKey:
    return OrderKey(Kind(line.fields["kind"]), line.fields["step"])


def _payload(fields: Mapping[str, Any]) -> bytes:
    if fields.get("payload_base64") is not None:
        try:
            return base64.b64decode(fields["payload_base64"], validate=True)
        except (binascii.Error, TypeError, ValueError):
            message = "payload_base64 is no base64"
            raise RefusedError(message) from None
    return str(fields.get("payload", "")).encode("utf-8", "surrogatepass")


def _hand_over(line: Line, zone: ZoneInfo) -> life.HandOver:
    fields = line.fields
    customer = fields.get("customer")
    known = customer if isinstance(customer, dict) else {"name": customer}
    category = fields.get("category")
    sold_ms = line.at_ms
    if fields.get("handed_over_on") is not None:
        sold_ms = on_day(line.at_ms, _date(fields["handed_over_on"]), zone)
    return life.HandOver(
        fields["machine_id"],
        sold_ms,
        Warranty(_required(fields, "warranty")),
        hours=fields.get("hours"),
        category=None if category is None else Category(category),
        model=fields.get("model"),
        region=fields.get("region"),
        customer=known.get("name"),
        customer_email=fields.get("customer_email", known.get("email")),
        customer_phone=fields.get("customer_phone", known.get("phone")),
        customer_locale=fields.get("customer_locale", known.get("locale")),
        service_centre=fields.get("service_centre"),
        last_step_done=fields.get("last_step_done"),
        last_step_done_on=None if fields.get("last_step_done_on") is None else _date(fields["last_step_done_on"]),
    )


def _form(fields: Mapping[str, Any]) -> Form:
    items = fields.get("items")
    return Form(
        technician=_text(fields.get("technician", "-" if fields["kind"] == Kind.SELF_SERVICE else None)),
        signed_by=_text(fields.get("signed_by")),
        genuine_oils=fields.get("genuine_oils") is True,
        items=("all",) if items is None else tuple(str(item) for item in items),
        findings=_text(fields.get("findings")),
        service_record_no=_text(fields.get("service_record_no")),
        nothing_removed=fields.get("nothing_removed") is True,
        winter_items=fields.get("winter_items") is True,
    )


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, (str, Decimal)) else None
