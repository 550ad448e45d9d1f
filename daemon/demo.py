"""The demonstration: a store in a folder of its own, and a made-up fleet whose past year is played into it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import event, insert

from adapters.store.engine import Store
from adapters.store.tables import service_centres, yards
from daemon.config import Config
from daemon.embedded_broker import HOST, Ports, free_ports
from daemon.fleet.past_year import Fleet
from daemon.fleet.places import CENTRES, MANAGERS, YARDS
from daemon.keeper import Keeper
from daemon.past import Past
from daemon.wiring import channels_of, open_keeper, renderer_of

_SHOW_EVERY = 100
_GROUP_WAIT_S = 2.0


def configuration(folder: Path, ports: Ports | None) -> Config:
    """What an operator would write; letters go to the log, nobody gets mail."""
    store, mqtt = {"url": f"sqlite:///{folder}/hourkeeper.db"}, {"host": HOST, "port": ports.v5} if ports else {}
    told = {"managers": MANAGERS, "group_wait_s": _GROUP_WAIT_S}
    web, log = {"listen": f"{HOST}:{free_ports(1)[0]}"}, {"level": "error"}
    return Config.model_validate({"store": store, "mqtt": mqtt, "web": web, "notifications": told, "log": log})


def open_scratch(config: Config, now_ms: int) -> Keeper:
    """A keeper of a new store that need not survive a power cut, with the registers filled in."""
    keeper = open_keeper(config, now_ms)
    _do_not_wait_for_the_disk(keeper.store)
    with keeper.store.write() as connection:
        connection.execute(insert(service_centres), [centre.register_row() for centre in CENTRES.values()])
        connection.execute(insert(yards), [yard.register_row() for yard in YARDS.values()])
    return keeper


def _do_not_wait_for_the_disk(store: Store) -> None:
    """A thousand commits of a store that is thrown away; the daemon that runs on it afterwards does wait."""
    store.engine.dispose()

    @event.listens_for(store.engine, "connect")
    def set_up(connection: sqlite3.Connection, _entry: object) -> None:
        connection.execute("PRAGMA synchronous = OFF")


def play(past: Past, fleet: Fleet, now_ms: int, stop: threading.Event, shown: Callable[[int, int], None]) -> bool:
    """Play the year of a fleet until now; False if `stop` was set on the way."""
    there_are = len(fleet.lines)
    for number, line in enumerate(fleet.lines):
        if stop.is_set():
            return False
        past.play(line)
        if number % _SHOW_EVERY == 0:
            shown(number, there_are)
    past.finish(now_ms)
    shown(there_are, there_are)
    return not stop.is_set()


def past_of(keeper: Keeper, config: Config) -> Past:
    """A player whose letters go where the configuration says."""
    return Past(keeper, channels_of(config), renderer_of(config, keeper.items_of, keeper.store))
