"""A broker for a demonstration: a child process on 127.0.0.1 that ends with us (dependencies 1)."""

from __future__ import annotations

import importlib.util
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
_UP_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.02
_ADVICE = "the demo brings no broker of its own: pip install 'hourkeeper[demo]', or install mosquitto"
_PLACES = "/usr/sbin:/usr/local/sbin"

# rumqttd serves each version of MQTT on a port of its own.
_RUMQTTD = """
id = 0
[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
{listeners}
"""
_LISTENER = """
[{version}.1]
name = "{version}"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[{version}.1.connections]
connection_timeout_ms = 60000
max_payload_size = 262144
max_inflight_count = 2000
dynamic_filters = true
"""


class NoBrokerError(Exception):
    """There is no broker to start, or it does not come up; says what to do."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the broker listens: MQTT 3.1.1 (for everybody's `mosquitto_pub`), and MQTT 5; they may be one."""

    v4: int
    v5: int


@contextmanager
def embedded_broker(folder: Path) -> Iterator[Ports]:
    """A broker that runs while the block does: iotcore where it is installed, else mosquitto."""
    if importlib.util.find_spec("iotcore") is not None:
        with iotcore_broker(folder) as ports:
            yield ports
    else:
        with mosquitto_broker(folder) as ports:
            yield ports


@contextmanager
def iotcore_broker(folder: Path) -> Iterator[Ports]:
    """The one that pip installs."""
    from iotcore import Broker

    ports = Ports(*free_ports(2))
    listeners = (_LISTENER.format(version=v, host=HOST, port=p) for v, p in (("v4", ports.v4), ("v5", ports.v5)))
    config = folder / "broker.toml"
    config.write_text(_RUMQTTD.format(listeners="".join(listeners)))
    broker = Broker(config_path=str(config))
    try:
        with _deaf_to_ctrl_c():
            broker.start()
    except (OSError, RuntimeError) as error:
        raise NoBrokerError(f"the broker does not come up: {error}") from None
    try:
        yield ports
    finally:
        broker.stop()


@contextmanager
def mosquitto_broker(folder: Path) -> Iterator[Ports]:
    """The one that the system installs."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path=_PLACES)
    if program is None:
        raise NoBrokerError(_ADVICE)
    (port,) = free_ports(1)
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} {HOST}\nallow_anonymous true\nmax_queued_messages 0\n")
    with _deaf_to_ctrl_c():
        child = subprocess.Popen(  # noqa: S603 - the program was found on PATH
            [program, "-c", str(config)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    try:
        _await_listening(child, port)
        yield Ports(port, port)
    finally:
        child.terminate()
        child.wait()


def _await_listening(child: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _UP_WITHIN_S
    while child.poll() is None and time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(_LOOK_EVERY_S)
    raise NoBrokerError("mosquitto does not come up; `mosquitto -v` says why")


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """A child started meanwhile keeps SIGINT blocked: Ctrl-C on the terminal is ours, and we end the child."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on just now."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
