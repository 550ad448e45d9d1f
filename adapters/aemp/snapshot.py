"""A page of a fleet's snapshot as ISO/TS 15143-3 (AEMP 2.0) has it, JSON or XML: whose meter shows what, since when.

Makers write names in any case, one thing as an object or as a list, numbers as text, and times as ms; XML becomes what
the same page would be in JSON, so that there is one reader for both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import cast
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from adapters.mqtt.document import NotADocument, parse

MOST_BYTES = 16 << 20
_1970 = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_TEXT = "#text"
_DEEPEST = 50
NUMBERS = {"pin": "pin", "serial_number": "serialnumber", "equipment_id": "equipmentid"}
"""What a machine may be known by: the name in our configuration, and the one in the header."""


class NotASnapshot(ValueError):  # noqa: N818 - it says what the answer is not
    """An answer that is no page of a fleet; says why."""


@dataclass(frozen=True, slots=True)
class MachineHours:
    """What a machine's meter shows: its numbers by our names, hours as they were sent, and their time if it was."""

    numbers: Mapping[str, str]
    hours: Decimal | str | None
    at: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """The machines of a page in its order, how many of them told no hours, and the link to the next page."""

    machines: tuple[MachineHours, ...]
    silent: int
    next_href: str | None


def read_page(answer: bytes) -> Page:
    """The page in the body of an answer; NotASnapshot says why there is none."""
    try:
        fleet = _fleet(_document(answer))
        found = [list(_hours_of(each)) for each in _under(fleet, "equipment")]
        machines = tuple(each for hours in found for each in hours)
        return Page(machines, sum(not hours for hours in found), _next(fleet))
    except NotADocument as error:
        raise NotASnapshot(str(error)) from None
    except RecursionError:
        raise NotASnapshot("nested too deeply") from None


def _document(answer: bytes) -> object:
    if answer.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
        return _of_xml(answer)
    return _in_small_letters(parse(answer.removeprefix(b"\xef\xbb\xbf"), MOST_BYTES))


class _Wary(TreeBuilder):
    """A document type may define entities without bound, or read from elsewhere; depth costs stack."""

    depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise NotASnapshot("nested too deeply")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self.depth -= 1
        return super().end(tag)

    def doctype(self, *_: str | None) -> None:
        raise NotASnapshot("XML with a document type is not read")


def _of_xml(answer: bytes) -> dict[str, object]:
    parser: XMLParser[Element] = XMLParser(target=_Wary())  # noqa: S314 - without a document type
    try:
        parser.feed(answer)
        root = parser.close()
    except (ParseError, ValueError, LookupError) as error:
        raise NotASnapshot(f"not XML: {error}") from None
    return {_name(root.tag): _node(root)}


def _node(element: Element) -> object:
    """Text alone as text; else an object in which attributes and children stand by name."""
    text = (element.text or "").strip()
    if not element.attrib and not len(element):
        return text
    found: dict[str, object] = {_name(name): value for name, value in element.attrib.items()}
    if text:
        found[_TEXT] = text
    for child in element:
        cast("list[object]", found.setdefault(_name(child.tag), [])).append(_node(child))
    return found


def _name(tag: str) -> str:
    return tag.rpartition("}")[2].lower()


def _in_small_letters(value: object) -> object:
    if isinstance(value, dict):
        return {str(name).lower(): _in_small_letters(inner) for name, inner in value.items()}
    return [_in_small_letters(each) for each in value] if isinstance(value, list) else value


def _fleet(document: object) -> object:
    """What holds machines and links: the whole, a list of such (one maker has it so), or what is called Fleet in it."""
    if isinstance(document, dict) and "fleet" in document:
        return document["fleet"]
    if any(isinstance(each, dict) and "equipment" in each for each in (document, *_listed(document))):
        return document
    raise NotASnapshot("it has no Fleet and no Equipment")


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _under(node: object, name: str) -> Iterator[object]:
    """Everything of that name in an object, or in each object of a list."""
    for each in node if isinstance(node, list) else [node]:
        if isinstance(each, dict) and name in each:
            inner = each[name]
            yield from inner if isinstance(inner, list) else [inner]


def _hours_of(equipment: object) -> Iterator[MachineHours]:
    numbers = {ours: _numbered(equipment, theirs) for ours, theirs in NUMBERS.items()}
    for each in _under(equipment, "cumulativeoperatinghours"):
        hours = next(_under(each, "hour"), None if isinstance(each, dict) else each)
        if hours is not None and hours != "":
            yield MachineHours(numbers, _amount(hours), _time(next(_under(each, "datetime"), None)))


def _numbered(equipment: object, name: str) -> str:
    """A number in the header, or beside where it should be."""
    for place in (*_under(equipment, "equipmentheader"), equipment):
        for value in _under(place, name):
            if isinstance(value, str | Decimal):
                return str(value).strip()
    return ""


def _amount(hours: object) -> Decimal | str:
    """A number, also one that was written as text; whatever else was sent, as text for whoever looks into it."""
    if isinstance(hours, dict):
        hours = hours.get(_TEXT, hours)
    if isinstance(hours, Decimal):
        return hours
    text = str(hours).strip()
    return Decimal(text) if _NUMBER.fullmatch(text) else text[:100]


def _time(value: object) -> str | None:
    """A time as it was sent; ms since 1970 as ISO 8601."""
    if not isinstance(value, Decimal):
        return None if value is None else str(value).strip()
    try:
        return (_1970 + timedelta(milliseconds=int(value))).isoformat()
    except (OverflowError, ValueError, ArithmeticError):
        return str(value)


def _next(fleet: object) -> str | None:
    links = [*_under(fleet, "links"), *_under(fleet, "link")]
    for link in (*links, *(inner for each in links for inner in _under(each, "link"))):
        rel, href = next(_under(link, "rel"), None), next(_under(link, "href"), None)
        if isinstance(rel, str) and isinstance(href, str) and rel.lower() == "next" and href:
            return href
    return None
