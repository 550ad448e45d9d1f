"""Which addresses may be called: a canary port on this machine hears nothing that nobody allowed."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from notifications.channels.channel import DeliveryFailed
from notifications.channels.http_call import Answer, Caller, Request
from notifications.channels.network import Allowed, allowed, callable_addresses, is_public
from tests.notifications.http_receiver import Answers, receiver

INNER = [
    "127.0.0.1",
    "127.1.2.3",
    "0.0.0.0",  # noqa: S104 - an address that is refused
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "fe80::1",
    "fec0::1",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
]
OUTER = ["1.1.1.1", "223.5.5.5", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1"]
SPELLINGS = [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "127.1",
    "0177.0.0.1",
    "①②⑦.⓪.⓪.①",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "localhost",
    "LOCALHOST.",
    "0",
]


@pytest.fixture
def canary() -> Answers:
    return Answers()


@pytest.fixture
def port(canary: Answers) -> Iterator[int]:
    with receiver(canary) as number:
        yield number


def call(caller: Caller, url: str) -> Answer:
    return caller.send(Request(url, b"", {}))


@pytest.mark.parametrize("address", INNER)
def test_no_inner_address_is_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", OUTER)
def test_outer_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("host", SPELLINGS)
def test_however_this_machine_is_written_the_canary_hears_nothing(
    canary: Answers, port: int, host: str, scheme: str
) -> None:
    with pytest.raises(DeliveryFailed):
        call(Caller(timeout_s=5.0), f"{scheme}://{host}:{port}/")

    assert canary.heard == []


def test_a_name_that_leads_inside_is_refused_and_told(canary: Answers, port: int) -> None:
    caller = Caller(resolve=lambda _host, _port: ["1.1.1.1", "127.0.0.1"])
    with pytest.raises(DeliveryFailed, match=r"hook\.example is 127\.0\.0\.1, which is no public address") as failed:
        call(caller, f"https://hook.example:{port}/")

    assert failed.value.permanent
    assert canary.heard == []


def test_an_answer_that_changes_after_it_was_judged_changes_nothing(canary: Answers, port: int) -> None:
    """DNS rebinding: what was judged is connected to, and nobody asks for the name again."""
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        # A public address that no packet reaches from here, then this machine.
        return ["192.88.99.1"] if len(asked) == 1 else ["127.0.0.1"]

    caller = Caller(timeout_s=0.3, resolve=rebinding)
    with pytest.raises(DeliveryFailed):
        call(caller, f"https://hook.example:{port}/")
    assert (asked, canary.heard) == (["hook.example"], [])

    with pytest.raises(DeliveryFailed, match="no public address"):
        call(caller, f"https://hook.example:{port}/")
    assert canary.heard == []


def test_what_is_allowed_by_name_or_network_is_called(canary: Answers, port: int) -> None:
    inside = Caller(allowed(["hooks.internal"]), resolve=lambda _host, _port: ["127.0.0.1"])
    assert call(inside, f"http://hooks.internal:{port}/").status == 200
    assert call(Caller(allowed(["127.0.0.0/8"])), f"http://127.0.0.1:{port}/").status == 200
    with pytest.raises(DeliveryFailed, match="by https only"):
        call(inside, f"http://other.internal:{port}/")

    assert len(canary.heard) == 2


def test_proxies_of_the_environment_are_not_asked(canary: Answers, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Answers()
    with receiver(proxy) as other:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{other}")
        call(Caller(allowed(["127.0.0.1"])), f"http://127.0.0.1:{port}/")

    assert (len(canary.heard), proxy.heard) == (1, [])


@pytest.mark.parametrize("url", ["https://", "https://:1/", "https://a:99999/", "ftp://a/", "file:///etc/passwd", "a"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(DeliveryFailed) as failed:
        call(Caller(), url)
    assert failed.value.permanent


def test_a_name_without_address_is_asked_again_later() -> None:
    with pytest.raises(DeliveryFailed, match="has no address") as failed:
        callable_addresses("hook.example", 443, Allowed(), lambda _host, _port: [])
    assert not failed.value.permanent


@pytest.mark.parametrize("entry", ["10.0.0.0/99", "", " ", "a/b", "名"])
def test_what_cannot_be_allowed_is_named(entry: str) -> None:
    with pytest.raises(ValueError, match="is no host, address or network"):
        allowed([entry])
