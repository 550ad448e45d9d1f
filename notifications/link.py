"""The address of a work order, as a link and as a QR code: the one place where it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from notifications.letter import Addressee, Attachment, OrderFacts

_DOTS = 4
_QUIET_ZONE = 4
_MOST_CODES = 10
# Any of the eight patterns is read by any reader; looking for the best takes longer than the rest of the letter.
_MASK = 2


Proof = Callable[[int, Addressee], str]
"""What proves that somebody was written to about the order of this number; "" if nothing can."""


def order_address(page: str, order: OrderFacts, to: Addressee, proof: Proof | None) -> str:
    """Where a reader of a letter finds this order; "" if the product has no address or the order no number.

    Without a proof whoever follows it is asked to log in.
    """
    proved = proof(order.number, to) if page and order.number is not None and proof is not None else ""
    return f"{page.rstrip('/')}/o/{proved}" if proved else order_page(page, order.number)


def order_page(page: str, number: int | None) -> str:
    """Where an order is found by its number, for whoever may log in; "" as above."""
    return f"{page.rstrip('/')}/work-orders/{number}" if page and number is not None else ""


def code_name(order: OrderFacts, shown: int) -> str:
    """How the HTML names the picture of an order's code; "" where so many orders are shown that none has one."""
    return f"order-{order.number}@hourkeeper" if shown <= _MOST_CODES else ""


def codes_in(view: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """The pictures that the HTML shows: one QR code for each link."""
    return tuple(
        Attachment(order["code"], "image/png", qr_code(order["link"]))
        for order in view["orders"]
        if order["link"] and order["code"]
    )


def qr_code(address: str) -> bytes:
    """A QR code as a small PNG."""
    # Only letters with a link need it.
    import segno  # noqa: PLC0415

    out = BytesIO()
    segno.make(address, error="m", micro=False, mask=_MASK).save(out, kind="png", scale=_DOTS, border=_QUIET_ZONE)
    return out.getvalue()
