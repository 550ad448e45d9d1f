"""Requests that an operator words for a gateway: a template writes each value as the format wants it.

No value can leave its place: in JSON a placeholder becomes a whole value, in addresses and forms it is percent-encoded,
in XML it is escaped. So a name with quotes, ampersands or line breaks adds no field and no recipient.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import md5, sha256
from html import escape
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.runtime import Undefined

from notifications.channels.cloud_event import told
from notifications.channels.http_call import Request
from notifications.letter import Letter, Rendered
from notifications.plain import plain
from notifications.sample_letters import sample_letters
from notifications.sandbox import Sandbox, bounded_output

_MOST_CHARS = 200_000
_HEADER = re.compile(r"([A-Za-z0-9-]+):[ \t]*([\x20-\x7e]*)")
_FAULTS = (TemplateError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)


class Form(StrEnum):
    """What a body is."""

    JSON = "json"
    FORM = "form"
    XML = "xml"
    TEXT = "text"


_MEDIA_TYPES = {
    Form.JSON: "application/json; charset=utf-8",
    Form.FORM: "application/x-www-form-urlencoded",
    Form.XML: "application/xml; charset=utf-8",
    Form.TEXT: "text/plain; charset=utf-8",
}


def _percent(value: object) -> str:
    return quote(str(value), safe="")


_WRITERS: Mapping[Form, Callable[[Any], str]] = {
    Form.JSON: lambda value: json.dumps(value, ensure_ascii=False),
    Form.FORM: _percent,
    Form.XML: lambda value: escape(str(value)),
    Form.TEXT: str,
}


def headers_of(lines: str) -> dict[str, str]:
    """Headers, one a line; ValueError naming the line that is none, never its value."""
    found: dict[str, str] = {}
    for number, line in enumerate(filter(None, map(str.strip, lines.splitlines())), start=1):
        match = _HEADER.fullmatch(line)
        if match is None:
            raise ValueError(f"line {number} should be a header such as Authorization: Bearer abc")
        found[match[1]] = match[2]
    return found


class MessageTemplate:
    """A request with placeholders in its address (path and query) and its body."""

    def __init__(
        self, url: str, body: str, form: Form, headers: Mapping[str, str], method: str, secret: str = ""
    ) -> None:
        self._url = url
        self._body = body
        self._form = form
        self._headers = {"Content-Type": _MEDIA_TYPES[form], **headers}
        self._method = method
        self._secret = secret

    def check(self) -> None:
        """Write a request for every kind of letter; ValueError if one cannot be written."""
        parts = urlsplit(self._url)
        if "{" in parts.scheme + parts.netloc:
            raise ValueError("url should have placeholders in its path and query only")
        if not self._body.strip() and self._method != "GET":
            raise ValueError("body should say what is sent")
        for letter in sample_letters("en"):
            self._check(letter)

    def _check(self, letter: Letter) -> None:
        request = self.request(letter, Rendered("subject", "text", ""), datetime.now(UTC))
        try:
            if self._form is Form.JSON and request.body:
                json.loads(request.body)
        except ValueError as error:
            raise ValueError(
                f"body is no JSON when written ({error}); a placeholder is a whole value and brings its own quotes"
            ) from None

    def request(self, letter: Letter, rendered: Rendered, now: datetime) -> Request:
        """The request for a letter; ValueError if the templates fail."""
        data = {**told(letter, rendered), **_of_recipient(letter), "timestamp": int(now.timestamp())}
        data |= {"letter_id": letter.letter_id, "secret": self._secret}
        url = _written("url", self._url, _percent, data)
        body = _written("body", self._body, _WRITERS[self._form], data)
        return Request(url, body.encode("utf-8", "replace"), self._headers, self._method)


def _of_recipient(letter: Letter) -> dict[str, str]:
    """`phone` has digits and a leading plus only."""
    phone = plain(letter.addressee.phone or "")
    digits = "".join(each for each in phone if each in "0123456789")
    return {"phone": f"+{digits}" if phone.startswith("+") else digits, "email": plain(letter.addressee.address or "")}


def _written(name: str, text: str, write: Callable[[Any], str], data: Mapping[str, Any]) -> str:
    """The output of a template all of whose values are written by `write`."""
    try:
        return bounded_output(_template(text, write), data, _MOST_CHARS)
    except _FAULTS as error:
        raise ValueError(plain(f"{name} cannot be written: {error}")) from error


@lru_cache(maxsize=64)
def _template(text: str, write: Callable[[Any], str]) -> Template:
    def finalize(value: object) -> str:
        # A name that is not known says so by being made a text.
        return str(value) if isinstance(value, Undefined) else write(value)

    environment = Sandbox(undefined=StrictUndefined, autoescape=False, finalize=finalize)
    environment.filters |= {"md5": _md5, "sha256": _sha256, "hmac_sha256": _hmac_sha256}
    return environment.from_string(text)


def _md5(value: object) -> str:
    return md5(str(value).encode(), usedforsecurity=False).hexdigest()


def _sha256(value: object) -> str:
    return sha256(str(value).encode()).hexdigest()


def _hmac_sha256(value: object, key: object) -> str:
    return hmac.digest(str(key).encode(), str(value).encode(), "sha256").hex()
