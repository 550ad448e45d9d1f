"""Drafts: forms that were refused, kept so that giving what was missing is enough (rules 6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection

from adapters.store import orders
from daemon.completing import Completion
from daemon.keeper import Keeper
from daemon.showing import instant
from schedules.evidence import Form
from schedules.work_order import OrderKey

FORM_FIELDS = (
    "done_at",
    "hours",
    "technician",
    "signed_by",
    "genuine_oils",
    "items",
    "findings",
    "service_record_no",
    "nothing_removed",
    "winter_items",
)
"""What a form may say, in its order."""
_TAKEN_BACK = "the completion was taken back"


@dataclass(frozen=True, slots=True)
class Filled:
    """A form with what it left out taken from a draft: which fields, and since when (ms) the draft is kept."""

    command: Completion
    names: tuple[str, ...] = ()
    kept_ms: int | None = None


def fill(connection: Connection, command: Completion) -> Filled:
    """A form filled from the draft that is kept for its order."""
    draft = orders.draft_of(connection, command.machine_id, command.key)
    if draft is None:
        return Filled(command)
    names = tuple(name for name in FORM_FIELDS if not _given(command, name) and _kept(draft.content, name))
    return Filled(_with(command, {name: _kept(draft.content, name) for name in names}), names, draft.recorded_ms)


def _given(command: Completion, name: str) -> bool:
    value = {"done_at": command.done_at_ms, "hours": command.hours}.get(name, getattr(command.form, name, None))
    return value is not None and value is not False and str(value).strip() not in ("", "()")


def _kept(content: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - a JSON value
    return content.get("done_at_ms" if name == "done_at" else name)


def _with(command: Completion, values: Mapping[str, Any]) -> Completion:
    of_form = {name: value for name, value in values.items() if name in Form.__dataclass_fields__}
    if "items" in of_form:
        of_form["items"] = tuple(of_form["items"])
    done_at_ms, hours = values.get("done_at", command.done_at_ms), values.get("hours", command.hours)
    form = replace(command.form, **of_form, has_date=done_at_ms is not None, has_hours=hours is not None)
    return replace(command, done_at_ms=done_at_ms, hours=hours, form=form)


def draft_view(connection: Connection, keeper: Keeper, machine_id: str, key: OrderKey) -> dict[str, Any] | None:
    """The draft of an order as the outside sees it: why it was refused, what is missing, and what it says."""
    draft = orders.draft_of(connection, machine_id, key)
    if draft is None:
        return None
    said = {name: _kept(draft.content, name) for name in FORM_FIELDS}
    return {
        "recorded_at": instant(draft.recorded_ms, keeper.zone),
        "by": draft.content.get("by"),
        "reason": draft.content.get("reason") or _TAKEN_BACK,
        "missing": draft.missing,
        **said,
        "done_at": instant(said["done_at"], keeper.zone),
    }
