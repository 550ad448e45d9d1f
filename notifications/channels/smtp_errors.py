"""What a mail server's answer means for a letter: try again, or give up."""

from __future__ import annotations

import smtplib
import ssl

from notifications.channels.channel import DeliveryFailed
from notifications.plain import plain

_PERMANENT = 500
_MOST_CHARS = 300


def failure_of(error: Exception, server: str) -> DeliveryFailed:
    """The failure behind an error.

    It is permanent only if the server refused this recipient or this message for good; all else can be
    mended, by time or by the operator.
    """
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()), (0, b""))
        return _refused("the recipient", code, answer)
    if isinstance(error, smtplib.SMTPDataError):
        return _refused("the message", error.smtp_code, error.smtp_error)
    return DeliveryFailed(plain(_words(error, server), _MOST_CHARS), permanent=False)


def login_failure(error: Exception, username: str) -> DeliveryFailed:
    """A refused login: the operator can mend it, so the letter waits."""
    reason = f"the mail server refused the login of {username!r}; check username and password: {_cause(error)}"
    return DeliveryFailed(plain(reason, _MOST_CHARS), permanent=False)


def _refused(what: str, code: int, answer: bytes | str) -> DeliveryFailed:
    reason = f"the mail server refused {what}: {code} {_decoded(answer)}"
    return DeliveryFailed(plain(reason, _MOST_CHARS), permanent=code >= _PERMANENT)


def _words(error: Exception, server: str) -> str:
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"the mail server refused the sender {error.sender}; check sender and login: {_cause(error)}"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"the mail server {server} cannot do what is asked; check security: {error}"
    if isinstance(error, ssl.SSLError):
        return f"no secure connection to the mail server {server}; check security and certificate: {error}"
    if isinstance(error, TimeoutError):
        return f"the mail server {server} did not answer in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return f"the mail server {server} broke off: {error}"
    return f"the mail server {server} cannot be reached or used: {_cause(error)}"


def _cause(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_decoded(error.smtp_error)}"
    return str(error) or type(error).__name__


def _decoded(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
