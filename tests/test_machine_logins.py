"""Every machine has a login of its own over TLS: with the rights that our mosquitto.conf describes it speaks for itself
alone, and the daemon, which has its own, hears it.
"""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.support.broker import SHIPPED, Broker, broker_in, free_port
from tests.support.certificates import Authority
from tests.support.daemon_process import DaemonProcess, ended_in_the_end
from tests.support.waiting import until

ONE, OTHER, DAEMON = "SN-2041", "SN-2042", "hourkeeper"
NOT_AUTHORIZED = "Not authorized"
READING = '{"hours": 12.5, "at": "2026-03-01T08:00:00Z"}'


@dataclass
class Secured:
    """A broker as its file says, with TLS for machines; `port` is its own, without TLS, for the daemon."""

    broker: Broker
    tls_port: int
    authority: Authority

    def password(self, name: str) -> str:
        return f"the password of {name}"


def rights() -> str:
    """The list of rights, as the shipped file gives it in its comments."""
    return "\n".join(re.findall(r"(?m)^#     ((?:user|topic|pattern) .+)$", SHIPPED.read_text())) + "\n"


def tls_listener(port: int, authority: Authority) -> str:
    """The listener for machines, as it stands in the shipped file behind `#`."""
    found = re.search(r"(?ms)^#listener 8883\n.*?(?=\n\n)", SHIPPED.read_text())
    assert found is not None
    certificate, key = authority.sign("localhost")
    text = re.sub("(?m)^#", "", found[0]).replace("listener 8883", f"listener {port} 127.0.0.1")
    for name, file in (("cafile", authority.file), ("certfile", certificate), ("keyfile", key)):
        text = re.sub(rf"(?m)^{name} .*$", f"{name} {file}", text)
    return text


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("secured")
    authority, port = Authority(folder / "certificates"), free_port()
    passwords, list_of_rights = folder / "passwords", folder / "rights"
    passwords.touch(0o600)
    list_of_rights.write_text(rights())
    for name in (ONE, OTHER, DAEMON):
        command = ["mosquitto_passwd", "-b", str(passwords), name, f"the password of {name}"]
        subprocess.run(command, check=True, capture_output=True)
    settings = {"allow_anonymous": "false", "password_file": str(passwords), "acl_file": str(list_of_rights)}
    with broker_in(folder / "broker", settings=settings, more=tls_listener(port, authority)) as broker:
        yield Secured(broker, port, authority)


@contextmanager
def machine(secured: Secured, name: str | None, password: str | None = None) -> Iterator[tuple[paho.Client, Any]]:
    """A machine over TLS, and what the broker has said to its login."""
    client = paho.Client(CallbackAPIVersion.VERSION2, name or "", protocol=MQTTProtocolVersion.MQTTv5)
    client.tls_set(str(secured.authority.file))
    if name is not None:
        client.username_pw_set(name, password or secured.password(name))
    answered, said = threading.Event(), []

    def hear(_client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:  # noqa: ANN401 - paho's
        said.append(reason)
        answered.set()

    client.on_connect = hear
    client.connect("127.0.0.1", secured.tls_port)
    client.loop_start()
    try:
        assert answered.wait(30)
        yield client, said[0]
    finally:
        client.disconnect()
        client.loop_stop()


def published(client: paho.Client, topic: str) -> str:
    """What the broker says to a message."""
    answered, said = threading.Event(), []

    def hear(_client: Any, _data: Any, _number: Any, reason: Any, _properties: Any) -> None:  # noqa: ANN401 - paho's
        said.append(str(reason))
        answered.set()

    client.on_publish = hear
    client.publish(topic, READING, qos=1)
    assert answered.wait(30)
    return str(said[0])


def subscribed(client: paho.Client, topic: str) -> str:
    """What the broker says to a subscription."""
    answered, said = threading.Event(), []

    def hear(_client: Any, _data: Any, _number: Any, reasons: Any, _properties: Any) -> None:  # noqa: ANN401 - paho's
        said.append(str(reasons[0]))
        answered.set()

    client.on_subscribe = hear
    client.subscribe(topic, qos=1)
    assert answered.wait(30)
    return str(said[0])


def test_a_machine_speaks_for_itself_alone(secured: Secured) -> None:
    with machine(secured, ONE) as (client, login):
        assert str(login) == "Success"
        assert published(client, f"machines/{ONE}/hours") in {"Success", "No matching subscribers"}
        assert published(client, f"machines/{OTHER}/hours") == NOT_AUTHORIZED
        assert published(client, "hourkeeper/status") == NOT_AUTHORIZED


def test_nobody_comes_in_without_a_login_or_with_another_s(secured: Secured) -> None:
    for name, password in ((None, None), (ONE, secured.password(OTHER)), ("SN-9999", "guessed")):
        with machine(secured, name, password) as (_client, login):
            assert login.is_failure, name


def test_without_tls_no_machine_is_understood(secured: Secured) -> None:
    command = ["mosquitto_pub", "-p", str(secured.tls_port), "-u", ONE, "-P", secured.password(ONE)]
    said = subprocess.run(
        [*command, "-t", f"machines/{ONE}/hours", "-m", READING], capture_output=True, text=True, check=False
    )

    assert said.returncode != 0


def test_the_daemon_hears_the_machine_and_nobody_else_does(secured: Secured, tmp_path: Path) -> None:
    kept = tmp_path / "password"
    kept.write_text(secured.password(DAEMON))
    login = {"username": DAEMON, "password_file": str(kept)}
    tls = {"tls": {"ca_file": str(secured.authority.file)}}
    for where in ({"port": secured.broker.port}, {"port": secured.tls_port, "client_id": DAEMON, **tls}):
        settings = {"mqtt": {"host": "127.0.0.1", **where, **login}, "web": {"listen": "127.0.0.1:0"}}
        daemon = DaemonProcess(tmp_path / str(where["port"]), settings)
        with ended_in_the_end(daemon), machine(secured, ONE) as (client, _login):
            daemon.start_ready()
            assert published(client, f"machines/{ONE}/hours") == "Success"
            until(lambda each=daemon: each.count("SELECT count(*) FROM readings") > 0, "it is stored")  # type: ignore[misc]
            assert published(client, f"machines/{OTHER}/hours") == NOT_AUTHORIZED
            named = {row[0] for row in daemon.asks("SELECT machine_id FROM readings")}
        assert named == {ONE}


def test_a_machine_hears_nothing_of_others(secured: Secured, tmp_path: Path) -> None:
    heard: list[str] = []
    with machine(secured, OTHER) as (listener, _), machine(secured, ONE) as (client, _login):
        listener.on_message = lambda _client, _data, message: heard.append(message.topic)
        answer = subscribed(listener, "machines/+/hours")
        published(client, f"machines/{ONE}/hours")
        published(listener, f"machines/{OTHER}/hours")

    assert answer in {"Granted QoS 1", NOT_AUTHORIZED}
    assert heard == []
