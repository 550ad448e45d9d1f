"""Who is told by which channels: e-mail where there is an address, and every channel whose entry names them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from notifications.letter import Addressee
from notifications.occasions import Occasion, Role

EMAIL, LOG = "email", "log"


class Way(NamedTuple):
    """One delivery of a notice: by a channel, to an address (None: the channel itself knows where)."""

    channel: str
    address: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A channel and who is told by it; what is empty does not restrict.

    `by_phone`: it reaches the recipient's own phone, and nobody without one; otherwise it leads to one place, such as a
    group of people or a program. `only_without_email`: it stands in for the mail.
    """

    name: str
    by_phone: bool = False
    roles: frozenset[Role] = frozenset()
    recipients: frozenset[str] = frozenset()
    service_centres: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    occasions: frozenset[Occasion] = frozenset()
    only_without_email: bool = False
    rate_per_minute: int | None = None

    def leads_to(self, to: Addressee, occasion: Occasion, service_centre: str | None, region: str | None) -> bool:
        """Whether somebody is told by it on an occasion about machines of this centre in this region."""
        return (
            (not self.occasions or occasion in self.occasions)
            and self.reaches(to)
            and (not self.service_centres or service_centre in self.service_centres)
            and (not self.regions or region in self.regions)
        )

    def reaches(self, to: Addressee) -> bool:
        """Whether somebody is told by it of anything."""
        return (
            (not self.roles or to.role in self.roles)
            and (not self.recipients or to.recipient in self.recipients)
            and not (self.only_without_email and to.address)
            and bool(not self.by_phone or to.phone)
        )


def ways_to(
    to: Addressee,
    occasion: Occasion,
    where: tuple[str | None, str | None],
    entries: Sequence[Entry],
    *,
    mails: bool,
) -> tuple[Way, ...]:
    """How somebody is told about a machine of a centre and region (`where`); who has no other way, in the log."""
    found = tuple(_ways(to, occasion, where, entries, mails=mails))
    return found or (Way(LOG, to.address),)


def _ways(
    to: Addressee, occasion: Occasion, where: tuple[str | None, str | None], entries: Sequence[Entry], *, mails: bool
) -> Iterator[Way]:
    if mails and to.address:
        yield Way(EMAIL, to.address)
    for entry in entries:
        if entry.leads_to(to, occasion, *where):
            yield Way(entry.name, to.phone if entry.by_phone else None)
