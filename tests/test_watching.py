"""What programs that watch us are told: alive, ready, figures, and the rules that go with them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import yaml
from prometheus_client.parser import text_string_to_metric_families

from daemon.pulse import Pulse
from schedules.finding import FindingKind
from tests.support.fleet import fleet
from tests.support.rig import Rig, rig_in
from tests.support.waiting import until
from tests.web.conftest import Served, served  # noqa: F401 - a fixture

RULES = Path(__file__).parents[1] / "systemd" / "hourkeeper-alerts.yml"


def figures(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """Each sample by its name and the values of its labels, as Prometheus itself would read them."""
    families = text_string_to_metric_families(text)
    return {(each.name, tuple(each.labels.values())): each.value for family in families for each in family.samples}


def asked(rig: Rig, path: str, **headers: str) -> tuple[int, str]:
    address = rig.daemon.wait_for("web_ready")[0]["address"]
    try:
        with urlopen(Request(f"{address}{path}", headers=headers)) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as refused:
        return refused.code, refused.read().decode()


def test_a_daemon_is_alive_without_its_broker_and_ready_with_it(tmp_path: Path) -> None:
    machines = fleet(5, 5, 20)
    with rig_in(tmp_path, machines) as rig:
        rig.daemon.start_ready()
        rig.publish(machines.readings)
        until(lambda: rig.daemon.count("SELECT count(*) FROM readings") == len(machines.readings), "all are stored")

        assert asked(rig, "/readyz") == (200, '{"status":"ready"}')
        status, alive = asked(rig, "/healthz")
        assert (status, set(json.loads(alive)["loops"])) == (200, {"intake", "relay", "ticker"})
        status, text = asked(rig, "/metrics")
        found = figures(text)
        assert status == 200
        assert found["hourkeeper_readings_stored_total", ()] == len(machines.readings)
        assert found["hourkeeper_store_up", ()] == found["hourkeeper_broker_connected", ()] == 1
        assert found["hourkeeper_duty_last_done_timestamp_seconds", ("daily_sweep",)] > 1_700_000_000
        assert not re.search(r"M-0\d\d\d", text)
        open_orders = rig.daemon.count("SELECT count(*) FROM work_orders WHERE state IN ('upcoming', 'due', 'overdue')")
        assert sum(value for (name, _), value in found.items() if name == "hourkeeper_work_orders") == open_orders

        rig.broker.end()
        until(lambda: asked(rig, "/readyz")[0] == 503, "it is not ready")
        assert "broker" in asked(rig, "/readyz")[1]
        assert asked(rig, "/healthz")[0] == 200
        assert asked(rig, "/metrics", **{"X-Forwarded-For": "192.0.2.7"})[0] == 401


def test_figures_are_for_managers_and_auditors(served: Served) -> None:  # noqa: F811
    for who, status in ((None, 401), ("manager", 200), ("auditor", 200), ("SC7", 403), ("Y1", 403)):
        assert served.asked_by(who).get("/metrics").status_code == status, who


def test_a_loop_that_stands_still_is_told_and_one_that_moves_is_not() -> None:
    now, turns = [0.0], [0]
    pulse = Pulse(lambda: now[0])
    pulse.watch("intake", lambda: turns[0], 300)

    now[0] = 299
    assert pulse.stalled() == []
    now[0] = 301
    assert pulse.stalled() == ["intake"]
    turns[0] += 1
    assert pulse.stalled() == []
    assert pulse.still_s() == {"intake": 0}


def rules() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def test_every_rule_asks_for_a_figure_that_there_is_and_says_what_to_do(served: Served) -> None:  # noqa: F811
    families = text_string_to_metric_families(served.asked_by("manager").get("/metrics").text)
    names = {name for family in families for name in (family.name, f"{family.name}_total")}

    for rule in rules():
        used = set(re.findall(r"hourkeeper_\w+", rule["expr"]))
        assert used <= names, rule["alert"]
        assert used or "up{" in rule["expr"]
        assert set(re.findall(r'kind="(\w+)"', rule["expr"])) <= {kind.value for kind in FindingKind}
        assert len(rule["annotations"]["summary"]) > 20
        assert rule["annotations"]["description"].endswith(".")


def test_the_readme_names_every_figure(served: Served) -> None:  # noqa: F811
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    families = text_string_to_metric_families(served.asked_by("manager").get("/metrics").text)
    ours = {f"{each.name}_total" if each.type == "counter" else each.name for each in families}
    ours = {name for name in ours if name.startswith("hourkeeper_")}

    assert ours == set(re.findall(r"`(hourkeeper_\w+?)(?:\{[^`]*)?`", readme))
