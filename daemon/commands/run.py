"""`run`: the daemon in the foreground."""

from __future__ import annotations

import os
import threading

import click

from daemon import run as daemon
from daemon.clock import clock_ms
from daemon.commands.given import config
from daemon.commands.health import look_through
from daemon.config import Config, load
from daemon.keeper import Keeper
from daemon.logs import set_up
from daemon.reloading import Reload
from daemon.service_manager import ServiceManager
from daemon.signals import stop_on_signals
from daemon.wiring import (
    board_of,
    channels_of,
    copier_of,
    mqtt_settings_of,
    open_keeper,
    policy_of,
    pollers_of,
    renderer_of,
    server_of,
    sources_of,
)


@click.command()
def run() -> None:
    """Receive readings, watch the calendar and tell the people who must act, until it is stopped.

    Runs in the foreground and says on standard error what happens; SIGTERM or Ctrl-C ends it in order, SIGHUP makes
    it read its configuration again, unless that is wrong. An empty database gets its tables, one of an older version is
    refused until `hourkeeper db upgrade` has been run.

    Example: hourkeeper --config /etc/hourkeeper/hourkeeper.toml run
    """
    settings = config()
    set_up(settings.log)
    stop, manager = threading.Event(), ServiceManager(os.environ)
    stop_on_signals(stop)
    file = click.get_current_context().find_root().obj
    reload = Reload(lambda: _could_begin(load(file, os.environ)), stop, manager)
    parts = parts_of(settings, open_keeper(settings, clock_ms()))
    daemon.run(parts, stop, manager=manager)
    reload.begin_anew_if_wanted()


def _could_begin(settings: Config) -> None:
    """Raise what would keep a daemon of this configuration from beginning."""
    look_through(settings)
    open_keeper(settings, clock_ms(), adopting=False).store.close()


def parts_of(settings: Config, keeper: Keeper) -> daemon.Parts:
    """What the daemon is made of, as the configuration says."""
    return daemon.Parts(
        keeper,
        mqtt_settings_of(settings),
        sources_of(settings),
        settings.mqtt.max_payload_bytes,
        channels_of(settings),
        renderer_of(settings, keeper.items_of, keeper.store),
        policy_of(settings),
        server_of(settings),
        board_of(settings),
        copier_of(settings),
        pollers_of(settings),
        settings.mqtt.slot if settings.mqtt.group else None,
    )
