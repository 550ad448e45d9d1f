"""Channels as an operator writes them: who is told by which, and everything wrong named at once."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

import pytest

from daemon.config import load
from daemon.wiring import channels_of, telling_of
from notifications.occasions import Occasion, Role
from notifications.ways import Entry
from tests.test_timing_config import problems, written

SECRET = f"whsec_{b64encode(bytes(32)).decode()}"


@pytest.fixture(autouse=True)
def secrets(tmp_path: Path) -> None:
    for name, text in {"good": SECRET, "bad": "hunter2", "address": "https://robot.example/send?key=k"}.items():
        (tmp_path / name).write_text(f"{text}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o600)


def test_channels_are_made_with_who_is_told_by_them(tmp_path: Path) -> None:
    config = load(
        written(
            tmp_path,
            """
            [[notifications.channels]]
            name = "erp"
            kind = "webhook"
            url = "https://erp.example/hook"
            secret_file = "good"
            [[notifications.channels]]
            name = "jinan"
            kind = "wecom"
            url_file = "address"
            roles = ["service_centre", "manager"]
            service_centres = ["SC7"]
            occasions = ["visit_overdue"]
            """,
        ),
        {"HOME": "/root"},
    )

    assert list(channels_of(config)) == ["log", "erp", "jinan"]
    assert telling_of(config).entries == (
        Entry("erp"),
        Entry(
            "jinan",
            roles=frozenset({Role.SERVICE_CENTRE, Role.MANAGER}),
            service_centres=frozenset({"SC7"}),
            occasions=frozenset({Occasion.VISIT_OVERDUE}),
            rate_per_minute=20,
        ),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "email"', "name: should be 1 to 16 of A-Z a-z 0-9 . _ -, and not email or log"),
        ('url = "erp.example"', "url: should be an address such as https://example.com/hook"),
        ('url = "https://me:pw@erp.example/"', "url: should have no user, no fragment and ASCII characters only"),
        ('url_file = "address"', "url_file: should not be set beside url"),
        (
            'secret_file = "bad"',
            "secret_file: should be whsec_ and the base64 of 24 to 64 random bytes, one secret a line",
        ),
        ('roles = ["boss"]', "roles.0: should be 'service_centre', 'customer', 'manager' or 'yard'"),
        ('allow = ["10.0.0.0/99"]', "allow.0: '10.0.0.0/99' is no host, address or network such as 10.0.0.0/8"),
        ("by_phone = true", "by_phone: is for http only"),
        ('taken_if = "("', "taken_if: is no regular expression: missing ), unterminated subpattern at position 0"),
        ("rate_per_minute = 0", "rate_per_minute: should be greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    whole = {"name": '"erp"', "kind": '"webhook"', "url": '"https://erp.example/"', "secret_file": '"good"'}
    whole[text.partition(" = ")[0]] = text.partition(" = ")[2]
    lines = "\n".join(f"{name} = {value}" for name, value in whole.items())

    assert problems(tmp_path, f"[[notifications.channels]]\n{lines}\n") == [f"channels.0.{said}"]


def test_a_gateway_is_tried_before_it_is_needed(tmp_path: Path) -> None:
    gateway = '[[notifications.channels]]\nname = "sms"\nkind = "http"\nurl = "https://sms.example/"\n'

    assert problems(tmp_path, gateway) == ["channels.0: body should say what is sent"]
    assert problems(tmp_path, f"{gateway}body = '{{{{ fon }}}}'\n") == [
        "channels.0: body cannot be written: 'fon' is undefined"
    ]
    config = load(written(tmp_path, f"{gateway}body = '{{{{ phone }}}}'\nonly_without_email = true\n"), {"HOME": "/r"})
    assert telling_of(config).entries == (Entry("sms", by_phone=True, only_without_email=True),)


def test_the_urls_of_apprise_are_in_a_file(tmp_path: Path) -> None:
    other = '[[notifications.channels]]\nname = "other"\nkind = "apprise"\n'

    assert problems(tmp_path, f'{other}url_file = "bad"\n') == [
        "channels.0.url_file: line 1 is no URL that Apprise understands"
    ]
    assert problems(tmp_path, f'{other}url = "https://a.example/"\n') == ["channels.0.url_file: needed for apprise"]


def test_everything_wrong_is_named_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        [[notifications.channels]]
        name = "erp"
        kind = "webhook"
        [[notifications.channels]]
        name = "b"
        kind = "pigeon"
        url = "https://b.example/"
        """,
    )

    assert [each.partition(":")[0] for each in found] == [
        "channels.0.url_file",
        "channels.0.secret_file",
        "channels.1.kind",
    ]


def test_two_channels_have_two_names(tmp_path: Path) -> None:
    one = '[[notifications.channels]]\nname = "a"\nkind = "wecom"\nurl = "https://a.example/"\n'

    assert problems(tmp_path, one + one) == ["channels: should not have two channels called a"]
