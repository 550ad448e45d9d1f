"""The rows of notices: whom an occasion concerns, and when they may hear of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from adapters.store.machines import MachineRecord
from daemon.keeper import Keeper
from notifications.occasions import Occasion, Role
from notifications.timing import wait_of
from schedules.finding import FindingKind
from schedules.work_order import OrderKey


@dataclass(frozen=True, slots=True)
class FindingKey:
    """What a notice of a finding is about, in place of an order's key."""

    kind: FindingKind
    step: str = ""


def notices_of(
    keeper: Keeper,
    record: MachineRecord,
    key: OrderKey | FindingKey,
    told: tuple[tuple[Occasion, Role], ...],
    on: date,
    now_ms: int,
    again: str = "",
) -> Iterator[dict[str, Any]]:
    """The rows of notices to whom an occasion concerns; `again` tells the rounds of one occasion apart."""
    for occasion, role in told:
        for recipient in _recipients(keeper, record, role):
            yield {
                "occasion": occasion,
                "role": role,
                "recipient": recipient,
                "machine_id": record.facts.machine_id,
                "kind": key.kind,
                "step": key.step,
                "round": again,
                "on": on,
                "recorded_ms": now_ms,
                "not_before_ms": _not_before(keeper, occasion, role, recipient, now_ms),
            }


def _recipients(keeper: Keeper, record: MachineRecord, role: Role) -> list[str]:
    if role is Role.MANAGER:
        return _managers(keeper, record)
    named = {
        Role.SERVICE_CENTRE: record.service_centre,
        Role.CUSTOMER: record.customer,
        Role.YARD: record.yard,
    }[role]
    return [named] if named else []


def _managers(keeper: Keeper, record: MachineRecord) -> list[str]:
    return [
        manager.name
        for manager in keeper.telling.managers
        if manager.is_concerned(record.service_centre, record.facts.region)
    ]


def _not_before(keeper: Keeper, occasion: Occasion, role: Role, recipient: str, now_ms: int) -> int:
    """A moment later, so that what belongs together goes together; or when the recipient is to be disturbed."""
    telling = keeper.telling
    zone = telling.zone_of(role, recipient) or keeper.zone
    return telling.timing.not_before_ms(wait_of(occasion, role), now_ms, zone)
