"""Whatever Apprise knows: some hundred services, each by a URL of its own. It needs the extra `apprise`.

Apprise makes its own connections: what its URLs lead to is the operator's word, and no address is checked.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from notifications.channels.channel import DeliveryFailed
from notifications.letter import Letter, Rendered
from notifications.plain import plain

if TYPE_CHECKING:
    from apprise import Apprise


def check_urls(urls: str) -> None:
    """ValueError if one of the URLs, one a line, is none of Apprise's, or Apprise is not installed."""
    if not urls.strip():
        raise ValueError("should have a URL of Apprise's on each line")
    _apprise(urls.split())


def _apprise(urls: Sequence[str]) -> Apprise:
    # It tries modules that later Pythons no longer have, and does so when it sees its first URL.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            from apprise import Apprise  # noqa: PLC0415 - an extra, and it takes its time
        except ImportError:
            raise ValueError("needs Apprise: install `hourkeeper[apprise]`") from None
        found = Apprise()
        for number, url in enumerate(urls, start=1):
            if not found.add(url):
                raise ValueError(f"line {number} is no URL that Apprise understands")
        return found


class AppriseChannel:
    """Sends each letter as title and plain text to all of its URLs; Apprise does not say which failures are for good,
    so all are tried again.
    """

    def __init__(self, name: str, urls: Sequence[str]) -> None:
        """Raises ValueError as `check_urls`."""
        self.name = name
        self._apprise = _apprise(urls)

    def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> None:  # noqa: ARG002 - words say it all
        """Send it; raises DeliveryFailed with what Apprise logged."""
        heard = _Heard()
        logger = logging.getLogger("apprise")
        logger.addHandler(heard)
        try:
            sent = self._apprise.notify(body=rendered.text, title=plain(rendered.subject), body_format="text")
        finally:
            logger.removeHandler(heard)
        if not sent:
            reason = plain("; ".join(heard.lines)) or "no service took it"
            raise DeliveryFailed(f"{self.name}: {reason}", permanent=False)


class _Heard(logging.Handler):
    """What is logged at a warning or above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
