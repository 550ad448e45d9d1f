"""On which occasion who is told (rules 8)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import chain

from schedules.finding import FindingKind
from schedules.work_order import Change, Closing, Kind, State


class Occasion(StrEnum):
    """What a letter is about; within a kind of work a later one says more than an earlier one."""

    VISIT_UPCOMING = "visit_upcoming"
    VISIT_DUE = "visit_due"
    VISIT_OVERDUE = "visit_overdue"
    VISIT_STILL_OVERDUE = "visit_still_overdue"
    VISIT_LAPSED = "visit_lapsed"
    VISIT_SCHEDULED = "visit_scheduled"
    VISIT_CALLED_OFF = "visit_called_off"
    SELF_SERVICE_UPCOMING = "self_service_upcoming"
    SELF_SERVICE_DUE = "self_service_due"
    STOCK_OPENED = "stock_opened"
    STOCK_OVERDUE = "stock_overdue"
    FREEZE_OPENED = "freeze_opened"
    FREEZE_DUE = "freeze_due"
    FREEZE_OVERDUE = "freeze_overdue"
    WEEKLY_DIGEST = "weekly_digest"
    COPY_1_NOT_SENT = "copy_1_not_sent"
    SILENT_MACHINE = "silent_machine"
    METER_DECISION = "meter_decision"


class Role(StrEnum):
    """As what somebody is told."""

    SERVICE_CENTRE = "service_centre"
    CUSTOMER = "customer"
    MANAGER = "manager"
    YARD = "yard"


Told = tuple[Occasion, Role]

_OCCASIONS: Mapping[tuple[Kind, State], Occasion] = {
    (Kind.MANDATORY_VISIT, State.UPCOMING): Occasion.VISIT_UPCOMING,
    (Kind.MANDATORY_VISIT, State.DUE): Occasion.VISIT_DUE,
    (Kind.MANDATORY_VISIT, State.OVERDUE): Occasion.VISIT_OVERDUE,
    (Kind.MANDATORY_VISIT, State.LAPSED): Occasion.VISIT_LAPSED,
    (Kind.SELF_SERVICE, State.UPCOMING): Occasion.SELF_SERVICE_UPCOMING,
    (Kind.SELF_SERVICE, State.DUE): Occasion.SELF_SERVICE_DUE,
    (Kind.STOCK_UPKEEP, State.UPCOMING): Occasion.STOCK_OPENED,
    (Kind.STOCK_UPKEEP, State.OVERDUE): Occasion.STOCK_OVERDUE,
    (Kind.FREEZE_PROTECTION, State.UPCOMING): Occasion.FREEZE_OPENED,
    (Kind.FREEZE_PROTECTION, State.DUE): Occasion.FREEZE_DUE,
    (Kind.FREEZE_PROTECTION, State.OVERDUE): Occasion.FREEZE_OVERDUE,
}

_ROLES: Mapping[Occasion, tuple[Role, ...]] = {
    Occasion.VISIT_UPCOMING: (Role.SERVICE_CENTRE, Role.CUSTOMER),
    Occasion.VISIT_DUE: (Role.SERVICE_CENTRE, Role.CUSTOMER),
    Occasion.VISIT_OVERDUE: (Role.SERVICE_CENTRE, Role.CUSTOMER, Role.MANAGER),
    Occasion.VISIT_STILL_OVERDUE: (Role.SERVICE_CENTRE, Role.MANAGER),
    Occasion.VISIT_LAPSED: (Role.SERVICE_CENTRE, Role.MANAGER),
    Occasion.VISIT_SCHEDULED: (Role.SERVICE_CENTRE, Role.CUSTOMER),
    Occasion.VISIT_CALLED_OFF: (Role.SERVICE_CENTRE, Role.CUSTOMER),
    Occasion.SELF_SERVICE_UPCOMING: (Role.CUSTOMER, Role.SERVICE_CENTRE),
    Occasion.SELF_SERVICE_DUE: (Role.CUSTOMER, Role.SERVICE_CENTRE),
    Occasion.STOCK_OPENED: (Role.YARD,),
    Occasion.STOCK_OVERDUE: (Role.YARD, Role.MANAGER),
    Occasion.FREEZE_OPENED: (Role.YARD,),
    Occasion.FREEZE_DUE: (Role.YARD,),
    Occasion.FREEZE_OVERDUE: (Role.YARD, Role.MANAGER),
    Occasion.WEEKLY_DIGEST: (Role.MANAGER,),
    Occasion.COPY_1_NOT_SENT: (Role.SERVICE_CENTRE,),
    Occasion.SILENT_MACHINE: (Role.MANAGER,),
    Occasion.METER_DECISION: (Role.MANAGER,),
}
FOUND: Mapping[FindingKind, Occasion] = {
    FindingKind.SILENT: Occasion.SILENT_MACHINE,
    FindingKind.METER_NEEDS_DECISION: Occasion.METER_DECISION,
}
"""Findings that managers are told of; the others are on their list."""
OF_FINDINGS = frozenset(FOUND.values())

INVITING = frozenset({Occasion.VISIT_SCHEDULED, Occasion.VISIT_CALLED_OFF})
"""Told beside all else: each has its own entry in the recipient's calendar."""

_STRENGTH = {occasion: strength for strength, occasion in enumerate(Occasion)}
_IN_THE_MORNING = frozenset({Occasion.VISIT_UPCOMING, Occasion.SELF_SERVICE_UPCOMING, Occasion.VISIT_STILL_OVERDUE})


def roles_of(occasion: Occasion) -> tuple[Role, ...]:
    """Who is told on an occasion."""
    return _ROLES[occasion]


def occasions_of(change: Change) -> tuple[Told, ...]:
    """Whom one change of an order concerns (rules 8); nobody if the state stayed or the machine retired."""
    stayed = change.before is not None and change.before.state is change.after.state
    occasion = _OCCASIONS.get((change.after.kind, change.after.state))
    if occasion is None or stayed or change.after.closing is Closing.RETIREMENT:
        return ()
    return tuple((occasion, role) for role in roles_of(occasion))


def strongest(told: Iterable[Told]) -> tuple[Told, ...]:
    """One occasion per role out of those of one order; of one that has lapsed, only the lapse is told."""
    best: dict[Role, Occasion] = {}
    for occasion, role in told:
        best[role] = leading((occasion, best.get(role, occasion)))
    lapsed = Occasion.VISIT_LAPSED in best.values()
    return tuple((occasion, role) for role, occasion in best.items() if not lapsed or occasion is Occasion.VISIT_LAPSED)


def told_of(changes: Sequence[Change]) -> tuple[Told, ...]:
    """Whom the changes of one order within one transaction concern, given in their order.

    Each role is told once, of the strongest; nobody if the order ended without a word (done, cancelled,
    superseded).
    """
    if changes and not changes[-1].after.is_open and not occasions_of(changes[-1]):
        return ()
    return strongest(chain.from_iterable(occasions_of(change) for change in changes))


def leading(occasions: Iterable[Occasion]) -> Occasion:
    """The occasion that names a letter in which several of one kind of work go together (rules 1)."""
    return max(occasions, key=_STRENGTH.__getitem__)


def waits_for_morning(occasion: Occasion) -> bool:
    """Whether a letter goes once a day, in the recipient's morning (rules 8): upcoming and weekly ones."""
    return occasion in _IN_THE_MORNING
