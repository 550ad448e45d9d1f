"""PUBLISH packets read in one piece are what paho reads from the same bytes; anything else is left to paho."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from paho.mqtt import _packet
from paho.mqtt.enums import MQTTProtocolVersion

from adapters.mqtt.frame import publish_at_start

TOPICS = st.text(min_size=1, max_size=80).map(lambda text: text.encode("utf-8", "surrogatepass"))
PROPERTIES = st.sampled_from([b"", b"\x01\x01", b"\x02\x00\x00\x00\x05", b"\x26\x00\x01a\x00\x01b", b"\x09\x00\x02xy"])


def number(value: int) -> bytes:
    """A number of variable length as MQTT writes it."""
    written = b""
    while True:
        value, digit = divmod(value, 128)
        written += bytes([digit | (0x80 if value else 0)])
        if not value:
            return written


def packet(header: int, topic: bytes, mid: int, properties: bytes | None, payload: bytes) -> bytes:
    """A PUBLISH packet."""
    body = len(topic).to_bytes(2, "big") + topic
    body += mid.to_bytes(2, "big") if header & 6 else b""
    body += b"" if properties is None else number(len(properties)) + properties
    body += payload
    return bytes([header]) + number(len(body)) + body


@settings(max_examples=500, deadline=None)
@given(
    topic=TOPICS,
    payload=st.binary(max_size=400),
    mid=st.integers(1, 65535),
    flags=st.sampled_from([0, 1, 2, 3, 10, 11]),
    properties=PROPERTIES,
    version_5=st.booleans(),
    after=st.binary(max_size=20),
)
def test_it_reads_what_paho_reads(
    topic: bytes, payload: bytes, mid: int, flags: int, properties: bytes, version_5: bool, after: bytes
) -> None:
    header = 0x30 | flags
    whole = packet(header, topic, mid, properties if version_5 else None, payload)
    found = publish_at_start(memoryview(whole + after), version_5=version_5)
    version = MQTTProtocolVersion.MQTTv5 if version_5 else MQTTProtocolVersion.MQTTv311
    body = whole[1 + len(number(len(whole) - 1 - len(number(len(whole))))) :]
    expected = _packet.decode_publish(header, body, version)
    assert found is not None
    assert (found.topic, found.payload, found.dup, found.retain) == (
        expected.topic,
        expected.payload,
        expected.dup,
        expected.retain,
    )
    assert found.mid == (expected.mid if expected.qos else None)
    assert found.size == len(whole)


@settings(max_examples=300, deadline=None)
@given(topic=TOPICS, payload=st.binary(max_size=40), cut=st.integers(1, 40), version_5=st.booleans())
def test_half_a_packet_is_left_alone(topic: bytes, payload: bytes, cut: int, version_5: bool) -> None:
    whole = packet(0x32, topic, 7, b"" if version_5 else None, payload)
    assert publish_at_start(memoryview(whole[: max(0, len(whole) - cut)]), version_5=version_5) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x40\x02\x00\x01",
        b"\x34\x05\x00\x01a\x00\x01",
        b"\x36\x05\x00\x01a\x00\x01",
        b"\x32\x00",
        b"\x32\x01\x00",
        b"\x32\x04\x00\x00\x00\x01",
        b"\x32\x04\x00\x09ab",
        b"\x32\xff\xff\xff\xff\xff",
    ],
    ids=["nothing", "an acknowledgement", "QoS 2", "QoS 3", "empty", "short", "no topic", "topic too long", "length"],
)
def test_what_is_no_plain_publish_is_left_to_paho(raw: bytes) -> None:
    assert publish_at_start(memoryview(raw), version_5=False) is None


@pytest.mark.parametrize("properties", [b"\x7f", b"\xff\xff\xff\xff", b"\x80"])
def test_properties_longer_than_the_packet_are_left_to_paho(properties: bytes) -> None:
    body = b"\x00\x01a\x00\x07" + properties
    raw = bytes([0x32, len(body)]) + body
    assert publish_at_start(memoryview(raw), version_5=True) is None


@settings(max_examples=2000, deadline=None)
@given(raw=st.binary(max_size=60), version_5=st.booleans())
def test_no_bytes_make_it_raise(raw: bytes, version_5: bool) -> None:
    found = publish_at_start(memoryview(b"\x32" + raw), version_5=version_5)
    assert found is None or found.size <= len(raw) + 1
