"""Home Assistant finds machines by itself: what its MQTT discovery wants to be told of each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from notifications.names import category_name
from notifications.plain import plain
from notifications.words import Words

_ODD = re.compile(r"[^A-Za-z0-9_-]")
_KNOWN_BY = 8


def discovery_topic(prefix: str, machine_id: str) -> str:
    """Where Home Assistant looks for a device; it takes letters, digits, `_` and `-` only, others are replaced."""
    return f"{prefix}/device/{_object_id(machine_id)}/config"


def _object_id(machine_id: str) -> str:
    """A number of its own for each machine: one that had to be altered is told apart by a digest."""
    tame = _ODD.sub("_", machine_id)
    told_apart = "" if tame == machine_id else f"_{sha256(machine_id.encode()).hexdigest()[:_KNOWN_BY]}"
    return f"hourkeeper_{tame}{told_apart}"


def discovery(machine: Mapping[str, Any], state_topic: str, status_topic: str, _: Words) -> str:
    """One device with its sensors, as JSON; `machine` has `machine_id`, `model` and `category`.

    Every value comes out of the message on `state_topic`; nothing that somebody named is part of a template.
    """
    machine_id = str(machine["machine_id"])
    names = (plain(str(each)) for each in (machine["model"], machine_id) if each)
    return json.dumps(
        {
            "device": {
                "identifiers": [_object_id(machine_id)],
                "name": " ".join(names),
                "model": plain(str(machine["model"])) if machine["model"] else category_name(machine["category"], _),
                "serial_number": machine_id,
            },
            "origin": {"name": "hourkeeper"},
            "state_topic": state_topic,
            "availability": [{"topic": status_topic}],
            "components": {name: _component(machine_id, name, each) for name, each in _sensors(_).items()},
        },
        ensure_ascii=False,
    )


def _component(machine_id: str, name: str, sensor: Mapping[str, Any]) -> dict[str, Any]:
    return {"platform": "sensor", "unique_id": f"{_object_id(machine_id)}_{name}", **sensor}


def _sensors(_: Words) -> dict[str, dict[str, Any]]:
    measured = {"device_class": "duration", "unit_of_measurement": "h"}
    late = "{{ 'ON' if value_json.state == 'overdue' else 'OFF' }}"
    return {
        "service": {"name": _("Next service"), "value_template": _value("name"), "icon": "mdi:wrench-clock"},
        "hours_left": {"name": _("Hours left"), "value_template": _value("hours_left"), **measured},
        "due_on": {
            "name": _("Expected due date"),
            "value_template": _value("projected_due_on"),
            "device_class": "date",
        },
        "state": {
            "name": _("State of the next service"),
            "value_template": _value("state"),
            "device_class": "enum",
            "options": ["planned", "upcoming", "due", "overdue"],
        },
        "total_hours": {
            "name": _("Engine hours"),
            "value_template": _value("total_hours"),
            "state_class": "total_increasing",
            **measured,
        },
        "overdue": {
            "platform": "binary_sensor",
            "name": _("Service overdue"),
            "value_template": late,
            "device_class": "problem",
        },
    }


def _value(field: str) -> str:
    """What Home Assistant takes for unknown where the message has null."""
    return f"{{{{ value_json.{field} }}}}"
