"""A channel whose letters also leave a trace on another."""

from __future__ import annotations

from datetime import datetime

from notifications.channels.channel import Channel
from notifications.letter import Letter, Rendered


class TracedChannel:
    """Delivers by one channel, and what it has taken also by a second."""

    def __init__(self, channel: Channel, trace: Channel) -> None:
        """`trace` gets only what `channel` did not refuse."""
        self.name = channel.name
        self._channel = channel
        self._trace = trace

    def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> str | None:
        """As the first channel's; DeliveryFailed is the first channel's."""
        answer = self._channel.deliver(letter, rendered, now)
        self._trace.deliver(letter, rendered, now)
        return answer
