"""Rules that somebody else has put in force while we run: another process with a newer plan, or an override."""

from __future__ import annotations

import structlog

from adapters.store import rulebooks
from daemon.keeper import Keeper

log = structlog.get_logger("rules")


def keep_up(keeper: Keeper) -> None:
    """Follow the rulebook that was put in force last."""
    with keeper.store.read() as connection:
        if rulebooks.newest_serial(connection) == keeper.rulebook.serial:
            return
        newest = rulebooks.in_force(connection)
    if newest is not None:
        keeper.rulebook = newest
        log.info("rulebook_followed", serial=newest.serial, plan=newest.current)
