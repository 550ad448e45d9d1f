"""Webhooks against real receivers: what they can verify, and what their answers mean."""

from __future__ import annotations

import json
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from notifications.channels.channel import DeliveryFailed
from notifications.channels.http_call import Caller
from notifications.channels.network import allowed
from notifications.channels.webhook import WebhookChannel, key_of
from notifications.letter import Letter, Rendered
from notifications.occasions import Occasion, Role
from notifications.sample_letters import sample_letter, sample_letters
from tests.notifications.http_receiver import CUT, DRIP, HANG, Answers, receiver
from tests.notifications.making import facts, letter
from tests.support.certificates import Authority

OLD, NEW = (f"whsec_{b64encode(bytes([number]) * 32).decode()}" for number in (1, 2))
WORDS = Rendered("subject", "text", "<p>text</p>")
QUICK_S = 0.3


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def port(answers: Answers) -> Iterator[int]:
    with receiver(answers) as number:
        yield number


def webhook(port: int, *secrets: str, timeout_s: float = 30.0) -> WebhookChannel:
    caller = Caller(allowed(["127.0.0.1"]), timeout_s)
    url = f"http://127.0.0.1:{port}/hook?for=us"
    return WebhookChannel("erp", url, secrets or (OLD,), caller, "https://keeper.maker.example")


def deliver(port: int, what: Letter | None = None, **options: Any) -> str:  # noqa: ANN401 - as `webhook`
    return webhook(port, **options).deliver(what or letter(), WORDS, datetime.now(UTC))


def failure(port: int, **options: Any) -> DeliveryFailed:  # noqa: ANN401 - as `webhook`
    with pytest.raises(DeliveryFailed) as failed:
        deliver(port, **options)
    return failed.value


def test_the_reference_verifier_verifies_and_sees_every_change(answers: Answers, port: int) -> None:
    answered = deliver(port)

    (heard,) = answers.heard
    assert (heard.method, heard.path) == ("POST", "/hook?for=us")
    verified = Webhook(OLD).verify(heard.body, heard.headers)
    assert verified["id"] == "N-17" == heard.headers["webhook-id"]
    assert answered == 'HTTP 200 OK {"errcode":0,"errmsg":"ok","code":0}'
    for body, secret in ((heard.body + b" ", OLD), (heard.body, NEW)):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(body, heard.headers)


def test_while_a_secret_is_exchanged_both_verify(answers: Answers, port: int) -> None:
    webhook(port, OLD, NEW).deliver(letter(), WORDS, datetime.now(UTC))

    for secret in (OLD, NEW):
        Webhook(secret).verify(answers.heard[0].body, answers.heard[0].headers)


def test_every_attempt_has_the_letters_id_and_its_own_time(answers: Answers, port: int) -> None:
    channel, now = webhook(port), datetime.now(UTC)
    for later in (0, 60):
        channel.deliver(letter(), WORDS, now + timedelta(seconds=later))

    first, second = (each.headers for each in answers.heard)
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 60


def test_the_body_is_a_cloud_event_with_the_facts(answers: Answers, port: int) -> None:
    deliver(port)

    event = answers.heard[0].json
    assert answers.heard[0].headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert {name: event[name] for name in ("specversion", "id", "source", "type", "subject", "datacontenttype")} == {
        "specversion": "1.0",
        "id": "N-17",
        "source": "https://keeper.maker.example",
        "type": "hourkeeper.notice.visit_due",
        "subject": "L1",
        "datacontenttype": "application/json",
    }
    assert datetime.fromisoformat(event["time"]).tzinfo is not None
    order = event["data"]["orders"][0]
    assert (order["machine_id"], order["step"], order["due_on"], order["total_hours"]) == (
        "L1",
        "600",
        "2025-04-22",
        602.125,
    )
    assert (event["data"]["role"], event["data"]["recipient"], event["data"]["name"]) == (
        "service_centre",
        "SC7",
        "济南服务中心",
    )


def test_an_event_about_several_machines_names_no_subject(answers: Answers, port: int) -> None:
    deliver(port, letter(facts(), facts(machine_id="L2")))

    assert "subject" not in answers.heard[0].json


def test_letters_of_every_occasion_are_events(answers: Answers, port: int) -> None:
    channel = webhook(port)
    for each in sample_letters("en"):
        channel.deliver(each, WORDS, datetime.now(UTC))

    events = [heard.json for heard in answers.heard]
    assert {event["data"]["occasion"] for event in events} == {occasion.value for occasion in Occasion}
    told = [event["data"] for event in events]
    assert all(each["orders"] or each["findings"] or each["digest"] for each in told)


def test_a_digest_is_told_in_full(answers: Answers, port: int) -> None:
    what = sample_letter(Occasion.WEEKLY_DIGEST, Role.MANAGER, "en")
    deliver(port, what)

    digest = answers.heard[0].json["data"]["digest"]
    assert what.digest is not None
    assert digest["overdue_count"] == what.digest.overdue_count
    assert digest["overdue"][0]["place"]["machine_id"] == what.digest.overdue[0].place.machine_id


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 422, 300, 301, 308])
def test_what_stays_so_is_permanent(answers: Answers, port: int, status: int) -> None:
    answers.status, answers.body = status, b"no"
    assert failure(port).permanent
    assert re.search(rf"erp answered HTTP {status} .*no$", failure(port).reason)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408, 409, 423, 425, 429, 302, 303, 307])
def test_what_may_pass_is_tried_again(answers: Answers, port: int, status: int) -> None:
    answers.status = status
    assert not failure(port).permanent


def test_a_receiver_says_when_to_come_again(answers: Answers, port: int) -> None:
    answers.status, answers.headers = 429, {"Retry-After": "120"}
    assert failure(port).retry_after_s == 120

    answers.headers = {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)}
    assert 3500 < failure(port).retry_after_s <= 3600


@pytest.mark.parametrize("asked", ["-5", "soon", "", "١٢", "Mon, 99 Nov 2026", "1e9", "9" * 30])
def test_a_strange_wish_to_wait_is_bounded(answers: Answers, port: int, asked: str) -> None:
    answers.status, answers.headers = 503, {"Retry-After": asked.encode().decode("latin-1")}
    assert 0 <= failure(port).retry_after_s <= 86_400


def test_a_redirect_is_not_followed_and_names_its_target(answers: Answers, port: int) -> None:
    canary = Answers()
    with receiver(canary) as other:
        answers.status, answers.headers = 308, {"Location": f"http://127.0.0.1:{other}/inner"}
        failed = failure(port)

    assert canary.heard == []
    assert f"it points to http://127.0.0.1:{other}/inner, set url" in failed.reason
    assert len(answers.heard) == 1


@pytest.mark.parametrize("mischief", [HANG, DRIP])
def test_one_call_ends_in_its_time(answers: Answers, port: int, mischief: str) -> None:
    answers.mischief, answers.body = mischief, b"x" * 10_000
    failed = failure(port, timeout_s=QUICK_S)

    assert (failed.reason, failed.permanent) == ("127.0.0.1 did not answer in time", False)


def test_a_connection_that_is_cut_is_tried_again(answers: Answers, port: int) -> None:
    answers.mischief = CUT
    assert not failure(port).permanent


def test_a_long_answer_is_read_in_part(answers: Answers, port: int) -> None:
    answers.body = b"a" * 50_000_000
    assert len(deliver(port)) == 200


def test_an_answer_is_one_plain_line(answers: Answers, port: int) -> None:
    answers.body = "taken\r\n\u202eover\x1b[31m\x00".encode()
    assert deliver(port) == "HTTP 200 OK taken over [31m"


def test_nobody_there_is_tried_again() -> None:
    with receiver(Answers()) as gone:
        pass
    assert not failure(gone).permanent


def test_certificates_are_checked(tmp_path: Path, answers: Answers) -> None:
    authority = Authority(tmp_path)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(*authority.sign("localhost"))
    trusting = ssl.create_default_context(cafile=authority.file)
    with receiver(answers, server) as number:
        for context, host, is_taken in (
            (trusting, "localhost", True),
            (None, "localhost", False),
            (trusting, "other.example", False),
        ):
            caller = Caller(allowed(["localhost", "other.example"]), 30.0, context, lambda _host, _port: ["127.0.0.1"])
            channel = WebhookChannel("erp", f"https://{host}:{number}/", (OLD,), caller)
            try:
                channel.deliver(letter(), WORDS, datetime.now(UTC))
            except DeliveryFailed as failed:
                assert not is_taken
                assert "check its certificate" in failed.reason  # noqa: PT017 - one of three cases fails
            else:
                assert is_taken

    assert [heard.headers["host"] for heard in answers.heard] == [f"localhost:{number}"]


@pytest.mark.parametrize("secret", ["", "hunter2", "whsec_", "whsec_AAAA", "whsec_***", OLD[6:], f"{OLD} "])
def test_what_is_no_secret_is_refused_and_not_quoted(secret: str) -> None:
    with pytest.raises(ValueError, match="should be whsec_ and the base64") as refused:
        key_of(secret)
    assert not secret or secret not in str(refused.value).replace("whsec_ and", "")


def test_an_events_json_is_strict(answers: Answers, port: int) -> None:
    deliver(port, letter(facts(customer="\ud800\x00\u202e名")))

    assert json.loads(answers.heard[0].body.decode("utf-8"))["data"]["orders"][0]["customer"] == "名"
