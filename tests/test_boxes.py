"""Messages of boxes that machines carry are read by configuration alone; whatever is broken in them stops nothing."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from adapters.mqtt.decode import Decoder, Delivery
from daemon.config import load
from daemon.wiring import sources_of
from tests.keeping import World

_CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).with_name("payloads") / "boxes.json").read_text(encoding="utf-8")
)
_ARRIVED_MS = 1_748_000_000_000


def _decoder(case: dict[str, Any], folder: Path) -> Decoder:
    config = load(None, {"HOME": str(folder), "HOURKEEPER_MQTT__SOURCES": json.dumps([case["source"]])})
    keeper = World(folder / "boxes.db").keeper
    return Decoder(sources_of(config), keeper.meter_rules, keeper.zone)


def _payload(case: dict[str, Any]) -> bytes:
    return bytes.fromhex(case["hex"]) if "hex" in case else json.dumps(case["payload"]).encode()


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case["box"])
def test_a_box_is_read_by_configuration(case: dict[str, Any], tmp_path: Path) -> None:
    decoder, payload = _decoder(case, tmp_path), _payload(case)
    reports = decoder.decode(Delivery(case["topic"], payload, _ARRIVED_MS))
    found = [
        [report.machine_id, report.reading.dial_ms, report.reading.device_ms] for report in reports if report.reading
    ]
    assert found == case["readings"]
    refused = [report.refusal.verdict for report in reports if report.refusal]
    assert refused == case.get("refused", [])

    drawn = random.Random(1)
    for _ in range(500):
        broken = bytearray(payload)
        for _ in range(drawn.randint(1, 4)):
            broken[drawn.randrange(len(broken))] = drawn.randrange(256)
        for report in decoder.decode(Delivery(case["topic"], bytes(broken), _ARRIVED_MS)):
            assert report.reading is not None or (report.refusal is not None and report.refusal.reason)
