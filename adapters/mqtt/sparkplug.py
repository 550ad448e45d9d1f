"""Sparkplug B 3.0: which messages there are, the metrics in them, and what an edge node's aliases stand for.

Only what a reader of hours needs. A name stands in a birth alone, afterwards its alias may stand for it; messages of
QoS 0 may be missing, and an alias that means something else by now would be somebody else's hours. So names are
believed as long as the messages of an edge node have come without a gap since its birth; else it is asked for another.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from adapters.mqtt.document import NotADocument

_BIRTHS, _DATA = ("NBIRTH", "DBIRTH"), ("NDATA", "DDATA")
_SEQUENCE = 256
_ASKED_AGAIN_MS = 60_000
_NAMESPACE = "spBv1.0"
_VARINT, _EIGHT, _COUNTED, _FOUR = 0, 1, 2, 5
_TIMESTAMP, _METRICS, _SEQ = 1, 2, 3
_NAME, _ALIAS, _AT, _TYPE, _IS_NULL, _INT, _LONG, _FLOAT, _DOUBLE = 1, 2, 3, 4, 7, 10, 11, 12, 13
_SIGNED = {1: 32, 2: 32, 3: 32, 4: 64}
"""Int8 to Int64: what a negative number is taken from."""
_LONGEST_VARINT = 10
_REBIRTH = b"Node Control/Rebirth"
_BOOLEAN_TYPE, _BOOLEAN = 11, 14


@dataclass(slots=True)
class Metric:
    """A value with its name or alias, and when it was measured in ms; value None: not available."""

    name: str | None = None
    alias: int | None = None
    at: Decimal | None = None
    value: Decimal | None = None


@dataclass(slots=True)
class _Node:
    seq: int
    names: dict[int, str] = field(default_factory=dict)


class Births:
    """What the edge nodes have said since their births; `ask` publishes bytes under a topic."""

    def __init__(self) -> None:
        """Nothing is known, and nobody to ask."""
        self.ask: Callable[[str, bytes], None] | None = None
        self._nodes: dict[tuple[str, str], _Node] = {}
        self._asked_ms: dict[tuple[str, str], int] = {}

    def forget(self) -> None:
        """The connection was lost: births may have been missed."""
        self._nodes.clear()

    def values(self, topic: str, payload: bytes, name: str, now_ms: int) -> list[dict[str, Decimal | None]] | None:
        """The values of the metric `name` in a message, each with its timestamp; None if it is of another kind.

        NotADocument if it cannot be read, or the names of its aliases are not known.
        """
        _, group, kind, edge = topic.split("/")[:4]
        if kind not in (*_BIRTHS, *_DATA):
            return None
        seq, metrics = _payload(payload)
        node = self._follow((group, edge), kind, seq)
        for metric in metrics:
            self._named(node, metric, kind)
        found = [{name: metric.value, "timestamp": metric.at} for metric in metrics if metric.name == name]
        if not found and any(metric.name is None for metric in metrics):
            self._ask_again(group, edge, now_ms)
            message = "metrics by aliases whose names are not known: the edge node is asked for its birth"
            raise NotADocument(message)
        return found

    def _follow(self, edge: tuple[str, str], kind: str, seq: int | None) -> _Node | None:
        """The edge node, if nothing of it is missing since its birth."""
        node = self._nodes.pop(edge, None)
        if seq is not None and kind == "NBIRTH":
            node = _Node(seq)
        elif node is None or seq != (node.seq + 1) % _SEQUENCE:
            return None
        else:
            node.seq = seq
        self._nodes[edge] = node
        return node

    def _named(self, node: _Node | None, metric: Metric, kind: str) -> None:
        if metric.alias is None or node is None:
            return
        if metric.name is not None and kind in _BIRTHS:
            node.names[metric.alias] = metric.name
        metric.name = metric.name or node.names.get(metric.alias)

    def _ask_again(self, group: str, edge: str, now_ms: int) -> None:
        if self.ask and now_ms - self._asked_ms.get((group, edge), -_ASKED_AGAIN_MS) >= _ASKED_AGAIN_MS:
            self._asked_ms[group, edge] = now_ms
            self.ask(f"{_NAMESPACE}/{group}/NCMD/{edge}", rebirth(now_ms))


def rebirth(now_ms: int) -> bytes:
    """The command to an edge node to say its births again."""
    metric = b"".join(
        (_counted(_NAME, _REBIRTH), _number(_AT, now_ms), _number(_TYPE, _BOOLEAN_TYPE), _number(_BOOLEAN, 1))
    )
    return _number(_TIMESTAMP, now_ms) + _counted(_METRICS, metric)


def _payload(payload: bytes) -> tuple[int | None, list[Metric]]:
    seq, at, metrics = None, None, []
    try:
        for number, value in _fields(payload):
            if number == _METRICS and isinstance(value, bytes):
                metrics.append(_metric(value))
            elif number == _SEQ and isinstance(value, int):
                seq = value
            elif number == _TIMESTAMP and isinstance(value, int):
                at = Decimal(value)
    except (IndexError, UnicodeDecodeError, struct.error) as error:
        message = f"no Sparkplug B payload: {error}"
        raise NotADocument(message) from None
    for metric in metrics:
        metric.at = at if metric.at is None else metric.at
    return seq, metrics


def _metric(content: bytes) -> Metric:
    found = Metric()
    values = dict(_fields(content))
    name, alias, at = values.get(_NAME), values.get(_ALIAS), values.get(_AT)
    found.name = name.decode() if isinstance(name, bytes) and name else None
    found.alias = alias if isinstance(alias, int) else None
    found.at = Decimal(at) if isinstance(at, int) else None
    found.value = None if values.get(_IS_NULL) else _value(values)
    return found


def _value(values: dict[int, int | bytes]) -> Decimal | None:
    for number, form in ((_FLOAT, "<f"), (_DOUBLE, "<d")):
        content = values.get(number)
        if isinstance(content, bytes):
            return Decimal(repr(struct.unpack(form, content)[0])) if form == "<d" else _single(content)
    found = values.get(_INT, values.get(_LONG))
    bits = _SIGNED.get(values.get(_TYPE, 0))  # type: ignore[arg-type]
    if not isinstance(found, int):
        return None
    return Decimal(found - 2**bits if bits and found >= 2 ** (bits - 1) else found)


def _single(content: bytes) -> Decimal:
    """A float of four bytes has about seven digits; what Python shows beyond them was never measured."""
    return Decimal(f"{struct.unpack('<f', content)[0]:.7g}")


def _fields(content: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protobuf message: numbers as int, everything else as bytes."""
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        number, form = key >> 3, key & 7
        if form == _VARINT:
            value, at = _varint(content, at)
            yield number, value
            continue
        size = {_EIGHT: 8, _FOUR: 4}.get(form)
        if form == _COUNTED:
            size, at = _varint(content, at)
        if size is None or at + size > len(content):
            message = f"no Sparkplug B payload: field {number} does not end at byte {at}"
            raise NotADocument(message)
        yield number, content[at : at + size]
        at += size


def _varint(content: bytes, at: int) -> tuple[int, int]:
    number = 0
    for place in range(_LONGEST_VARINT):
        digit = content[at + place]
        number |= (digit & 0x7F) << (7 * place)
        if digit < 0x80:  # noqa: PLR2004 - the highest bit: more to follow
            return number, at + place + 1
    message = f"no Sparkplug B payload: a number without end at byte {at}"
    raise NotADocument(message)


def _number(field_number: int, value: int) -> bytes:
    return _written(field_number << 3 | _VARINT) + _written(value)


def _counted(field_number: int, content: bytes) -> bytes:
    return _written(field_number << 3 | _COUNTED) + _written(len(content)) + content


def _written(value: int) -> bytes:
    digits = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)
