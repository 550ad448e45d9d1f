"""The compose file says what the settings are called, and asks of the broker what the shipped configuration does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from daemon.config import load
from tests.support.broker import SHIPPED

FOLDER = Path(__file__).parents[1] / "systemd" / "containers"
REPLICAS = ("replica-1", "replica-2")
OF_THIS_TRIAL = {"persistence_location", "allow_anonymous", "listener"}
"""Lines of the broker that differ from what a site needs; the file says so."""


@pytest.fixture
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())
    return found


def environment(compose: dict[str, Any], name: str, folder: Path) -> dict[str, str]:
    """What a replica is given, with something in the place of what the operator exports."""
    token = folder / "token"
    token.write_text("secret")
    given = {
        key: re.sub(r"\$\{\w+:\?\}", "secret", value) for key, value in compose["services"][name]["environment"].items()
    }
    return {**given, "HOURKEEPER_INFLUX__TOKEN_FILE": str(token)}


@pytest.mark.parametrize("name", REPLICAS)
def test_a_replica_is_given_settings_that_there_are(compose: dict[str, Any], name: str, tmp_path: Path) -> None:
    (tmp_path / "hourkeeper.toml").touch()
    config = load(tmp_path / "hourkeeper.toml", environment(compose, name, tmp_path))

    assert (config.mqtt.group, config.mqtt.slot) == ("hourkeeper", name.rpartition("-")[2])
    assert config.store.url == "postgresql+psycopg://hourkeeper:secret@database/hourkeeper"
    assert config.influx.bucket == "hours"


def test_the_services_that_settings_name_are_there(compose: dict[str, Any]) -> None:
    given = compose["services"]["replica-1"]["environment"]
    named = {given["HOURKEEPER_MQTT__HOST"], *re.findall(r"(?:@|//)(\w+)[/:]", str(given.values()))} - {"hourkeeper"}

    assert named == {"broker", "database", "influx"}
    assert named <= set(compose["services"])


def test_the_broker_keeps_what_the_shipped_one_keeps(compose: dict[str, Any]) -> None:
    shipped = dict(re.findall(r"(?m)^(\w+) (.+)$", SHIPPED.read_text()))
    lines = dict(line.split(" ", 1) for line in compose["configs"]["mosquitto"]["content"].splitlines())

    assert {name: value for name, value in lines.items() if name not in OF_THIS_TRIAL} == {
        name: shipped[name] for name in lines if name not in OF_THIS_TRIAL
    }
    assert {"persistence", "max_queued_messages", "max_queued_bytes", "autosave_interval"} <= lines.keys()


def test_the_image_holds_every_storey() -> None:
    copied = re.findall(r"(?m)^COPY (\w+) \w+$", (FOLDER / "Containerfile").read_text())
    folder = Path(__file__).parents[1]

    assert copied == ["adapters", "daemon", "notifications", "schedules"]
    assert all((folder / name / "__init__.py").exists() for name in copied)
