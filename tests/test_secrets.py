"""No secret is in a log, a list, an answer or an error, whether what it belongs to is away or well (I10)."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path

import pytest

from tests.support.daemon_process import COMMAND
from tests.support.fleet import fleet
from tests.support.rig import Rig, rig_in
from tests.support.waiting import until

_SIGNS = "whsec_" + b64encode(b"canary that signs webhooks, long").decode()
CANARIES = {
    "broker": "canary-of-the-broker",
    "mail": "canary-of-the-mail-server",
    "influx": "canary-of-influx",
    "maker": "canary-of-the-maker",
    "signs": _SIGNS,
    "robot": "canary-of-the-robot",
    "gateway": "canary-of-the-gateway",
    "database": "canary-of-the-database",
}
_COMMANDS = (
    ("check-config",),
    ("doctor",),
    ("doctor", "--format", "json"),
    ("influx", "status"),
    ("notices", "list", "--format", "json"),
    ("findings",),
    ("duties",),
)
_PATHS = ("/", "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/api/v1/notices", "/no/such/page")


def _configured(folder: Path, port: int) -> str:
    """Everything that has a secret, and nobody there to whom it could be told."""
    for name, secret in CANARIES.items():
        (folder / name).write_text(f"{secret}\n")
        (folder / name).chmod(0o600)
    (folder / "robot").write_text(f"http://127.0.0.1:{port}/cgi-bin/webhook/send?key={CANARIES['robot']}\n")
    (folder / "gateway").write_text(f"Authorization: Bearer {CANARIES['gateway']}\n")
    away = f"http://127.0.0.1:{port}"
    return f"""
[influx]
url = "{away}"
org = "maker"
bucket = "hours"
token_file = "{folder}/influx"

[[aemp.fleets]]
name = "maker"
url = "{away}/fleet"
token_url = "{away}/token"
client_id = "us"
client_secret_file = "{folder}/maker"
allow = ["127.0.0.1"]

[[notifications.channels]]
name = "erp"
kind = "webhook"
url = "{away}/hook"
secret_file = "{folder}/signs"
allow = ["127.0.0.1"]

[[notifications.channels]]
name = "robot"
kind = "wecom"
url_file = "{folder}/robot"
allow = ["127.0.0.1"]

[[notifications.channels]]
name = "sms"
kind = "http"
url = "{away}/sms?to={{{{phone}}}}"
headers_file = "{folder}/gateway"
body = '{{"text": {{{{ subject }}}}}}'
by_phone = false
allow = ["127.0.0.1"]
"""


def _said(rig: Rig, *words: str) -> str:
    command = [COMMAND, "--config", str(rig.daemon.file), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    return done.stdout + done.stderr


def _answer(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            return str(answer.read(), "utf-8") + str(answer.headers)
    except urllib.error.HTTPError as error:
        return str(error.read(), "utf-8") + str(error.headers)


def leaked(text: str) -> list[str]:
    """Whose secrets are in a text."""
    return [name for name, secret in CANARIES.items() if secret in text]


def test_no_secret_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_port: int) -> None:
    machines = fleet(10, 3, 200)
    monkeypatch.setenv("HOURKEEPER_LOG__LEVEL", "debug")
    monkeypatch.setenv("HOURKEEPER_NOTIFICATIONS__EMAIL__USERNAME", "keeper")
    monkeypatch.setenv("HOURKEEPER_NOTIFICATIONS__EMAIL__PASSWORD_FILE", str(tmp_path / "secrets" / "mail"))
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    more = _configured(secrets, free_port)
    with rig_in(tmp_path, machines) as rig:
        with rig.daemon.file.open("a") as file:
            file.write(more)
        monkeypatch.setenv("HOURKEEPER_MQTT__USERNAME", "keeper")
        monkeypatch.setenv("HOURKEEPER_MQTT__PASSWORD_FILE", str(secrets / "broker"))
        rig.daemon.start_ready()
        page = rig.daemon.wait_for("web_ready")[0]["address"].rstrip("/")
        rig.publish(machines.readings)
        rig.daemon.wait_for("influx_away")
        rig.daemon.wait_for("fleet_away")
        until(lambda: rig.daemon.count("SELECT count(DISTINCT channel) FROM letters WHERE attempts > 0") == 4, "tried")
        told = {path: _answer(f"{page}{path}") for path in _PATHS}
        told |= {" ".join(words): _said(rig, *words) for words in _COMMANDS}
        rig.daemon.end()
        told["log"] = rig.daemon.log.read_text()
        told["letters"] = str(rig.daemon.asks("SELECT * FROM letters"))
    assert "erp" in told["notices list --format json"]
    assert {name: found for name, text in told.items() if (found := leaked(text))} == {}


def test_the_password_of_a_database_that_is_away_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    monkeypatch.setenv(
        "HOURKEEPER_STORE__URL", f"postgresql+psycopg://u:{CANARIES['database']}@127.0.0.1:{free_port}/x"
    )
    with rig_in(tmp_path, fleet(11, 1, 2)) as rig:
        for words in (("doctor",), ("overdue",), ("db", "check"), ("check-config",), ("run",)):
            said = _said(rig, *words)
            assert said
            assert leaked(said) == [], words


def test_a_secret_that_is_told_is_found() -> None:
    assert leaked(f"key={CANARIES['robot']}") == ["robot"]
