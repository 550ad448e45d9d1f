"""Findings as the outside sees them: what is wrong, since when, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Row

from adapters.store import listing
from adapters.store.listing import FindingFilter
from daemon.listing import Fields
from daemon.showing import iso
from schedules.finding import Cure, FindingKind
from schedules.hours import text

FINDING_FIELDS = (
    "id",
    "kind",
    "subject",
    "machine_id",
    "service_centre",
    "opened_on",
    "closed_on",
    "cure",
    "what",
    "advice",
)
Details = Mapping[str, Any]

_WHAT: Mapping[FindingKind, Callable[[str, Details], str]] = {
    FindingKind.SILENT: lambda subject, said: f"{subject} has sent nothing since {said['since']}",
    FindingKind.NEVER_REPORTED: lambda subject, said: f"{subject} has never sent anything, in service {said['since']}",
    FindingKind.METER_NEEDS_DECISION: lambda subject, said: (
        f"{subject}: refused readings agree among themselves, {text(said['least_total_ms'])} to"
        f" {text(said['most_total_ms'])} h (no. {', '.join(map(str, said['readings']))})"
    ),
    FindingKind.MACHINE_WITHOUT_CENTRE: lambda subject, _: f"{subject} is in service and has no service centre",
    FindingKind.CENTRE_WITHOUT_ADDRESS: lambda subject, _: f"service centre {subject} has no e-mail address",
    FindingKind.YARD_WITHOUT_ADDRESS: lambda subject, _: f"yard {subject} has no e-mail address",
    FindingKind.REGION_WITHOUT_WINDOW: lambda subject, _: f"region {subject} is not in the winter table",
}
_ADVICE: Mapping[FindingKind, str] = {
    FindingKind.SILENT: "call the user: is it parked, or its terminal broken? the calendar goes on without readings",
    FindingKind.NEVER_REPORTED: "check its terminal, and that it sends under this machine number",
    FindingKind.METER_NEEDS_DECISION: (
        "ask what the dial shows; then `readings accept`, `meter change` or `readings void`"
    ),
    FindingKind.MACHINE_WITHOUT_CENTRE: "name its centre: `machines correct MACHINE --set service_centre=CODE`",
    FindingKind.CENTRE_WITHOUT_ADDRESS: "give it one: `centres import`; until then its letters go to the log",
    FindingKind.YARD_WITHOUT_ADDRESS: "give it one: `yards import`; until then its letters go to the log",
    FindingKind.REGION_WITHOUT_WINDOW: "correct the machines' region, or add it to plan.winter_file",
}
_CURES: Mapping[Cure, str] = {
    Cure.HEARD: "it was heard again",
    Cure.GOES_ON: "its meter goes on normally",
    Cure.ACCEPTED: "a reading was accepted as real",
    Cure.VOIDED: "the readings were declared void",
    Cure.METER_CHANGE: "a meter change was recorded",
    Cure.NOT_IN_SERVICE: "it is not in service any more",
    Cure.RETIRED: "it was retired",
    Cure.COMPLETED: "what was missing is there",
    Cure.CORRECTED: "its facts were corrected",
}


def findings(connection: Connection, wanted: FindingFilter) -> Iterator[Fields]:
    """Findings, the oldest first."""
    for batch in listing.all_findings(connection, wanted):
        yield from (_fields(row) for row in batch)


def _fields(row: Row[Any]) -> Fields:
    kind = FindingKind(row.kind)
    found = {
        **{name: getattr(row, name) for name in ("id", "kind", "subject", "machine_id", "service_centre")},
        "opened_on": iso(row.opened_on),
        "closed_on": iso(row.closed_on),
        "cure": row.cure,
        "what": _WHAT[kind](row.subject, row.details),
        "advice": _ADVICE[kind] if row.cure is None else f"nothing: {_CURES[Cure(row.cure)]}",
    }
    return {name: found[name] for name in FINDING_FIELDS}
