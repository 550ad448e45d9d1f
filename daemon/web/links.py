"""The link in a notice: it opens exactly one work order, for a limited time, without a password."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from itsdangerous import BadData, URLSafeSerializer

from adapters.store import people
from adapters.store.engine import STORE_FAULTS, Store
from daemon.clock import clock_ms
from daemon.web.rights import Person, Role
from notifications.letter import Addressee
from notifications.link import Proof
from notifications.occasions import Role as Told

SECRET = "links"  # noqa: S105 - the name of it
_DAY_MS = 86_400_000
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


def proofs(store: Store, days: int) -> Proof:
    """What the links in letters bear; where the store is away a letter goes out all the same, and its link asks who
    one is.
    """

    @cache
    def links() -> Links:
        with store.write() as connection:
            return Links(people.keep_secret(connection, SECRET), days * _DAY_MS)

    def proof(order_id: int, to: Addressee) -> str:
        try:
            return links().of_order(order_id, to.role, to.recipient, clock_ms())
        except STORE_FAULTS:
            return ""

    return proof
