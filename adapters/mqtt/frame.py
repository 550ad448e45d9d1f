"""PUBLISH packets taken from the read buffer in one piece (MQTT 3.1.1 and 5, sections 2.2 and 3.3).

paho takes a packet apart byte by byte, builds objects for properties nobody reads, and locks on the way: that is half
the cost of a reading. Everything but a whole, well-formed PUBLISH is left to paho.
"""

from __future__ import annotations

from dataclasses import dataclass

_PUBLISH = 0x30
_TYPE, _DUP, _QOS, _RETAIN = 0xF0, 0x08, 0x06, 0x01
_QOS_SHIFT = 1
_HIGHEST_QOS_READ = 1
_MORE = 0x80
_LENGTH_BYTES = 4
_LEAST = 2


@dataclass(slots=True)
class Publish:
    """A message as the broker sent it; `mid` is None without acknowledgement, `size` the bytes of the whole packet."""

    topic: bytes
    payload: bytes
    mid: int | None
    dup: bool
    retain: bool
    size: int


def publish_at_start(buffer: memoryview, *, version_5: bool) -> Publish | None:
    """The PUBLISH of QoS 0 or 1 that a buffer begins with; None if it does not, or is not whole, or is malformed."""
    if not buffer or buffer[0] & _TYPE != _PUBLISH:
        return None
    header, qos = buffer[0], (buffer[0] & _QOS) >> _QOS_SHIFT
    length, start = _number(buffer, 1)
    end = start + length
    if qos > _HIGHEST_QOS_READ or length < _LEAST or end > len(buffer):
        return None
    topic_at = start + 2
    topic_end = payload_at = topic_at + (buffer[start] << 8 | buffer[start + 1])
    if topic_end == topic_at or topic_end + 2 * qos > end:
        return None
    if qos:
        payload_at += 2
    if version_5:
        properties, properties_at = _number(buffer[:end], payload_at)
        payload_at = properties_at + properties
        if properties < 0 or payload_at > end:
            return None
    return Publish(
        topic=buffer[topic_at:topic_end].tobytes(),
        payload=buffer[payload_at:end].tobytes(),
        mid=buffer[topic_end] << 8 | buffer[topic_end + 1] if qos else None,
        dup=bool(header & _DUP),
        retain=bool(header & _RETAIN),
        size=end,
    )


def _number(buffer: memoryview, at: int) -> tuple[int, int]:
    """A number of variable length and where it ends; -1 if it is not whole or too long."""
    number = 0
    for place in range(_LENGTH_BYTES):
        if at + place >= len(buffer):
            break
        digit = buffer[at + place]
        number |= (digit & ~_MORE) << (7 * place)
        if not digit & _MORE:
            return number, at + place + 1
    return -1, at
