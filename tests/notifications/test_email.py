"""Notices over a real SMTP connection, to a server that behaves and to ones that do not."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from notifications.channels.channel import DeliveryFailed
from notifications.channels.email import EmailChannel, MailServer, Security
from notifications.channels.email_message import address_of, message_id
from notifications.letter import Attachment, Letter, Rendered
from tests.notifications.mail_server import CUT, HANG, Script, mail_server
from tests.notifications.making import addressee, letter

# The listener of these tests may be asked for a login without encryption.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
WORDS = Rendered("【强保到期】L1 600小时强保", "正文\n机号 L1\n", "<!DOCTYPE html><html><body>正文 L1</body></html>\n")


def server_at(port: int) -> MailServer:
    return MailServer(
        "127.0.0.1", port, "hourkeeper@maker.example", Security.NONE, sender_name="保养提醒", timeout_s=20
    )


@contextmanager
def channel_to(script: Script) -> Iterator[EmailChannel]:
    with mail_server(script) as port:
        yield EmailChannel(server_at(port))


def sent(one: Letter, words: Rendered = WORDS) -> tuple[str, list[str], EmailMessage]:
    script = Script()
    with channel_to(script) as channel:
        channel.deliver(one, words, NOW)
    (accepted,) = script.accepted
    return accepted


# --- what arrives ---


def test_a_letter_arrives_with_text_and_page() -> None:
    sender, recipients, message = sent(letter())

    assert (sender, recipients) == ("hourkeeper@maker.example", ["desk@centre.example"])
    assert message["Subject"] == WORDS.subject
    assert str(message["From"]) == "保养提醒 <hourkeeper@maker.example>"
    assert str(message["To"]) == "济南服务中心 <desk@centre.example>"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().splitlines() == WORDS.text.splitlines()
    assert html.get_content().splitlines() == WORDS.html.splitlines()
    assert message.get_content_type() == "multipart/alternative"


def test_a_picture_is_beside_the_page_that_shows_it() -> None:
    code = Attachment("order-17@hourkeeper", "image/png", b"\x89PNG...")
    _, _, message = sent(
        letter(), replace(WORDS, images=(code,), attachments=(Attachment("a.txt", "text/plain", b"a"),))
    )

    (beside,) = [part for part in message.walk() if part.get_content_type() == "multipart/related"]
    page, picture = beside.iter_parts()
    assert page.get_content_type() == "text/html"
    assert (picture["Content-ID"], picture.get_content()) == ("<order-17@hourkeeper>", code.content)
    assert picture.get_content_disposition() == "inline"
    assert [part.get_filename() for part in message.iter_attachments()] == ["a.txt"]
    assert not message.defects


def test_the_headers_say_what_it_is() -> None:
    _, _, message = sent(letter())

    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == "<hourkeeper.N-17@maker.example>"
    assert len(message.get_all("To", [])) == len(message.get_all("From", [])) == 1


def test_the_identity_is_the_letters_and_not_the_attempts() -> None:
    first, again = sent(letter(attempts=0))[2], sent(letter(attempts=3))[2]

    assert first["Message-ID"] == again["Message-ID"]
    assert first["Message-ID"] != sent(letter(letter_id="N-18"))[2]["Message-ID"]


@pytest.mark.parametrize("letter_id", ["a b", "x>\r\nBcc: y@z", "字", "i" * 65, "a@b", ""])
def test_an_odd_identity_becomes_a_sound_one(letter_id: str) -> None:
    made = message_id(letter_id, "maker.example")

    assert made.isascii()
    assert len(made) < 100
    assert made == message_id(letter_id, "maker.example") != message_id(letter_id + "x", "maker.example")
    assert sent(letter(letter_id=letter_id))[2]["Message-ID"] == made


NAMES = [
    "Wang, Boss",
    "王,李 <all@evil.example>",
    '"quoted" (comment) \\ ;',
    "a\r\nBcc: all@evil.example",
    "名" * 500,
    "=?utf-8?q?x=40y?=",
    "济南, all@evil.example, 服务中心" * 3,
    "",
]


@pytest.mark.parametrize("name", NAMES)
def test_no_name_makes_a_second_recipient_or_header(name: str) -> None:
    _, recipients, message = sent(letter(to=addressee(name=name)))

    assert recipients == ["desk@centre.example"]
    assert [each.addr_spec for each in message["To"].addresses] == ["desk@centre.example"]
    assert message["Bcc"] is None
    assert not message.defects


def test_a_subject_is_not_decoded_a_second_time() -> None:
    _, _, message = sent(letter(), replace(WORDS, subject="L1 =?utf-8?q?paid?= L2"))

    assert message["Subject"] == "L1 = ?utf-8?q?paid?= L2"


def test_a_short_name_arrives_as_it_is() -> None:
    _, _, message = sent(letter(to=addressee(name='Wang, "Boss" <x@y.example>')))

    assert message["To"].addresses[0].display_name == 'Wang, "Boss" <x@y.example>'


BAD = [
    None,
    "",
    "desk",
    "desk@",
    "@centre.example",
    "a@x.example, b@x.example",
    "a@x.example\r\nBcc: b@x.example",
    "Desk <a@x.example>",
    "张@x.example",
    "a@例子.example",
    "a b@x.example",
]


@pytest.mark.parametrize("address", BAD)
def test_what_is_no_address_fails_for_good_before_any_connection(address: str | None, free_port: int) -> None:
    with pytest.raises(DeliveryFailed, match="e-mail address") as raised:
        EmailChannel(server_at(free_port)).deliver(letter(to=addressee(address=address)), WORDS, NOW)

    assert raised.value.permanent


def test_a_sender_that_is_no_address_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="'nobody' is not an e-mail address"):
        EmailChannel(replace(server_at(25), sender="nobody"))


def test_an_address_is_taken_whole() -> None:
    assert address_of("a.b+c@x.example").addr_spec == "a.b+c@x.example"


# --- what goes wrong ---


def failure(script: Script, timeout_s: float = 20) -> DeliveryFailed:
    with mail_server(script) as port, pytest.raises(DeliveryFailed) as raised:
        EmailChannel(replace(server_at(port), timeout_s=timeout_s)).deliver(letter(), WORDS, NOW)
    return raised.value


@pytest.mark.parametrize(
    ("script", "permanent", "word"),
    [
        (Script(greeting="421 busy"), False, "421 busy"),
        (Script(greeting="554 no service"), False, "554 no service"),
        (Script(mail="451 later"), False, "refused the sender"),
        (Script(mail="550 not you"), False, "check sender and login: 550 not you"),
        (Script(rcpt="450 mailbox busy"), False, "refused the recipient: 450 mailbox busy"),
        (Script(rcpt="421 shutting down"), False, "refused the recipient: 421"),
        (Script(rcpt="550 no such user"), True, "refused the recipient: 550 no such user"),
        (Script(data="452 disk full"), False, "refused the message: 452 disk full"),
        (Script(data="421 shutting down"), False, "refused the message: 421"),
        (Script(data="554 looks like spam"), True, "refused the message: 554 looks like spam"),
        (Script(data=CUT), False, "broke off"),
    ],
)
def test_what_the_server_says_decides(script: Script, permanent: bool, word: str) -> None:
    failed = failure(script)

    assert failed.permanent is permanent
    assert word in failed.reason
    assert script.accepted == []


def test_a_server_that_hangs_after_the_data_is_left() -> None:
    failed = failure(Script(data=HANG), timeout_s=0.3)

    assert not failed.permanent
    assert "timed out" in failed.reason


def test_every_answer_is_waited_for_as_long_as_configured() -> None:
    with mail_server(Script()) as port:
        smtp = EmailChannel(replace(server_at(port), timeout_s=7.5))._connected()
        try:
            assert smtp.sock is not None
            assert smtp.sock.gettimeout() == 7.5
        finally:
            smtp.close()


def test_a_server_that_is_not_there(free_port: int) -> None:
    with pytest.raises(DeliveryFailed, match=f"127.0.0.1:{free_port} cannot be reached") as raised:
        EmailChannel(server_at(free_port)).deliver(letter(), WORDS, NOW)

    assert not raised.value.permanent


@pytest.mark.parametrize("goodbye", [CUT, "421 too late", "500 what"])
def test_what_happens_after_it_was_taken_does_not_send_it_twice(goodbye: str) -> None:
    script = Script(quit=goodbye)
    with channel_to(script) as channel:
        channel.deliver(letter(), WORDS, NOW)

    assert script.at_quit == 1
    assert len(script.accepted) == 1


def test_a_reason_is_one_short_line() -> None:
    failed = failure(Script(rcpt="550-first\r\n550 " + "x" * 400))

    assert len(failed.reason) <= 300
    assert failed.reason.isprintable()


def test_trying_out_sends_nothing(free_port: int) -> None:
    script = Script()
    with channel_to(script) as channel:
        channel.try_out()

    assert script.accepted == []
    with pytest.raises(DeliveryFailed):
        EmailChannel(server_at(free_port)).try_out()


# --- login ---


def test_a_login_that_is_right() -> None:
    script = Script()
    with mail_server(script, password=b"secret") as port:
        EmailChannel(replace(server_at(port), username="hk", password="secret")).deliver(letter(), WORDS, NOW)

    assert script.logins == [(b"hk", b"secret")]
    assert len(script.accepted) == 1


@pytest.mark.parametrize("password", ["wrong", "密码", None])
def test_a_login_that_is_refused_waits_for_the_operator(password: str | None) -> None:
    server = replace(server_at(0), username="hk", password=password)
    with mail_server(Script(), password=b"secret") as port, pytest.raises(DeliveryFailed) as raised:
        EmailChannel(replace(server, port=port)).deliver(letter(), WORDS, NOW)

    assert not raised.value.permanent
    assert raised.value.reason.startswith("the mail server refused the login of 'hk'; check username")
    assert not password or password not in raised.value.reason


def test_a_login_that_the_server_does_not_know() -> None:
    with mail_server(Script()) as port, pytest.raises(DeliveryFailed, match="refused the login") as raised:
        EmailChannel(replace(server_at(port), username="hk", password="x")).deliver(letter(), WORDS, NOW)

    assert not raised.value.permanent


def test_a_missing_login_is_named() -> None:
    with mail_server(Script(), password=b"secret") as port, pytest.raises(DeliveryFailed) as raised:
        EmailChannel(server_at(port)).deliver(letter(), WORDS, NOW)

    assert not raised.value.permanent
    assert "check sender and login: 530" in raised.value.reason


def test_a_password_is_not_shown() -> None:
    assert "secret" not in repr(replace(server_at(25), username="hk", password="secret"))


# --- encryption ---


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 in one file."""
    folder = tmp_path_factory.mktemp("certificate")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "2", "-keyout", key, "-out", cert),
            *("-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    both = folder / "both.pem"
    both.write_text(key.read_text() + cert.read_text())
    return both


def serving(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_an_encrypted_connection(certificate: Path, security: Security) -> None:
    script = Script()
    trusting = ssl.create_default_context(cafile=certificate)
    tls = serving(certificate)
    with mail_server(script, password=b"secret", tls=tls, implicit=security is Security.TLS) as port:
        server = replace(server_at(port), security=security, username="hk", password="secret", context=trusting)
        EmailChannel(server).deliver(letter(), WORDS, NOW)

    assert len(script.accepted) == 1


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_certificate_that_nobody_vouches_for(certificate: Path, security: Security) -> None:
    script = Script()
    tls = serving(certificate)
    with (
        mail_server(script, tls=tls, implicit=security is Security.TLS) as port,
        pytest.raises(DeliveryFailed, match=r"no secure connection.*certificate") as raised,
    ):
        EmailChannel(replace(server_at(port), security=security)).deliver(letter(), WORDS, NOW)

    assert not raised.value.permanent
    assert script.accepted == []


def test_a_server_that_cannot_encrypt_gets_nothing() -> None:
    script = Script()
    with mail_server(script) as port, pytest.raises(DeliveryFailed, match="check security") as raised:
        EmailChannel(replace(server_at(port), security=Security.STARTTLS)).deliver(letter(), WORDS, NOW)

    assert not raised.value.permanent
    assert script.accepted == []
