"""Letters and facts that tests change a little."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from notifications.letter import Addressee, Letter, OrderFacts
from notifications.occasions import Occasion, Role
from schedules.machine import Category
from schedules.work_order import Cause, Kind, State

_FACTS = OrderFacts(
    machine_id="L1",
    model="LG855N",
    category=Category.LOADER,
    kind=Kind.MANDATORY_VISIT,
    step="600",
    state=State.DUE,
    cause=Cause.HOURS,
    opens_on=date(2025, 4, 17),
    due_on=date(2025, 4, 22),
    overdue_on=date(2025, 6, 4),
    late_days=None,
    total_hours=602.125,
    threshold_hours=600.0,
    projected_due_on=None,
    projected_is_assumed=False,
    customer="张三",
    customer_phone="13812345678",
    customer_reachable=True,
    service_centre="SC7",
    service_centre_name="济南服务中心",
    service_centre_phone="0531-1234567",
    region="37",
    yard=None,
    plan_version="1",
)
_ADDRESSEE = Addressee(Role.SERVICE_CENTRE, "SC7", "济南服务中心", "desk@centre.example", None, "zh-CN")


def facts(**changes: Any) -> OrderFacts:  # noqa: ANN401 - any field
    return replace(_FACTS, **changes)


def addressee(role: Role = Role.SERVICE_CENTRE, locale: str = "zh-CN", **changes: Any) -> Addressee:  # noqa: ANN401 - any field
    return replace(_ADDRESSEE, role=role, locale=locale, **changes)


def letter(
    *orders: OrderFacts,
    occasion: Occasion = Occasion.VISIT_DUE,
    to: Addressee = _ADDRESSEE,
    letter_id: str = "N-17",
    attempts: int = 0,
) -> Letter:
    return Letter(letter_id, occasion, to, orders or (_FACTS,), attempts)
