"""The link in a notice: it opens exactly one work order, for a limited time, without a password."""

from __future__ import annotations

from dataclasses import dataclass

from itsdangerous import BadData, URLSafeSerializer

from daemon.web.rights import Person, Role
from notifications.occasions import Role as Told

_SALT = "work order of a notice"


@dataclass(frozen=True, slots=True)
class Links:
    """Makes links and opens them; `secret` signs them, `lasts_ms` is how long they hold."""

    secret: str
    lasts_ms: int

    def of_order(self, order_id: int, told_as: Told, recipient: str, now_ms: int) -> str:
        """The token of a link for whoever is written to."""
        return str(self._signer().dumps([order_id, told_as.value, recipient, now_ms + self.lasts_ms]))

    def open(self, token: str, now_ms: int) -> Person | None:
        """Whoever holds the link; None if it is forged or over."""
        try:
            order_id, told_as, recipient, ends_ms = self._signer().loads(token)
        except (BadData, ValueError, TypeError):
            return None
        if now_ms >= ends_ms:
            return None
        identity = f"link to work order {order_id}"
        return Person(recipient, Role.LINK, order_id=order_id, told_as=Told(told_as), identity=identity)

    def _signer(self) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret, salt=_SALT)
