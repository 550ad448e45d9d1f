"""The Grafana dashboard is whole, and names only what the copy writes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import adapters.influx
from adapters.influx.point import DIAL_FIELD, MACHINE_TAG, MEASUREMENT, SOURCE_TAG, TOTAL_FIELD, Point, line
from tests.support.line_protocol import point

FILE = Path(adapters.influx.__file__).with_name("grafana.json")
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
_OWN_COLUMNS = {"_time", "_value", "_measurement", "_field"}


def _queries() -> list[str]:
    found = [target["query"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [*found, *(each["query"] for each in DASHBOARD["templating"]["list"] if each["type"] == "query")]


def test_the_dashboard_can_be_imported() -> None:
    assert {"uid", "title", "schemaVersion", "panels", "templating", "time"} <= DASHBOARD.keys()
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        squares = {(place["x"] + right, place["y"] + down) for right in range(place["w"]) for down in range(place["h"])}
        assert max(right for right, _ in squares) < 24
        assert not squares & taken
        taken |= squares


def test_the_dashboard_asks_only_for_what_is_written() -> None:
    written = point(line(Point(1, "L1", "manual", 0, 3_600_000, 3_600_000)))
    assert (written.measurement, set(dict(written.tags))) == (MEASUREMENT, {MACHINE_TAG, SOURCE_TAG})
    assert set(dict(written.fields)) == {TOTAL_FIELD, DIAL_FIELD}
    for query in _queries():
        assert f'"{MEASUREMENT}"' in query
        assert re.findall(r'_measurement == "(\w+)"', query) in ([MEASUREMENT], [])
        assert set(re.findall(r'_field == "(\w+)"', query)) <= set(dict(written.fields))
        named = {name for names in re.findall(r"columns: \[([^]]*)\]", query) for name in re.findall(r'"(\w+)"', names)}
        assert named | set(re.findall(r"\br\.(\w+)", query)) <= set(dict(written.tags)) | _OWN_COLUMNS
    assert {TOTAL_FIELD, DIAL_FIELD} <= set(re.findall(r'_field == "(\w+)"', "".join(_queries())))


def test_every_variable_of_a_query_is_defined() -> None:
    defined = {each["name"] for each in DASHBOARD["templating"]["list"]}
    assert set(re.findall(r"\$\{(\w+)", json.dumps(DASHBOARD))) <= defined
