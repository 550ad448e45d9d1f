"""Completes visits in a process of its own: python -m tests.support.completing URL MACHINE ...

It says `ready`, begins when it reads a line, and prints the number of each visit. Before each it is refused once, and
draws a number once in a transaction that is rolled back.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace

from adapters.store import visits
from daemon import work
from daemon.keeper import Keeper
from daemon.refused import RefusedError
from schedules.evidence import Form
from schedules.work_order import Kind, OrderKey
from tests.keeping import at, open_keeper

KEY = OrderKey(Kind.MANDATORY_VISIT, "100")
NOW_MS = at("2026-03-13 10:00")
SIGNED = Form(technician="Li", signed_by="Wang", genuine_oils=True, items=("all",))


class _RolledBackError(Exception):
    pass


def complete(keeper: Keeper, machine_id: str) -> str:
    command = work.Completion(machine_id, KEY, NOW_MS, None, SIGNED)
    try:
        work.complete(keeper, replace(command, form=replace(SIGNED, signed_by=None)), NOW_MS)
    except RefusedError:
        _draw_in_vain(keeper, machine_id)
    return str(work.complete(keeper, command, NOW_MS))


def _draw_in_vain(keeper: Keeper, machine_id: str) -> None:
    with suppress(_RolledBackError), keeper.store.write() as connection:
        visits.draw_number(connection, machine_id, KEY.step, "SC7", 2026, NOW_MS)
        raise _RolledBackError


def main(url: str, *machine_ids: str) -> None:
    keeper = open_keeper(url, busy_ms=60_000)
    print("ready", flush=True)
    sys.stdin.readline()
    for machine_id in machine_ids:
        print(complete(keeper, machine_id), flush=True)
    keeper.store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
