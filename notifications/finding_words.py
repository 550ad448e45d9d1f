"""Findings in words: what is wrong, and what to do about it (rules 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from notifications.plain import plain
from notifications.words import Words
from schedules.finding import Cure, FindingKind
from schedules.hours import text


def what(kind: FindingKind, subject: str, details: Mapping[str, Any], _: Words) -> str:
    """What is wrong with whom; `details` are those the finding was opened with."""
    sentences = {
        FindingKind.SILENT: _("{subject} has sent nothing since {since}"),
        FindingKind.NEVER_REPORTED: _("{subject} has never sent anything, in service {since}"),
        FindingKind.METER_NEEDS_DECISION: _(
            "{subject}: refused readings agree among themselves, {least} to {most} h (no. {readings})"
        ),
        FindingKind.MACHINE_WITHOUT_CENTRE: _("{subject} is in service and has no service centre"),
        FindingKind.CENTRE_WITHOUT_ADDRESS: _("service centre {subject} has no e-mail address"),
        FindingKind.YARD_WITHOUT_ADDRESS: _("yard {subject} has no e-mail address"),
        FindingKind.REGION_WITHOUT_WINDOW: _("region {subject} is not in the winter table"),
    }
    return sentences[kind].format(subject=plain(subject), **_figures(details))


def _figures(details: Mapping[str, Any]) -> dict[str, str]:
    hours = {"least": "least_total_ms", "most": "most_total_ms"}
    return {
        "since": details.get("since", ""),
        "readings": ", ".join(map(str, details.get("readings", ()))),
        **{name: text(details[key]) for name, key in hours.items() if key in details},
    }


def advice(kind: FindingKind, _: Words) -> str:
    """What to do about it, with the command that does it."""
    return {
        FindingKind.SILENT: _(
            "call the user: is it parked, or its terminal broken? the calendar goes on without readings"
        ),
        FindingKind.NEVER_REPORTED: _("check its terminal, and that it sends under this machine number"),
        FindingKind.METER_NEEDS_DECISION: _(
            "ask what the dial shows; then `readings accept`, `meter change` or `readings void`"
        ),
        FindingKind.MACHINE_WITHOUT_CENTRE: _("name its centre: `machines correct MACHINE --set service_centre=CODE`"),
        FindingKind.CENTRE_WITHOUT_ADDRESS: _("give it one: `centres import`; until then its letters go to the log"),
        FindingKind.YARD_WITHOUT_ADDRESS: _("give it one: `yards import`; until then its letters go to the log"),
        FindingKind.REGION_WITHOUT_WINDOW: _("correct the machines' region, or add it to plan.winter_file"),
    }[kind]


def cured(cure: Cure, _: Words) -> str:
    """Why there is nothing to do any more."""
    reasons = {
        Cure.HEARD: _("it was heard again"),
        Cure.GOES_ON: _("its meter goes on normally"),
        Cure.ACCEPTED: _("a reading was accepted as real"),
        Cure.VOIDED: _("the readings were declared void"),
        Cure.METER_CHANGE: _("a meter change was recorded"),
        Cure.NOT_IN_SERVICE: _("it is not in service any more"),
        Cure.RETIRED: _("it was retired"),
        Cure.COMPLETED: _("what was missing is there"),
        Cure.CORRECTED: _("its facts were corrected"),
    }
    return _("nothing: {reason}").format(reason=reasons[cure])
