"""The link in a notice: it opens exactly one work order, for a limited time, without a password."""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from daemon.web.rights import Person, Role

_SALT = "work order of a notice"


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links and opens them; `secret` signs them, `lasts_ms` is how long they hold."""

    secret: str
    lasts_ms: int

    def of_order(self, order_id: int, recipient: str, now_ms: int) -> str:
        """The token of a link for whoever is written to."""
        return str(self._signer().dumps([order_id, recipient, now_ms + self.lasts_ms]))

    def open(self, token: str, now_ms: int) -> Person | None:
        """Whoever holds the link; None if it is forged or over."""
        try:
            order_id, recipient, ends_ms = self._signer().loads(token)
        except (BadData, ValueError, TypeError):
            return None
        return Person(recipient, Role.LINK, order_id=order_id) if now_ms < ends_ms else None

    def _signer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret, salt=_SALT)
