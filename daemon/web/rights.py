"""Who may see and do what: managers everything, centres and yards their own, auditors may look."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from notifications.occasions import Role as Told
from schedules.machine import Status
from schedules.work_order import Kind


class Role(StrEnum):
    """What somebody is to us; `LINK` is whoever holds the link of one work order's letter."""

    MANAGER = "manager"
    SERVICE_CENTRE = "service_centre"
    YARD = "yard"
    AUDITOR = "auditor"
    LINK = "link"


class Action(StrEnum):
    """What can be done, beyond looking."""

    ACKNOWLEDGE = "acknowledge"
    CONTACT = "contact"
    SCHEDULE = "schedule"
    COMPLETE = "complete"
    COPY_SENT = "copy-sent"
    CANCEL = "cancel"
    STOCK_IN = "stock-in"
    TRANSFER = "transfer"
    HANDOVER = "handover"
    RETIRE = "retire"
    METER_CHANGE = "meter-change"
    CORRECT = "correct"
    DECIDE = "decide"
    OVERRIDE = "override"
    IMPORT = "import"
    RETRY = "retry"
    ADMINISTER = "administer"


_REPORT = {Action.ACKNOWLEDGE, Action.COMPLETE}
_ALLOWED = {
    Role.MANAGER: frozenset(Action),
    Role.SERVICE_CENTRE: frozenset({*_REPORT, Action.CONTACT, Action.SCHEDULE, Action.COPY_SENT, Action.METER_CHANGE}),
    Role.YARD: frozenset({*_REPORT, Action.STOCK_IN, Action.TRANSFER}),
    Role.LINK: frozenset[Action](),
    Role.AUDITOR: frozenset[Action](),
}
_BY_LINK = {
    Told.SERVICE_CENTRE: frozenset({*_REPORT, Action.CONTACT, Action.SCHEDULE}),
    Told.YARD: frozenset(_REPORT),
    Told.MANAGER: frozenset({Action.ACKNOWLEDGE}),
    Told.CUSTOMER: frozenset({Action.COMPLETE}),
}
"""What whoever was told may report of the order they were told of (rules 6): users only what is theirs to do."""
STOCK_KINDS = frozenset({Kind.STOCK_UPKEEP, Kind.FREEZE_PROTECTION})


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks: `service_centre` and `yard` are set for those roles, `order_id` for whoever holds its link."""

    name: str
    role: Role
    service_centre: str | None = None
    yard: str | None = None
    order_id: int | None = None
    locale: str | None = None
    session: str | None = None
    """The session's own secret against forged forms; None for tokens, which no browser sends by itself."""
    identity: str = ""
    """Which person, token or link it is: names may be alike."""
    told_as: Told | None = None
    """As what whoever holds a link was told of it."""
    read_only: bool = False
    once: str | None = None
    """The key under which what they ask is done once only."""

    def may(self, action: Action) -> bool:
        """Whether this is theirs to do at all; on which machine, `owns` says, and on which order, `may_on`."""
        if self.read_only:
            return False
        if self.told_as is not None:
            return action in _BY_LINK[self.told_as]
        return action in _ALLOWED[self.role]

    def may_on(self, kind: Kind, action: Action) -> bool:
        """Whether this is theirs to do on an order of this kind."""
        if self.told_as is Told.CUSTOMER and kind is not Kind.SELF_SERVICE:
            return False
        return self.may(action) and (self.role is not Role.YARD or kind in STOCK_KINDS)

    @property
    def sees_everything(self) -> bool:
        """Whether every machine is theirs to look at."""
        return self.role in {Role.MANAGER, Role.AUDITOR}

    def owns(self, service_centre: str | None, yard: str | None, status: str) -> bool:
        """Whether a machine is theirs: of their centre, or standing in their yard."""
        if self.sees_everything:
            return True
        if self.role is Role.SERVICE_CENTRE:
            return service_centre is not None and service_centre == self.service_centre
        if self.role is Role.YARD:
            return yard is not None and yard == self.yard and status == Status.STOCK
        return False

    def owns_order(self, order_id: int, service_centre: str | None, yard: str | None, status: str) -> bool:
        """Whether a work order is theirs: its machine is, or they hold its link."""
        if self.role is Role.LINK:
            return self.order_id == order_id
        return self.owns(service_centre, yard, status)
