"""What a machine's retained message says of its next service (README, "On the machine's own display")."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from adapters.store.machines import MachineRecord
from daemon.showing import hours, iso
from notifications.names import order_name
from notifications.plain import plain
from notifications.words import Words
from schedules.forecast import Projection
from schedules.next_service import NextService, next_service
from schedules.rulebook import Rulebook


def message(record: MachineRecord, projection: Projection, today: date, rulebook: Rulebook, words: Words) -> str:
    """The JSON object; nothing in it is about the customer, as anybody who may read the topic reads it."""
    found = next_service(record.facts, projection, today, rulebook)
    said: dict[str, Any] = {
        "machine_id": record.facts.machine_id,
        "model": plain(record.model) if record.model else None,
        "category": record.category.value,
        "status": record.facts.status.value,
        "total_hours": hours(record.facts.total_ms),
        **(_NOTHING if found is None else _of_step(found, words)),
    }
    return json.dumps(said, ensure_ascii=False)


def _of_step(step: NextService, words: Words) -> dict[str, Any]:
    return {
        "kind": step.kind.value,
        "step": step.step,
        "name": order_name(step.kind, step.step, words),
        "state": "planned" if step.state is None else step.state.value,
        "hours_left": hours(step.left_ms),
        "threshold_hours": hours(step.threshold_ms),
        "projected_due_on": iso(step.expected.on),
        "basis": step.expected.basis.value if step.expected.basis else None,
        "late_days": step.late_days,
    }


_FIELDS = ("kind", "step", "name", "state", "hours_left", "threshold_hours", "projected_due_on", "basis", "late_days")
_NOTHING: dict[str, Any] = dict.fromkeys(_FIELDS)
