"""Payloads and topics that no meter should send, some written by hand, more made from a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

from tests.support.publisher import Message

_NUMBERS = (
    "NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "-0", "-1", "-0.001", "1e5", "200000.001", "1E+999999",
    "1e999999999999999999999", "4294967295", "214748364.75", "9" * 4000, "0." + "9" * 4000, "0x10", "1_000", "１２", "+5",
    ".5", "5.", "01", "--1", "1e", "nan", "inf", "NULL",
)  # fmt: skip
_VALUES = (
    "true", "false", "null", '""', '"NaN"', '"12.5"', '"１２"', "[]", "{}", "[12.5]", '{"hours": 12.5}', '"\\ud800"',
    '"\\u0000"', '"<script>alert(1)</script>"', '"\'; DROP TABLE readings; --"', '"' + "x" * 3000 + '"',
)  # fmt: skip
_DATES = (
    '"2026-11-23T08:00:00+08:00"', '"2026-02-30T00:00:00Z"', '"0000-00-00T00:00:00Z"', '"9999-12-31T23:59:59.999999Z"',
    '"0001-01-01T00:00:00+14:00"', '"9999-12-31T23:59:59-14:00"', '"1970-01-01"', '"20261123T080000Z"', '"2026-W48-1"',
    '"yesterday"', '""', "0", "-1", "1e18", "1790000000", "1790000000000", "true", "[]", "{}", "null",
    '"2026-11-23T08:00:00+99:99"', '"2026-11-23T25:61:61Z"', '"2026-11-23T08:00:00.123456789123Z"', '"\\u0000"',
    '"\\udfff"', '"' + "2" * 2000 + '"', '"２０２６-11-23T08:00:00Z"', "NaN", "1e400", '"2026-11-23T08:00:00+08:00\\n"',
)  # fmt: skip
_WHOLE = (
    b"", b" ", b"\x00", b"\xff\xfe", b'\xef\xbb\xbf{"hours": 1}', b"{", b"}", b"[", b"]", b"{]", b'{"hours"', b'{"hours":',
    b'{"hours": 1', b'{"hours": 1}}', b'{"hours": 1}{"hours": 2}', b"{'hours': 1}", b'{"hours": 1,}', b"hours=1", b"<xml/>",
    b'{"hours": 1, "hours": 2}', b'{"at": "2026-11-23T08:00:00+08:00"}', b"[" * 2000, b"[" * 4000, b'{"a":' * 600 + b"1" + b"}" * 600,
    b'{"hours": "\xc3\x28"}', b'\xff{"hours": 1}', b'{"hours": 1}\x00', b'{"hours\\u0000": 1}', b'{"\\ud800": 1, "hours": null}',
    b"\x80" * 100, b"A" * 5000, b" " * 5000 + b"1", b'{"hours": 1, "pad": "' + b"x" * 6000 + b'"}', b"0" * 3000,
    b'{"hours": [[[[[[[[[[[1]]]]]]]]]]]}', b'[{"hours": null}, {"hours": true}]', b"[1, 2, 3]", b"[]", b"[[]]", b"null", b"true", b'"x"',
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00", b"\xde\xad\xbe\xef" * 50, b"PK\x03\x04", '{"hours": "十二"}'.encode("gb18030"),
    '{"hours": 12}'.encode("utf-16"), '{"hours": 12}'.encode("utf-32"),
)  # fmt: skip
_MACHINES = (
    "..", ".", "-", "_", "x" * 64, "x" * 65, "x" * 2000, "M 1", "M\t1", "Ｍ１", "機械", "%00", "$SYS", "M\u202e1", "\U0001f69c", "'--",
    '"', "<b>", "${jndi:x}", "{{7*7}}", "../../etc/passwd", "M\u00a01", "NULL", "null", "undefined",
)  # fmt: skip


def hostile_messages(seed: int, count: int) -> list[Message]:
    """So many, in a fixed order: the hand-written ones and mixtures of them; QoS 0 and 1, some retained."""
    draw = random.Random(seed)
    found = list(dict.fromkeys(_by_hand()))
    while len(found) < count:
        message = _mixed(draw)
        if message not in found:
            found.append(message)
    draw.shuffle(found)
    return [Message(each.topic, each.payload, draw.choice((1, 1, 1, 0)), draw.random() < _RETAINED) for each in found]


_RETAINED = 0.02


def _by_hand() -> Iterator[Message]:
    for whole in _WHOLE:
        yield _to("M-0000", whole)
    for value in (*_NUMBERS, *_VALUES):
        yield _to("M-0000", value.encode())
        yield _to("M-0000", f'{{"hours": {value}}}'.encode())
        yield _to("M-0000", f'{{"machine_id": {value}, "hours": 1}}'.encode())
    for date in _DATES:
        yield _to("M-0000", f'{{"hours": true, "at": {date}}}'.encode())
    for machine in _MACHINES:
        yield _to(machine, b'{"hours": 12.5, "at": "2026-11-23T08:00:00+08:00"}')
        yield _to("M-0000", json.dumps({"machine_id": machine, "hours": 12.5}).encode())
    yield _to("", b"12.5")


def _to(machine: str, payload: bytes) -> Message:
    return Message(f"machines/{machine.replace('/', ' ').replace('+', ' ').replace('#', ' ')}/hours".encode(), payload)


def _mixed(draw: random.Random) -> Message:
    """Something that is not a good reading in one of many ways."""
    kind = draw.randrange(4)
    if kind == 0:
        return _to("M-0000", draw.randbytes(draw.randrange(1, 200)))
    if kind == 1:
        good = b'{"hours": 12.5, "at": "2026-11-23T08:00:00+08:00"}'
        at = draw.randrange(len(good))
        return _to("M-0000", good[:at] + draw.randbytes(3) + good[at + draw.randrange(3) :] + b"\xff")
    value, date = draw.choice((*_NUMBERS, *_VALUES)), draw.choice(_DATES)
    if kind == 2:
        return _to("M-0000", f'{{"hours": {value}, "at": {date}, "x": {draw.randrange(1000)}}}'.encode())
    return _to(draw.choice(_MACHINES), f'{{"at": {date}, "hours": {value}, "x": {draw.randrange(1000)}}}'.encode())
