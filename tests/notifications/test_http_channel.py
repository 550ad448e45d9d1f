"""Gateways for SMS and calls, as operators describe them, and what Apprise knows; against real receivers."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import md5, sha256
from urllib.parse import parse_qs

import pytest

from notifications.channels.apprise_channel import AppriseChannel, check_urls
from notifications.channels.channel import DeliveryFailed
from notifications.channels.http_call import Caller
from notifications.channels.http_channel import HttpChannel
from notifications.channels.message_template import Form, MessageTemplate, headers_of
from notifications.channels.network import allowed
from notifications.letter import Rendered
from tests.notifications.http_receiver import Answers, receiver
from tests.notifications.making import addressee, letter

NOW = datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)
WORDS = Rendered("L1 到期", "请致电“张三”\n& 好的", "")
TO = addressee(phone="+86 138-1234 5678", name='张"三&')
JSON = '{"to": {{ phone }}, "who": {{ name }}, "text": {{ subject ~ "!" }}, "id": {{ letter_id }}}'


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def port(answers: Answers) -> Iterator[int]:
    with receiver(answers) as number:
        yield number


def sms(port: int, body: str = JSON, form: Form = Form.JSON, query: str = "", **options: str) -> HttpChannel:
    method, secret = options.pop("method", "POST"), options.pop("secret", "")
    url = f"http://127.0.0.1:{port}/send{query}"
    headers = headers_of("Authorization: Bearer abc\n\n X-App:hk ")
    message = MessageTemplate(url, body, form, headers, method, secret)
    message.check()
    return HttpChannel("sms", message, Caller(allowed(["127.0.0.1"])), **options)


def send(channel: HttpChannel) -> str:
    return channel.deliver(letter(to=TO), WORDS, NOW)


def test_a_gateway_gets_what_the_template_says(answers: Answers, port: int) -> None:
    send(sms(port))

    (heard,) = answers.heard
    assert heard.json == {"to": "+8613812345678", "who": '张"三&', "text": "L1 到期!", "id": "N-17"}
    sent = ("authorization", "x-app", "content-type")
    assert [heard.headers[name] for name in sent] == ["Bearer abc", "hk", "application/json; charset=utf-8"]


def test_forms_and_addresses_are_encoded(answers: Answers, port: int) -> None:
    send(sms(port, "m={{ phone }}&c={{ text }}", Form.FORM, "?who={{name}}&n=1"))

    (heard,) = answers.heard
    assert parse_qs(heard.body.decode()) == {"m": ["+8613812345678"], "c": ["请致电“张三”\n& 好的"]}
    assert parse_qs(heard.path.partition("?")[2]) == {"who": ['张"三&'], "n": ["1"]}


def test_a_gateway_may_take_everything_in_its_address(answers: Answers, port: int) -> None:
    send(sms(port, "", query="?to={{phone}}&text={{subject}}", method="GET"))

    assert (answers.heard[0].method, answers.heard[0].body) == ("GET", b"")
    assert parse_qs(answers.heard[0].path.partition("?")[2])["text"] == ["L1 到期"]


def test_requests_are_signed_as_gateways_ask(answers: Answers, port: int) -> None:
    signs = '{{ ("app" ~ secret ~ timestamp)|md5 }}, {{ secret|sha256 }}, {{ timestamp|hmac_sha256(secret) }}'
    body = f"[{signs}, {{{{ email }}}}]"
    send(sms(port, body, secret="s3"))

    assert answers.heard[0].json == [
        md5(b"apps31795000000", usedforsecurity=False).hexdigest(),
        sha256(b"s3").hexdigest(),
        hmac.new(b"s3", b"1795000000", sha256).hexdigest(),
        "desk@centre.example",
    ]


@pytest.mark.parametrize(
    ("status", "answer", "permanent"),
    [
        (200, b'{"Code":"OK"}', None),
        (200, b'{"Code":"isv.BUSINESS_LIMIT_CONTROL"}', False),
        (200, b'{"Code":"isv.MOBILE_NUMBER_ILLEGAL"}', True),
        (400, b'{"Code":"isv.SIGN"}', True),
        (503, b"", False),
        (503, b'{"Code":"OK"}', False),
        (503, b"ILLEGAL", True),
    ],
)
def test_what_a_gateway_answers_counts(
    answers: Answers,
    port: int,
    status: int,
    answer: bytes,
    permanent: bool | None,
) -> None:
    answers.status, answers.body = status, answer
    channel = sms(port, taken_if=r'"Code":\s*"OK"', permanent_if="ILLEGAL")
    if permanent is None:
        assert send(channel).endswith(answer.decode())
        return
    with pytest.raises(DeliveryFailed) as failed:
        send(channel)
    assert failed.value.permanent is permanent


@pytest.mark.parametrize(
    ("url", "body", "said"),
    [
        ("https://a.example/", "{{ nothing }}", "body cannot be written: 'nothing' is undefined"),
        ("https://a.example/?to={{ fon }}", "1", "url cannot be written: 'fon' is undefined"),
        ("https://a.example/", "{% if %}", "body cannot be written"),
        ("https://a.example/", '{"to": "{{ phone }}"}', "a placeholder is a whole value and brings its own quotes"),
        ("https://a.example/", " ", "body should say what is sent"),
        ("https://{{name}}.example/", "1", "placeholders in its path and query only"),
        ("https://a.example/", "{{ ''.__class__.__mro__ }}", "body cannot be written"),
        ("https://a.example/", "{{ 'a' * 300000000 }}", "only for numbers"),
        ("https://a.example/", "{{ range(9999999) }}", "body cannot be written"),
        ("https://a.example/", "{% for _ in range(99999) %}aaa{% endfor %}", "longer than"),
        ("https://a.example/", "{{ orders[0].machine_id }}", "body cannot be written"),
        ("https://a.example/", "{{ orders.append(1) }}", "body cannot be written"),
    ],
)
def test_a_template_that_will_fail_is_refused_at_once(url: str, body: str, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        MessageTemplate(url, body, Form.JSON, {}, "POST").check()


def test_a_header_that_is_none_is_refused_without_its_value() -> None:
    for line in ("Bearer hunter2", "X y: hunter2", "X: hunter2\x01", "名: hunter2"):
        with pytest.raises(ValueError, match="line 2 should be a header") as refused:
            headers_of(f"A: b\n{line}")
        assert "hunter2" not in str(refused.value)


def test_apprise_takes_title_and_text(answers: Answers, port: int) -> None:
    AppriseChannel("other", [f"json://127.0.0.1:{port}/"]).deliver(letter(), WORDS, NOW)

    told = answers.heard[0].json
    assert (told["title"], told["message"]) == ("L1 到期", "请致电“张三”\n& 好的")


def test_what_apprise_could_not_deliver_is_tried_again(answers: Answers, port: int) -> None:
    answers.status = 500
    with pytest.raises(DeliveryFailed, match=r"^other: .*(500|error)") as failed:
        AppriseChannel("other", [f"json://127.0.0.1:{port}/"]).deliver(letter(), WORDS, NOW)
    assert not failed.value.permanent


@pytest.mark.parametrize("urls", ["", "json://a.example/ nonsense://hunter2", "hunter2"])
def test_what_apprise_does_not_know_is_refused_and_not_quoted(urls: str) -> None:
    with pytest.raises(ValueError, match="Apprise") as refused:
        check_urls(urls)
    assert "hunter2" not in str(refused.value)
