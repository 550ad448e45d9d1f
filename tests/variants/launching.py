"""The command `run` with another connection or intake; everything else is the product's."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from adapters.mqtt.client import Connection
from adapters.mqtt.decode import Decoder
from adapters.mqtt.source import filters_of
from daemon import run as daemon
from daemon.clock import clock_ms
from daemon.commands.run import parts_of
from daemon.config import load
from daemon.intake import Intake
from daemon.logs import set_up
from daemon.run import SHARE_OF_KEEPALIVE, Parts, answers
from daemon.service_manager import ServiceManager
from daemon.signals import stop_on_signals
from daemon.wiring import open_keeper
from notifications.channels.channel import Channel

Clock = Callable[[], int]


def launch(
    *,
    connection: type[Connection] = Connection,
    intake: type[Intake] = Intake,
    decoder: type[Decoder] = Decoder,
    channel: Callable[[Channel], Channel] = lambda channel: channel,
    prepare: Callable[[Parts], None] = lambda _parts: None,
) -> None:
    """Run the daemon with these classes; the arguments are those of the command."""

    def connect(parts: Parts, clock: Clock) -> Connection:
        made = decoder(parts.sources, parts.keeper.meter_rules, parts.keeper.zone, parts.max_payload_bytes)
        taking = intake(parts.keeper, made, clock, parts.mqtt.keepalive_s * SHARE_OF_KEEPALIVE)
        filters = filters_of(parts.sources)
        return connection(parts.mqtt, filters, taking.take, lambda: answers(parts.keeper), clock)

    settings = load(Path(sys.argv[sys.argv.index("--config") + 1]), os.environ)
    set_up(settings.log)
    stop = threading.Event()
    stop_on_signals(stop)
    parts = parts_of(settings, open_keeper(settings, clock_ms()))
    parts = replace(parts, channels={name: channel(each) for name, each in parts.channels.items()})
    prepare(parts)
    daemon.run(parts, stop, manager=ServiceManager(os.environ), connect=connect)
