"""Findings: what is wrong with the fleet's data and nobody's work order; each opened once, closed when it is cured."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum


class FindingKind(StrEnum):
    """What may be found (rules 5 and 7)."""

    SILENT = "silent"
    NEVER_REPORTED = "never_reported"
    METER_NEEDS_DECISION = "meter_needs_decision"
    MACHINE_WITHOUT_CENTRE = "machine_without_centre"
    CENTRE_WITHOUT_ADDRESS = "centre_without_address"
    YARD_WITHOUT_ADDRESS = "yard_without_address"
    REGION_WITHOUT_WINDOW = "region_without_window"


class Cure(StrEnum):
    """Why a finding was closed."""

    HEARD = "heard"
    GOES_ON = "goes_on"
    ACCEPTED = "accepted"
    VOIDED = "voided"
    METER_CHANGE = "meter_change"
    NOT_IN_SERVICE = "not_in_service"
    RETIRED = "retired"
    COMPLETED = "completed"
    CORRECTED = "corrected"


UNHEARD = (FindingKind.SILENT, FindingKind.NEVER_REPORTED)
"""Cured by a sign of life."""


def unheard_kind(*, has_reported: bool) -> FindingKind:
    """What is found of a machine that is not heard of: fallen silent, or never heard of at all."""
    return FindingKind.SILENT if has_reported else FindingKind.NEVER_REPORTED


def unheard_from(waits_since: date, handed_over_on: date, silence_days: int) -> date:
    """The first day on which a machine in service counts as silent, or as never having reported (rules 7).

    `waits_since` is the local date of its last sign of life, or of its hand-over if it never gave one.
    """
    return max(waits_since + timedelta(days=silence_days), handed_over_on)
