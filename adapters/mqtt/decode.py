"""From a delivery to readings: which machine, what its dial shows, and when (rules 7, rows 1 to 3)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from adapters.mqtt.document import ABSENT, NotADocument, limited, parse, together
from adapters.mqtt.source import MACHINE_ID, AtFormat, Payload, Source
from adapters.mqtt.sparkplug import Births
from schedules.plan import MeterRules
from schedules.reading import Reading, Refusal, Verdict, dial_of
from schedules.reading import Source as Bringer

MOST_KEPT_BYTES = 4096
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_ONE_MS = timedelta(milliseconds=1)
_MOST_MS = (datetime.max.replace(tzinfo=UTC) - _1970) // _ONE_MS
_SINCE_1970 = {AtFormat.SECONDS, AtFormat.MILLISECONDS}
_DIGITS = re.compile(r"[0-9]{12}")
_OTHER_MACHINE = Refusal(Verdict.MALFORMED, "topic and payload name different machines")
_NO_MACHINE = Refusal(Verdict.MALFORMED, "no machine number of 1 to 64 characters A-Z a-z 0-9 . _ -")
_NO_HOURS = Refusal(Verdict.MALFORMED, "no hours in the message")


@dataclass(slots=True)
class Delivery:
    """One message as it came, arrival in ms; the topic is bytes only where it is no text.

    `repeated`: marked duplicate or retained.
    """

    topic: str | bytes
    payload: bytes
    arrived_ms: int
    repeated: bool = False
    retained: bool = False

    def topic_bytes(self) -> bytes:
        """The topic as it came."""
        return self.topic if isinstance(self.topic, bytes) else self.topic.encode("utf-8", "surrogatepass")

    def digest(self) -> bytes:
        """Names topic and payload."""
        key = hashlib.blake2b(self.topic_bytes(), digest_size=32).digest()
        return hashlib.blake2b(self.payload, digest_size=16, key=key).digest()


@dataclass(slots=True)
class Report:
    """What one delivery says of one machine: a reading, or why there is none."""

    delivery: Delivery
    machine_id: str | None
    reading: Reading | None
    refusal: Refusal | None = None


class Decoder:
    """Takes deliveries apart by the configured sources; never raises for anything a machine may send."""

    def __init__(
        self,
        sources: Sequence[Source],
        rules: MeterRules,
        zone: ZoneInfo,
        most_bytes: int = MOST_KEPT_BYTES,
        births: Births | None = None,
    ) -> None:
        """`zone` is that of device times without offset; larger payloads than `most_bytes` are not parsed."""
        self._sources = sources
        self._rules = rules
        self._zone = zone
        self._most_bytes = most_bytes
        self._births = births or Births()

    def decode(self, delivery: Delivery) -> list[Report]:
        """The reports of a delivery in order of device time; a malformed one gives one report that says why."""
        try:
            source, named = self._source_of(delivery.topic)
            return self._read(delivery, source, named)
        except NotADocument as error:
            return [_malformed(delivery, str(error))]

    def _source_of(self, topic: str | bytes) -> tuple[Source, str]:
        if isinstance(topic, bytes):
            message = "the topic is not UTF-8"
            raise NotADocument(message)
        for source in self._sources:
            try:
                named = source.machine_in(topic)
            except ValueError:
                raise NotADocument(_NO_MACHINE.reason) from None
            if named is not None:
                return source, named
        message = "the topic belongs to no configured source"
        raise NotADocument(message)

    def _read(self, delivery: Delivery, source: Source, named: str) -> list[Report]:
        if source.payload is Payload.SPARKPLUG_B:
            return self._metrics(delivery, source, named)
        if source.payload is Payload.BYTES:
            return [self._report(delivery, source, named, delivery.payload, ABSENT, ABSENT)]
        return self.reports(delivery, source, named, parse(delivery.payload, self._most_bytes))

    def _metrics(self, delivery: Delivery, source: Source, named: str) -> list[Report]:
        topic = delivery.topic if isinstance(delivery.topic, str) else ""
        found = self._births.values(
            topic, limited(delivery.payload, self._most_bytes), source.hours, delivery.arrived_ms
        )
        return self.reports(delivery, source, named, found) if named and found else []

    def reports(self, delivery: Delivery, source: Source, named: str, document: object) -> list[Report]:
        """The reports of a parsed document that came under a topic naming the machine `named` (empty: none)."""
        if type(document) is dict and source.is_flat:
            get, (hours, at, inside) = document.get, source.keys
            return [self._report(delivery, source, named, get(hours, ABSENT), get(at, ABSENT), get(inside, ABSENT))]
        if type(document) is not dict and type(document) is not list:
            return [self._report(delivery, source, named, document, ABSENT, ABSENT)]
        found = list(together(document, source.paths))
        telling = [values for values in found if values[0] is not ABSENT] if source.hours_optional else found
        reports = [self._report(delivery, source, named, *values) for values in telling]
        return _in_order(delivery, reports) if telling or not found else []

    def _report(
        self, delivery: Delivery, source: Source, named: str, hours: object, at: object, inside: object
    ) -> Report:
        machine_id = named if named and (inside is ABSENT or inside == named) else _machine_of(named, inside)
        if isinstance(machine_id, Refusal):
            return Report(delivery, None, None, machine_id)
        dial = _NO_HOURS if hours is ABSENT else self._dial(source, hours)
        if isinstance(dial, Refusal):
            return Report(delivery, machine_id, None, dial)
        device_ms, unreadable = self._device_time(source, at)
        return Report(
            delivery,
            machine_id,
            Reading(dial, device_ms, delivery.arrived_ms, Bringer.TELEMATICS, unreadable, delivery.repeated),
        )

    def _dial(self, source: Source, hours: object) -> int | Refusal:
        if source.octets is None or hours is None:
            return dial_of(hours, source.unit, self._rules)
        try:
            return dial_of(source.octets.number(hours), source.unit, self._rules)
        except ValueError as error:
            return Refusal(Verdict.MALFORMED, str(error))

    def _device_time(self, source: Source, value: object) -> tuple[int | None, bool]:
        """The device time in ms, and whether one was sent that cannot be read."""
        if value is ABSENT or value is None:
            return None, False
        try:
            if source.at_format in _SINCE_1970:
                return _since_1970(source.at_format, value), False
            moment = _moment(source.at_format, value)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=self._zone)
            return (moment - _1970) // _ONE_MS, False
        except (ValueError, OverflowError, TypeError, ArithmeticError):
            return None, True


def _machine_of(named: str, inside: object) -> str | Refusal:
    """The machine of a message whose topic does not name the same as its payload, or none."""
    if named:
        return _OTHER_MACHINE
    return inside if isinstance(inside, str) and MACHINE_ID.fullmatch(inside) else _NO_MACHINE


def _in_order(delivery: Delivery, reports: list[Report]) -> list[Report]:
    """Readings by device time; what is malformed in a list is reported once, with how often."""
    good = sorted((report for report in reports if report.reading is not None), key=_device_time)
    bad = [report for report in reports if report.reading is None]
    if len(bad) > 1 and bad[0].refusal is not None:
        reason = f"{bad[0].refusal.reason} ({len(bad)} such entries in one message)"
        bad = [Report(delivery, bad[0].machine_id, None, Refusal(bad[0].refusal.verdict, reason))]
    return [*good, *bad] or [_malformed(delivery, "an empty list")]


def _moment(at_format: AtFormat, value: object) -> datetime:
    if at_format is AtFormat.ISO:
        return datetime.fromisoformat(value)  # type: ignore[arg-type]
    if not isinstance(value, str) or _DIGITS.fullmatch(value) is None:
        message = "no twelve digits"
        raise ValueError(message)
    return datetime.strptime(value, "%y%m%d%H%M%S")  # noqa: DTZ007 - the caller knows its zone


def _since_1970(at_format: AtFormat, value: object) -> int:
    per_unit = 1000 if at_format is AtFormat.SECONDS else 1
    if type(value) is not Decimal or not abs(value) <= _MOST_MS // per_unit:
        message = "no time since 1970"
        raise ValueError(message)
    return int(value * per_unit)


def _device_time(report: Report) -> int:
    device_ms = report.reading.device_ms if report.reading else None
    return report.delivery.arrived_ms if device_ms is None else device_ms


def _malformed(delivery: Delivery, reason: str) -> Report:
    return Report(delivery, None, None, Refusal(Verdict.MALFORMED, reason))
