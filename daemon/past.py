"""Plays a long past quickly through the daemon's own use cases: readings in batches, letters at their moments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from adapters.mqtt.decode import Report
from adapters.store import notice_facts
from daemon.keeper import Keeper
from daemon.outbox import outbox_of
from daemon.replay import Player, RefusedLine
from daemon.timeline import Line
from notifications.channels.channel import Channel
from notifications.relay import Renders, RetryPolicy, deliver_one

_READINGS = frozenset({"reading", "raw"})
_MOST = 1000


class Past:
    """Plays lines in order; readings of one local day share a transaction, as a flood would at intake."""

    def __init__(self, keeper: Keeper, channels: Mapping[str, Channel], renderer: Renders) -> None:
        """The letters that fall due on the way go out over `channels`."""
        self._keeper = keeper
        self._channels, self._renderer = channels, renderer
        self._player = Player(keeper, letters=self._letters)
        self._waiting: list[Report] = []
        self._day: date | None = None
        self._last_ms = 0

    @property
    def refused(self) -> Sequence[RefusedLine]:
        """Commands that were refused."""
        return self._player.result.refused

    def play(self, line: Line) -> None:
        """Do what a line says; a reading may be judged with those that follow it."""
        if line.do not in _READINGS:
            self._judge()
            self._player.play(line)
            return
        day = self._keeper.today(line.at_ms)
        if day != self._day or len(self._waiting) >= _MOST:
            self._judge()
        self._day, self._last_ms = day, line.at_ms
        self._waiting.extend(self._player.reports_of(line))

    def finish(self, now_ms: int) -> None:
        """Judge what waits, and let time pass until now."""
        self._judge()
        self._player.sweep_until(now_ms)
        self._letters(self._keeper, now_ms)

    def _judge(self) -> None:
        if self._waiting:
            self._player.sweep_until(self._last_ms)
            self._player.judge(self._waiting, self._last_ms)
            self._waiting.clear()

    def _letters(self, keeper: Keeper, now_ms: int) -> None:
        """Make and deliver letters at every moment up to now at which one was to go out."""
        outbox, policy = outbox_of(keeper), RetryPolicy()
        while (ripe_ms := self._next_ripe_ms()) is not None and ripe_ms <= now_ms:
            outbox.gather(ripe_ms)
            while deliver_one(outbox, self._channels, self._renderer, lambda at_ms=ripe_ms: at_ms, policy):  # type: ignore[misc]
                pass

    def _next_ripe_ms(self) -> int | None:
        with self._keeper.store.read() as connection:
            return notice_facts.next_ripe_ms(connection)
