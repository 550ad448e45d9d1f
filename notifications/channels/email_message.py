"""A letter as an e-mail: headers that cannot be forged, text and HTML side by side."""

from __future__ import annotations

import re
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256

from notifications.channels.channel import DeliveryFailed
from notifications.invitation import Invitation, invitations
from notifications.letter import Attachment, Letter, Rendered
from notifications.plain import plain

_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST_IN_NAME = 60


def compose(letter: Letter, rendered: Rendered, sender: Address, now: datetime) -> EmailMessage:
    """The message to the one addressee, dated `now`; raises DeliveryFailed (permanent) without an address."""
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = recipient(letter)
    message["Subject"] = _literal(plain(rendered.subject))
    message["Date"] = now
    message["Message-ID"] = message_id(letter.letter_id, sender.domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    _show(message, rendered.images)
    _invite(message, tuple(invitations(letter, rendered, sender, message["To"].addresses[0], now)))
    for each in rendered.attachments:
        kind, _, subtype = each.media_type.partition("/")
        message.add_attachment(each.content, maintype=kind, subtype=subtype, filename=each.name)
    return message


def _show(message: EmailMessage, images: tuple[Attachment, ...]) -> None:
    """Put the images beside the HTML, where it finds them by their names."""
    html = message.get_body(("html",))
    if html is None:
        return
    for each in images:
        kind, _, subtype = each.media_type.partition("/")
        html.add_related(each.content, kind, subtype, cid=f"<{each.name}>", disposition="inline")


def _invite(message: EmailMessage, invited: tuple[Invitation, ...]) -> None:
    """A single invitation is an alternative, which mail programs offer to accept; each is also a file to open."""
    for each in invited if len(invited) == 1 else ():
        message.add_alternative(each.content, subtype="calendar", params={"method": each.method})
    for each in invited:
        message.add_attachment(each.content.encode(), maintype="application", subtype="ics", filename=each.name)


def message_id(letter_id: str, domain: str) -> str:
    """The same for every attempt: a mailbox can tell a letter doubled by a crash after sending."""
    name = letter_id if _SAFE_ID.fullmatch(letter_id) else sha256(letter_id.encode("utf-8", "replace")).hexdigest()
    return f"<hourkeeper.{name}@{domain}>"


def recipient(letter: Letter) -> Address:
    """The addressee with their name; raises DeliveryFailed (permanent) without a usable address."""
    given = letter.addressee.address
    if not given:
        raise DeliveryFailed(f"{letter.addressee.recipient} has no e-mail address", permanent=True)
    try:
        return address_of(given, letter.addressee.name)
    except ValueError as error:
        raise DeliveryFailed(str(error), permanent=True) from error


def address_of(address: str, name: str = "") -> Address:
    """One mailbox; raises ValueError for anything else: several, none, control or non-ASCII characters."""
    try:
        mailbox = Address(display_name=_literal(plain(name, _MOST_IN_NAME)), addr_spec=address)
    except (ValueError, IndexError, MessageError) as error:
        raise ValueError(f"{plain(address)!r} is not an e-mail address") from error
    if not mailbox.username or not mailbox.domain or not address.isascii():
        raise ValueError(f"{plain(address)!r} is not an e-mail address that every mail server takes")
    return mailbox


def _literal(text: str) -> str:
    """The text, in which no reader finds an encoded word: what it would decode to could be another address."""
    return text.replace("=?", "= ?")
