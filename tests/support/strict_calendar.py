"""Reads a calendar as the strictest program would (RFC 5545): every line in its form, everything required there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from icalendar import Calendar

_LINE = re.compile(
    r"(?P<name>[A-Z0-9-]+)"
    r'(?P<parameters>(;[A-Z0-9-]+=("[^"\x00-\x08\x0a-\x1f\x7f]*"|[^";:,\x00-\x08\x0a-\x1f\x7f]*))*)'
    r":(?P<value>[^\x00-\x08\x0a-\x1f\x7f]*)"
)
_TEXTS = frozenset({"SUMMARY", "DESCRIPTION", "LOCATION", "NAME", "X-WR-CALNAME", "UID", "PRODID"})
_TEXT = re.compile(r"([^\\;,]|\\[\\;,nN])*")
_ONCE = ("UID", "DTSTAMP", "DTSTART", "SUMMARY")
_LONGEST = 75


def strictly(content: bytes) -> Any:  # noqa: ANN401 - icalendar's own class
    """The calendar; AssertionError says what is not as the standard wants it."""
    lines = list(_unfolded(content))
    open_parts: list[str] = []
    for line in lines:
        match = _LINE.fullmatch(line)
        assert match, line
        if match["name"] in _TEXTS:
            assert _TEXT.fullmatch(match["value"]), line
        if match["name"] == "BEGIN":
            open_parts.append(match["value"])
        if match["name"] == "END":
            assert open_parts.pop() == match["value"], line
    assert (lines[0], lines[-1], open_parts) == ("BEGIN:VCALENDAR", "END:VCALENDAR", [])
    assert {"VERSION:2.0", "CALSCALE:GREGORIAN"} <= set(lines)
    calendar = Calendar.from_ical(content)
    events = calendar.walk("VEVENT")
    assert [each.errors for each in (calendar, *events) if each.errors] == []
    for event in events:
        assert all(not isinstance(event.get(name, []), list) for name in _ONCE), event
        assert event.decoded("dtend") > event.decoded("dtstart")
    uids = [str(event["UID"]) for event in events]
    assert len(set(uids)) == len(uids)
    return calendar


def _unfolded(content: bytes) -> Iterator[str]:
    assert content.endswith(b"\r\n")
    line = ""
    for folded in content.removesuffix(b"\r\n").split(b"\r\n"):
        assert b"\n" not in folded
        assert b"\r" not in folded
        assert 0 < len(folded) <= _LONGEST, folded
        text = folded.decode("utf-8")  # no character is torn apart
        if text[0] in " \t":
            line += text[1:]
            continue
        if line:
            yield line
        line = text
    yield line
