"""Any gateway that takes HTTP, such as those that send SMS or call and speak: drivers and owners have phones."""

from __future__ import annotations

import re
from datetime import datetime

from notifications.channels.channel import DeliveryFailed
from notifications.channels.http_call import Caller
from notifications.channels.http_status import is_permanent, said, taken
from notifications.channels.message_template import MessageTemplate
from notifications.letter import Letter, Rendered


class HttpChannel:
    """Sends what its template says.

    `taken_if`: found in the answer if the message was taken, for gateways that answer 200 to what they refuse;
    `permanent_if`: found in the answer of what will be refused again, whatever its status.
    """

    def __init__(
        self,
        name: str,
        message: MessageTemplate,
        caller: Caller,
        taken_if: str | None = None,
        permanent_if: str | None = None,
    ) -> None:
        self.name = name
        self._message = message
        self._caller = caller
        self._taken_if = None if taken_if is None else re.compile(taken_if)
        self._permanent_if = None if permanent_if is None else re.compile(permanent_if)

    def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> str:
        """Send it; raises DeliveryFailed."""
        try:
            request = self._message.request(letter, rendered, now)
        except ValueError as error:
            raise DeliveryFailed(f"{self.name}: {error}", permanent=True) from error
        answer = self._caller.send(request)
        words = answer.body.decode("utf-8", "replace")
        if self._is_refused(words):
            permanent = self._permanent_if is not None and bool(self._permanent_if.search(words))
            permanent = permanent or is_permanent(answer.status)
            raise DeliveryFailed(
                f"{self.name} refused it: {said(answer)}", permanent=permanent, retry_after_s=answer.retry_after_s
            )
        return taken(answer, self.name)

    def _is_refused(self, words: str) -> bool:
        if self._taken_if is not None:
            return not self._taken_if.search(words)
        return self._permanent_if is not None and bool(self._permanent_if.search(words))
