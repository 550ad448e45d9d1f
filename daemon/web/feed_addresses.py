"""Giving service centres the secret addresses of their calendars, and ending them."""

from __future__ import annotations

from adapters.store import feeds
from daemon.refused import RefusedError
from daemon.showing import instant
from daemon.web.members import Acting


def give(acting: Acting, service_centre: str, *, again: bool) -> str:
    """The secret in a centre's new address, shown this once; RefusedError if it has one and is not to get another."""
    keeper, now_ms = acting.keeper, acting.now_ms
    with keeper.store.write() as connection:
        if not feeds.is_known(connection, service_centre):
            raise RefusedError(f"there is no service centre {service_centre}; `hourkeeper centres list` names them")
        known = feeds.made(connection, service_centre)
        if known is not None and not again:
            since = instant(known.made_ms, keeper.zone)
            advice = "--new gives it another and ends that one, --revoke ends it"
            raise RefusedError(f"{service_centre} was given its address on {since}, and it was shown once; {advice}")
        acting.noted(connection, "give-calendar", f"service centre {service_centre}")
        return feeds.make(connection, service_centre, now_ms)


def end(acting: Acting, service_centre: str) -> None:
    """A centre's address holds no more, from now on; RefusedError if it has none."""
    with acting.keeper.store.write() as connection:
        if not feeds.revoke(connection, service_centre):
            raise RefusedError(f"{service_centre} has no calendar address")
        acting.noted(connection, "end-calendar", f"service centre {service_centre}")
