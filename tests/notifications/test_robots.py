"""Group robots: the answers of real ones are 200 whatever happens, with a code inside."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from notifications.channels.channel import DeliveryFailed
from notifications.channels.http_call import Caller
from notifications.channels.network import allowed
from notifications.channels.robots import ROBOTS, RobotChannel
from notifications.letter import Rendered
from tests.notifications.http_receiver import Answers, receiver
from tests.notifications.making import letter

NOW = datetime(2026, 11, 18, 11, 6, 40, 123000, tzinfo=UTC)
SECRET = "SEC-of-the-group"
WORDS = Rendered("L1 到期", "请致电张三\n<at user_id='all'></at> @all\n", "")


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def port(answers: Answers) -> Iterator[int]:
    with receiver(answers) as number:
        yield number


def robot(kind: str, port: int, secret: str | None = None) -> RobotChannel:
    url = f"http://127.0.0.1:{port}/send?key=k"
    return RobotChannel("group", ROBOTS[kind], url, secret, Caller(allowed(["127.0.0.1"])))


def say(kind: str, port: int, words: Rendered = WORDS, secret: str | None = None) -> str:
    return robot(kind, port, secret).deliver(letter(), words, NOW)


def content(kind: str, body: Any) -> str:  # noqa: ANN401 - a JSON value
    return str(body["content"]["text"] if kind == "feishu" else body["text"]["content"])


@pytest.mark.parametrize("kind", ROBOTS)
def test_a_letter_is_one_message_of_plain_text(answers: Answers, port: int, kind: str) -> None:
    assert say(kind, port).startswith("HTTP 200 OK")

    (heard,) = answers.heard
    assert heard.headers["content-type"] == "application/json; charset=utf-8"
    assert content(kind, heard.json).startswith("L1 到期\n\n请致电张三\n")
    assert heard.json.get("msgtype", heard.json.get("msg_type")) == "text"
    assert "at" not in heard.json
    assert "mentioned_list" not in str(heard.json)


def test_feishu_makes_no_mention_of_markup(answers: Answers, port: int) -> None:
    say("feishu", port)

    assert "＜at user_id" in content("feishu", answers.heard[0].json)


def test_dingtalk_signs_the_address(answers: Answers, port: int) -> None:
    say("dingtalk", port, secret=SECRET)

    asked = parse_qs(urlsplit(answers.heard[0].path).query)
    mark = hmac.new(SECRET.encode(), f"1795000000123\n{SECRET}".encode(), sha256).digest()
    assert asked == {"key": ["k"], "timestamp": ["1795000000123"], "sign": [b64encode(mark).decode()]}


def test_feishu_signs_the_message(answers: Answers, port: int) -> None:
    say("feishu", port, secret=SECRET)

    body = answers.heard[0].json
    mark = hmac.new(f"1795000000\n{SECRET}".encode(), b"", sha256).digest()
    assert (body["timestamp"], body["sign"]) == ("1795000000", b64encode(mark).decode())


@pytest.mark.parametrize(
    ("kind", "answer", "permanent"),
    [
        ("wecom", b'{"errcode":93000,"errmsg":"invalid webhook url"}', True),
        ("wecom", b'{"errcode":45009,"errmsg":"api freq out of limit"}', False),
        ("wecom", b'{"errcode":-1,"errmsg":"system busy"}', False),
        ("dingtalk", b'{"errcode":310000,"errmsg":"sign not match"}', True),
        ("dingtalk", b'{"errcode":130101,"errmsg":"send too fast"}', False),
        ("feishu", b'{"code":19021,"msg":"sign match fail or timestamp is not within one hour"}', True),
        ("feishu", b'{"code":11232,"msg":"frequency limited"}', False),
        ("feishu", b'{"StatusCode":19001,"StatusMessage":"param invalid"}', True),
        ("wecom", b"<html>log in to the hotel's network</html>", False),
        ("wecom", b"", False),
        ("wecom", b'{"errcode":true}', False),
        ("wecom", b'{"errcode":"0"}', False),
        ("wecom", b"[" * 60_000, False),
        ("wecom", b"\xff\xfe", False),
    ],
)
def test_the_code_in_the_answer_counts(answers: Answers, port: int, kind: str, answer: bytes, permanent: bool) -> None:
    answers.body = answer
    with pytest.raises(DeliveryFailed) as failed:
        say(kind, port)

    assert failed.value.permanent is permanent
    assert answer[:20].decode("utf-8", "replace") in failed.value.reason


def test_a_status_counts_before_the_code(answers: Answers, port: int) -> None:
    answers.status, answers.headers = 429, {"Retry-After": "7"}
    with pytest.raises(DeliveryFailed) as failed:
        say("wecom", port)

    assert (failed.value.permanent, failed.value.retry_after_s) == (False, 7)


@pytest.mark.parametrize("kind", ROBOTS)
def test_a_long_letter_is_cut_where_a_character_ends(answers: Answers, port: int, kind: str) -> None:
    say(kind, port, Rendered("主题", "很长的信" * 10_000, ""))

    said = content(kind, answers.heard[0].json)
    assert said.endswith("…")
    assert ROBOTS[kind].most_bytes - 3 <= len(said.encode()) <= ROBOTS[kind].most_bytes
