"""Names that attack: whatever stands in a name of a machine, customer or centre is told as text and does nothing."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from html.parser import HTMLParser
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET

import pytest

from adapters.files.visit_items import read_visit_items
from notifications.channels.apprise_channel import AppriseChannel
from notifications.channels.channel import Channel
from notifications.channels.email import EmailChannel, MailServer, Security
from notifications.channels.http_call import Caller
from notifications.channels.http_channel import HttpChannel
from notifications.channels.message_template import Form, MessageTemplate
from notifications.channels.network import allowed
from notifications.channels.robots import ROBOTS, RobotChannel
from notifications.channels.webhook import WebhookChannel
from notifications.letter import Letter
from notifications.occasions import Occasion, Role
from notifications.rendering import Renderer
from notifications.sample_letters import sample_letter
from tests.notifications.http_receiver import Answers, Request, receiver
from tests.notifications.mail_server import Script, mail_server
from tests.notifications.making import addressee, facts, letter
from tests.notifications.test_webhook import OLD

HARMLESS = "Name"
CORPUS = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": "\"><a href='javascript:alert(1)'>x</a>",
    "header": "Zhang\r\nBcc: all@evil.example\r\n\r\nbody",
    "separators": "Zhang\u2028Bcc: all@evil.example\x85X: y\x0b\x0c\x1c",
    "template": "{{ 7*7 }}{% for x in range(9) %}{{ cycler.__init__.__globals__ }}{% endfor %}${7*7}#{7*7}",
    "chat": "<at user_id=\"all\"></at> @all <@U1> [click](https://evil.example) **b** <font color='warning'>w</font>",
    "addresses": "a@evil.example, b@evil.example; <c@evil.example>",
    "formula": '=HYPERLINK("https://evil.example","x")',
    "command": "+cmd|' /C calc'!A0",
    "direction": "\u202egnp.exe\u2066\u200f\u061c",
    "controls": "a\x00b\x1b[31mc\x07",
    "surrogate": "\ud83d lone",
    "json": '","role":"manager","x":"',
    "dots": ".\r\n.\r\nMAIL FROM:<evil@evil.example>",
    "long": "很长" * 5000,
}
BODIES = {
    Form.JSON: '{"to": {{ phone }}, "who": {{ name }}, "text": {{ text }}}',
    Form.FORM: "to={{ phone }}&who={{ name }}&text={{ text }}",
    Form.XML: "<sms to='{{ phone }}' who='{{ name }}'>{{ text }}</sms>",
    Form.TEXT: "{{ name }}",
}
RENDERER = Renderer(lambda _: read_visit_items(None))
NOW = datetime(2026, 11, 18, 11, 6, 40, tzinfo=UTC)


class Tags(HTMLParser):
    """The tags of a page with the names of their attributes, and where its links lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.links: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag, tuple(name for name, _ in attrs)] += 1
        self.links |= {str(value) for name, value in attrs if name in ("href", "src")}


def named(name: str, locale: str) -> Letter:
    order = facts(
        machine_id=name,
        model=name,
        customer=name,
        customer_phone=name,
        service_centre=name,
        service_centre_name=name,
        service_centre_phone=name,
        region=name,
        region_name=name,
        why=(),
    )
    return letter(order, to=addressee(recipient=name, name=name, locale=locale))


def post(what: Letter) -> tuple[list[Answers], list[EmailMessage], list[list[str]]]:
    """Send a letter by every channel; what the receivers heard, and the mails with their envelopes."""
    heard, script, rendered = [Answers() for _ in range(4 + len(Form) + 1)], Script(), RENDERER.render(what)
    with ExitStack() as stack:
        ports = [stack.enter_context(receiver(each)) for each in heard]
        mail = stack.enter_context(mail_server(script))
        for channel in channels(ports, mail):
            channel.deliver(what, rendered, NOW)
    return heard, [message for _, _, message in script.accepted], [to for _, to, _ in script.accepted]


def channels(ports: Sequence[int], mail: int) -> Iterator[Channel]:
    caller = Caller(allowed(["127.0.0.1"]))
    yield WebhookChannel("erp", f"http://127.0.0.1:{ports[0]}/hook", (OLD,), caller)
    for port, (kind, robot) in zip(ports[1:], ROBOTS.items(), strict=False):
        yield RobotChannel(kind, robot, f"http://127.0.0.1:{port}/hook", "SEC", caller)
    for port, (form, body) in zip(ports[4:], BODIES.items(), strict=False):
        url = f"http://127.0.0.1:{port}/hook?a={{{{name}}}}&b=1"
        yield HttpChannel("sms", MessageTemplate(url, body, form, {}, "POST"), caller)
    yield AppriseChannel("other", [f"json://127.0.0.1:{ports[-1]}/hook"])
    yield EmailChannel(MailServer("127.0.0.1", mail, "keeper@maker.example", Security.NONE))


def is_tame(text: str) -> bool:
    """No control character but the line feed, no mark that turns text around, no lone surrogate."""
    return all(each == "\n" or unicodedata.category(each) not in ("Cc", "Cs", "Cf", "Zl", "Zp") for each in text)


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("name", CORPUS.values(), ids=list(CORPUS))
def test_a_name_does_nothing_on_any_channel(name: str, locale: str) -> None:
    heard, mails, envelopes = post(named(name, locale))
    meek_heard, meek_mails, _ = post(named(HARMLESS, locale))

    for told, meek in zip(heard, meek_heard, strict=True):
        (request,) = told.heard
        assert request.headers.keys() == meek.heard[0].headers.keys()
        path, _, query = request.path.partition("?")
        assert path == "/hook"
        assert parse_qs(query).keys() == parse_qs(meek.heard[0].path.partition("?")[2]).keys()
        values = content(request)
        assert shape(values) == shape(content(meek.heard[0]))
        assert all(is_tame(text) for text in texts(values))
    assert "<at" not in heard[3].heard[0].body.decode()
    (mail,) = mails
    assert envelopes == [["desk@centre.example"]]
    assert Counter(mail.keys()) == Counter(meek_mails[0].keys())
    assert is_tame(str(mail["Subject"]))
    assert shown(mail) == shown(meek_mails[0])


def test_templates_in_names_are_not_run() -> None:
    rendered = RENDERER.render(named(CORPUS["template"], "en"))

    assert "{{ 7*7 }}" in rendered.text
    assert "49" not in rendered.text + rendered.subject


def content(request: Request) -> object:
    """What a program reads out of a request."""
    kind = request.headers["content-type"].partition(";")[0]
    if kind.endswith("json"):
        return request.json
    if kind == "application/x-www-form-urlencoded":
        return parse_qs(request.body.decode(), strict_parsing=True)
    if kind == "application/xml":
        sms = ET.fromstring(request.body)  # noqa: S314 - what we wrote ourselves
        return [sms.tag, sms.attrib, sms.text, len(sms)]
    return request.body.decode()


def shape(value: object) -> object:
    """A JSON value without its texts."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return type(value)


def texts(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


def shown(mail: EmailMessage) -> tuple[object, ...]:
    """What the parts of a mail are: their types, and for HTML the tags."""
    found: list[object] = []
    for part in mail.walk():
        found.append(part.get_content_type())
        if part.get_content_type() == "text/html":
            tags = Tags(part.get_content())
            found.append((tags.found, {re.sub(r"tel:.*", "tel:", link) for link in tags.links}))
    return tuple(found)


def test_no_name_is_a_formula_in_a_table() -> None:
    sample = sample_letter(Occasion.WEEKLY_DIGEST, Role.MANAGER, "en")
    assert sample.digest is not None
    order = sample.digest.overdue[0]
    places = [
        replace(order.place, machine_id=each, customer=each, service_centre_name=each) for each in CORPUS.values()
    ]
    digest = replace(sample.digest, overdue=tuple(replace(order, place=place) for place in places))

    (table,) = RENDERER.render(replace(sample, digest=digest)).attachments

    with zipfile.ZipFile(io.BytesIO(table.content)) as book:
        parts = {each: book.read(each).decode() for each in book.namelist()}
    assert not [each for each, text in parts.items() if re.search(r"<f[ >]|<hyperlink|externalLink", text)]
