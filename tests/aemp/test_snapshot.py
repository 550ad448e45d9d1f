"""Pages of fleets as makers write them are read alike; what is no page says why, whatever it is."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from adapters.aemp.snapshot import NUMBERS, NotASnapshot, Page, read_page

_CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "payloads" / "aemp.json").read_text(encoding="utf-8")
)
_BOMB = b"""<!DOCTYPE a [<!ENTITY a "0123456789"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Fleet>&b;</Fleet>"""
_ELSEWHERE = b"""<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]><Fleet><Equipment>&a;</Equipment></Fleet>"""


def _said(page: Page) -> list[list[str | None]]:
    return [[*each.numbers.values(), str(each.hours), each.at] for each in page.machines]


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case["maker"])
def test_a_page_is_read_however_a_maker_writes_it(case: dict[str, Any]) -> None:
    for start in (b"", b"\xef\xbb\xbf", b" \n"):
        if start != b" \n" or not case["page"].startswith("<?"):
            page = read_page(start + case["page"].encode())
            assert (_said(page), page.silent, page.next_href) == (case["machines"], case["silent"], case["next"])

    drawn = random.Random(1)
    for _ in range(500):
        broken = bytearray(case["page"].encode())
        for _ in range(drawn.randint(1, 4)):
            broken[drawn.randrange(len(broken))] = drawn.randrange(256)
        with suppress(NotASnapshot):
            assert all(set(each.numbers) == set(NUMBERS) for each in read_page(bytes(broken)).machines)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "empty"),
        (b'{"error": "maintenance"}', "no Fleet"),
        (b"[]", "no Fleet"),
        (b"3", "no Fleet"),
        (b"<html><body>Login</body></html>", "no Fleet"),
        (b"<Fleet><Equipment>", "not XML"),
        (b'<?xml version="1.0" encoding="nonsense"?><Fleet/>', "not XML"),
        (b"\xff\xfe{", "not UTF-8"),
        (_BOMB, "document type"),
        (_ELSEWHERE, "document type"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested"),
        (b"<a>" * 200_000 + b"</a>" * 200_000, "nested"),
        (b'{"Equipment": [], "Equipment": []}', "twice"),
    ],
)
def test_what_is_no_page_says_why(answer: bytes, words: str) -> None:
    with pytest.raises(NotASnapshot, match=words):
        read_page(answer)


@pytest.mark.parametrize(
    ("hours", "found"),
    [
        ("1e9999999999", "1E+9999999999"),
        ("NaN", "NaN"),
        ("true", "True"),
        ("{}", "{}"),
        ('" 1,5 "', "1,5"),
        ("-3", "-3"),
    ],
)
def test_odd_hours_are_passed_on_to_be_refused(hours: str, found: str) -> None:
    page = read_page(
        b'{"Equipment": {"SerialNumber": "A1", "CumulativeOperatingHours": {"Hour": %s}}}' % hours.encode()
    )
    assert [(each.numbers["serial_number"], str(each.hours)) for each in page.machines] == [("A1", found)]
