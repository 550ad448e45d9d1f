"""Notices with the facts of their orders, machines and recipients as they stand at the moment of asking."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select

from adapters.store.dialect import among
from adapters.store.tables import findings, machines, meters, notices, service_centres, work_orders, yards
from notifications.occasions import Occasion, Role, waits_for_morning

WAITING = and_(notices.c.letter_id.is_(None), notices.c.dropped.is_(None))
_SOON = [occasion.value for occasion in Occasion if not waits_for_morning(occasion)]
_OF_NOTICE = ("id", "occasion", "role", "recipient", "machine_id", "kind", "step", "round", "not_before_ms")
_OF_MACHINE = (
    "category",
    "model",
    "status",
    "region",
    "yard",
    "customer",
    "customer_email",
    "customer_phone",
    "customer_locale",
    "handed_over_on",
    "service_centre",
)
_OF_ORDER = (
    "state",
    "cause",
    "opens_on",
    "due_on",
    "overdue_on",
    "closed_on",
    "closing",
    "superseded_by",
    "threshold_ms",
    "plan_version",
    "acknowledged_ms",
    "copy_1_sent_on",
)
_OF_FINDING = ("opened_on", "closed_on", "details")
_OF_REGISTER = ("name", "locale", "email", "phone")


def ripe_recipients(connection: Connection, now_ms: int) -> Counter[tuple[Role, str]]:
    """Who has notices that have waited long enough: role and recipient, and how many.

    Counted here: asked to group, SQLite walks through all that wait to save itself the sorting.
    """
    columns = notices.c
    statement = select(columns.role, columns.recipient).where(WAITING, columns.not_before_ms <= now_ms)
    return Counter((Role(role), recipient) for role, recipient in connection.execute(statement))


def next_ripe_ms(connection: Connection) -> int | None:
    """The earliest instant at which a waiting notice has waited long enough; None if none waits."""
    return connection.execute(select(func.min(notices.c.not_before_ms)).where(WAITING)).scalar()


def waiting_for(connection: Connection, role: Role, recipients: Sequence[str], now_ms: int) -> list[Row[Any]]:
    """What these recipients are to be told now: what has waited long enough, and what may go along with it.

    Rows are locked where the database locks rows, in one order.
    """
    columns = notices.c
    ready = or_(columns.not_before_ms <= now_ms, and_(columns.occasion.in_(_SOON), columns.recorded_ms <= now_ms))
    statement = _facts().where(WAITING, columns.role == role, among(connection, columns.recipient, recipients), ready)
    return list(connection.execute(statement.order_by(columns.id).with_for_update(of=notices)).all())


def of_letter(connection: Connection, letter_id: str) -> list[Row[Any]]:
    """What a letter tells, without what was dropped from it."""
    columns = notices.c
    statement = _facts().where(columns.letter_id == letter_id, columns.dropped.is_(None))
    return list(connection.execute(statement.order_by(columns.id)).all())


def _facts() -> Select[Any]:
    """One row per notice; `state` is None where the order was withdrawn, registers may know nothing.

    A notice of a finding names its kind, and as its round the day on which it was opened.
    """
    n, m, w, c, y, f = notices.c, machines.c, work_orders.c, service_centres.c, yards.c, findings.c
    order = and_(w.machine_id == n.machine_id, w.kind == n.kind, w.step == n.step)
    finding = and_(f.machine_id == n.machine_id, f.kind == n.kind, f.closed_on.is_(None))
    source = (
        notices.join(machines, m.machine_id == n.machine_id)
        .join(meters, meters.c.machine_id == n.machine_id)
        .outerjoin(work_orders, order)
        .outerjoin(findings, finding)
        .outerjoin(service_centres, c.service_centre == m.service_centre)
        .outerjoin(yards, y.yard == m.yard)
    )
    columns = [
        *(n[name] for name in _OF_NOTICE),
        *(m[name] for name in _OF_MACHINE),
        *(w[name] for name in _OF_ORDER),
        *(f[name].label(f"finding_{name}") for name in _OF_FINDING),
        w.id.label("order_number"),
        w.scheduled_for,
        *(c[name].label(f"centre_{name}") for name in _OF_REGISTER),
        *(y[name].label(f"yard_{name}") for name in _OF_REGISTER),
        meters.c.total_ms,
    ]
    return select(*columns).select_from(source)
