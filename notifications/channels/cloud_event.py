"""A letter as facts for programs: a CloudEvents 1.0 envelope in JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from notifications.letter import Letter, Rendered
from notifications.plain import plain

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
_TYPE = "hourkeeper.notice"
_NOWHERE = "/hourkeeper"


def cloud_event(letter: Letter, rendered: Rendered, now: datetime, source: str = "") -> bytes:
    """The envelope; `source` is our public address. Its `id` is the same for every attempt."""
    machines = {order.machine_id for order in letter.orders} | {finding.machine_id for finding in letter.findings}
    event = {
        "specversion": "1.0",
        "id": letter.letter_id,
        "source": source or _NOWHERE,
        "type": f"{_TYPE}.{letter.occasion.value}",
        "time": now.isoformat(timespec="milliseconds"),
        "datacontenttype": "application/json",
        **({"subject": plain(machines.pop())} if len(machines) == 1 else {}),
        "data": told(letter, rendered),
    }
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "replace")


def told(letter: Letter, rendered: Rendered) -> dict[str, Any]:
    """A letter as plain values: who is told, in which words, and the facts."""
    to = letter.addressee
    return {
        "occasion": letter.occasion.value,
        "role": to.role.value,
        "recipient": plain(to.recipient),
        "name": plain(to.name),
        "locale": to.locale,
        "subject": rendered.subject,
        "text": rendered.text,
        "orders": [_value(asdict(order)) for order in letter.orders],
        "findings": [_value(asdict(finding)) for finding in letter.findings],
        "digest": None if letter.digest is None else _value(asdict(letter.digest)),
    }


def _value(value: object) -> object:
    if isinstance(value, dict):
        return {name: _value(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_value(each) for each in value]
    if isinstance(value, date):
        return value.isoformat()
    return plain(value) if isinstance(value, str) else value
