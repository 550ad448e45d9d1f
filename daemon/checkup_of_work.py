"""Whether the work goes on, as the store tells it: readings come, duties are done, letters go, and clocks agree."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Connection

from adapters.store import figures
from daemon import duty_list
from daemon.checked import Found, Weight
from daemon.clock import clock_ms
from daemon.config import Config
from daemon.keeper import Keeper
from daemon.wiring import open_keeper

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_QUIET_MS = 6 * _HOUR_MS
_WAITS_MS = _HOUR_MS
_CLOCKS_DIFFER_MS = 5_000
_Check = Callable[[Connection, Keeper, int], Iterator[Found]]


def work(config: Config) -> Iterator[Found]:
    """A store that can be used: what has come into it and out of it lately; nothing is written."""
    now_ms = clock_ms()
    keeper = open_keeper(config, now_ms, adopting=False)
    checks: tuple[_Check, ...] = (_clock, _readings, _duties, _letters)
    try:
        with keeper.store.read() as connection:
            for check in checks:
                yield from check(connection, keeper, now_ms)
    finally:
        keeper.store.close()


def _clock(connection: Connection, _keeper: Keeper, now_ms: int) -> Iterator[Found]:
    ahead_ms = now_ms - figures.clock_of_the_database_ms(connection, now_ms)
    if abs(ahead_ms) > _CLOCKS_DIFFER_MS:
        way = "ahead of" if ahead_ms > 0 else "behind"
        text = f"this clock is {abs(ahead_ms) // 1000} s {way} the database's; keep both by NTP"
        yield Found(Weight.FAULT, "clock", text)
    newest_ms = max(figures.duties_done_ms(connection).values(), default=0)
    if newest_ms > now_ms + _CLOCKS_DIFFER_MS:
        minutes = (newest_ms - now_ms) // _MINUTE_MS
        text = f"a duty was done {minutes} minutes from now: the clock was ahead then, or is behind; keep it by NTP"
        yield Found(Weight.FAULT, "clock", text)


def _readings(connection: Connection, _keeper: Keeper, now_ms: int) -> Iterator[Found]:
    heard_ms = figures.last_heard_ms(connection)
    if heard_ms is None:
        yield Found(Weight.NOTE, "readings", "no machine has reported yet; compare its topic with [[mqtt.sources]]")
        return
    hours, minutes = divmod(max(now_ms - heard_ms, 0) // _MINUTE_MS, 60)
    if now_ms - heard_ms > _QUIET_MS:
        advice = "does the daemon run, and does the gateway publish? Compare its topic with [[mqtt.sources]]"
        yield Found(Weight.FAULT, "readings", f"no machine has reported for {hours} hours: {advice}")
    else:
        yield Found(Weight.OK, "readings", f"a machine reported {hours} h {minutes} min ago")


def _duties(connection: Connection, keeper: Keeper, now_ms: int) -> Iterator[Found]:
    for duty in duty_list.standing(connection, keeper, now_ms):
        weight = Weight.FAULT if duty["state"] in duty_list.TROUBLE else Weight.OK
        if duty["state"] == "never_done":
            weight = Weight.NOTE
        yield Found(weight, "duties", f"{duty['duty']}: {duty['note']}")


def _letters(connection: Connection, _keeper: Keeper, now_ms: int) -> Iterator[Found]:
    found = figures.letters_left(connection)
    for row in found:
        waits_ms = now_ms - row.created_ms
        if row.state == "dead":
            advice = "`hourkeeper notices list --state dead` says why; mend that, then `hourkeeper notices retry ID`"
            yield Found(Weight.FAULT, "letters", f"{row.letters} could not be delivered by {row.channel}: {advice}")
        elif waits_ms > _WAITS_MS:
            advice = "does the daemon run? `hourkeeper notices list --state waiting` says what the channel answers"
            text = f"{row.letters} wait for {row.channel}, the oldest for {waits_ms // _MINUTE_MS} minutes: {advice}"
            yield Found(Weight.FAULT, "letters", text)
    if not found:
        yield Found(Weight.OK, "letters", "all have gone")
