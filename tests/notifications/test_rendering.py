"""Letters as people get them, and templates that fail."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
import structlog

from adapters.files.visit_items import shipped_items_data, shipped_visit_items
from notifications.letter import Letter, Rendered
from notifications.link import qr_code
from notifications.occasions import FOUND, OF_FINDINGS, Occasion, Role, roles_of
from notifications.rendering import Renderer, TemplateProblem
from notifications.sample_letters import sample_letter, sample_letters
from notifications.sandbox import SHIPPED_TEMPLATES
from notifications.words import LOCALES, nearest_locale
from schedules.machine import Category
from schedules.visit_items import VisitItems
from schedules.visit_lists import visit_items_of
from schedules.work_order import Cause, Kind, State
from tests.notifications.making import addressee, facts, letter

ITEMS = shipped_visit_items()


def items_of(plan_version: str) -> VisitItems:
    return ITEMS


ABOUT_ORDERS = [occasion for occasion in Occasion if occasion not in {*OF_FINDINGS, Occasion.WEEKLY_DIGEST}]
RENDERER = Renderer(items_of, page="https://hours.example/")


class Page(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_every_letter_can_be_written() -> None:
    RENDERER.check()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(
    ("occasion", "role"), [(occasion, role) for occasion in ABOUT_ORDERS for role in roles_of(occasion)]
)
def test_a_letter_names_machines_steps_place_and_day(occasion: Occasion, role: Role, locale: str) -> None:
    sample = sample_letter(occasion, role, locale)
    single = replace(sample, orders=sample.orders[:1])

    rendered = RENDERER.render_strictly(single)

    order = single.orders[0]
    step = order.step.partition("@")[0]
    place = {
        Role.SERVICE_CENTRE: order.customer,
        Role.CUSTOMER: order.service_centre_name,
        Role.MANAGER: order.service_centre_name,
        Role.YARD: order.yard,
    }[role]
    day = order.scheduled_for or order.sent_by or order.projected_due_on or order.due_on
    for word in (order.machine_id, order.model, step, place, str(day)):
        assert word
        assert word in rendered.subject
    for body in (rendered.text, Page(rendered.html).text):
        assert order.machine_id in body
        assert str(day) in body
        assert "None" not in body


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("occasion", sorted(OF_FINDINGS))
def test_a_letter_of_a_finding_names_machine_day_and_whom_to_call(occasion: Occasion, locale: str) -> None:
    rendered = RENDERER.render_strictly(sample_letter(occasion, Role.MANAGER, locale))

    assert "LG0001" in rendered.subject
    for body in (rendered.text, Page(rendered.html).text):
        for word in ("LG0001", "LG0002", "13800000000", "0531-0000000", "571.5"):
            assert word in body
        assert ("2025-05-03" if occasion is Occasion.SILENT_MACHINE else "6120.5") in body
        assert "None" not in body


@pytest.mark.parametrize("occasion", ABOUT_ORDERS)
def test_each_language_has_its_own_words(occasion: Occasion) -> None:
    role = roles_of(occasion)[0]
    plain_facts = facts(customer="A", service_centre_name="B")
    bodies = []
    for locale in LOCALES:
        to = addressee(role, locale, name="C")
        bodies.append(RENDERER.render_strictly(letter(plain_facts, occasion=occasion, to=to)))
    chinese, english = bodies

    assert re.search("[一-鿿]", chinese.subject)
    assert not re.search("[一-鿿]", english.subject + english.text + english.html)
    english_words = set(re.findall("[a-z]{3,}", chinese.text)) - {"hourkeeper", "https", "hours", "example"}
    assert english_words == set()


def test_a_page_reads_well_on_a_phone_and_loads_nothing() -> None:
    page = Page(RENDERER.render_strictly(letter()).html)

    assert ("name", "viewport") in page.attributes
    assert not {"img", "link", "script", "iframe", "table", "style", "object"} & set(page.tags)
    links = [value for key, value in page.attributes if key in ("src", "href", "background")]
    assert links == ["https://hours.example/"]
    assert not any(value and "url(" in value for _, value in page.attributes)


def test_the_page_is_left_out_where_there_is_none() -> None:
    rendered = Renderer(items_of).render_strictly(letter())

    assert "查看全部" not in rendered.text
    assert "href" not in rendered.html


def test_each_order_has_a_link_and_a_code_that_the_page_shows() -> None:
    two = letter(facts(number=17), facts(machine_id="L2", number=18))
    rendered = RENDERER.render_strictly(two)

    links = [f"https://hours.example/work-orders/{number}" for number in (17, 18)]
    assert all(f"打开此保养任务：{link}\n" in rendered.text for link in links)
    page = Page(rendered.html)
    assert [value for key, value in page.attributes if key == "href"] == [*links, "https://hours.example/"]
    shown = [value for key, value in page.attributes if key == "src"]
    assert shown == [f"cid:{image.name}" for image in rendered.images]
    assert [image.content for image in rendered.images] == [qr_code(link) for link in links]
    assert all(image.content.startswith(b"\x89PNG") and len(image.content) < 2000 for image in rendered.images)


def test_a_long_list_has_links_and_no_codes() -> None:
    rendered = RENDERER.render_strictly(letter(*[facts(machine_id=f"L{n}", number=n) for n in range(11)]))

    assert rendered.images == ()
    assert "cid:" not in rendered.html
    assert "/work-orders/10" in rendered.html


def test_reasons_follow_each_other_as_the_language_has_it() -> None:
    chinese = letter(facts(why=("一。", "二。")))
    english = letter(facts(why=("One.", "Two.")), to=addressee(locale="en"))

    assert "原因：一。二。\n" in text_of(chinese)
    assert "Why: One. Two.\n" in text_of(english)


@pytest.mark.parametrize(
    ("name", "chinese", "english"),
    [
        ("黑龙江 Heilongjiang", "23 黑龙江", "23 Heilongjiang"),
        ("黑龙江北部 N. Heilongjiang", "23 黑龙江北部", "23 N. Heilongjiang"),
        ("Lower Saxony", "23 Lower Saxony", "23 Lower Saxony"),
        (None, "23", "23"),
    ],
)
def test_a_region_has_its_code_and_its_name(name: str | None, chinese: str, english: str) -> None:
    place = facts(region="23", region_name=name)

    assert f"地区：{chinese}\n" in text_of(letter(place))
    assert f"Region: {english}\n" in text_of(letter(place, to=addressee(locale="en")))
    assert RENDERER.render_strictly(letter(place)).subject.endswith(f"，{chinese}")


# --- what it says ---


def text_of(sent: Letter) -> str:
    rendered = RENDERER.render_strictly(sent)
    page = Page(rendered.html).text
    lines = [line.removeprefix("* ").removeprefix("- ") for line in rendered.text.splitlines()]
    for line in lines:
        if line and not line.startswith(("--", "==")):
            assert line in page
    return rendered.text


def test_why_it_is_due_by_hours() -> None:
    text = text_of(letter())

    assert "原因：工作小时已到（满 600 小时）" in text
    assert "累计工作小时：602.125 小时" in text
    assert "到期日：2025-04-22" in text


def test_why_it_is_due_by_calendar() -> None:
    text = text_of(letter(facts(cause=Cause.CALENDAR, total_hours=215.0), to=addressee(locale="en")))

    assert "Why: the calendar date is reached" in text
    assert "Total hours: 215 h" in text


@pytest.mark.parametrize(
    ("locale", "measured", "assumed"),
    [
        ("zh-CN", "估算，按近期平均用量", "近期没有足够的小时数据"),
        ("en", "estimate, from recent average", "too little recent data"),
    ],
)
def test_an_estimate_is_marked_as_one(locale: str, measured: str, assumed: str) -> None:
    upcoming = facts(state=State.UPCOMING, cause=None, projected_due_on=date(2025, 4, 20))
    guess = replace(upcoming, projected_is_assumed=True)
    to = addressee(locale=locale)

    assert measured in text_of(letter(upcoming, occasion=Occasion.VISIT_UPCOMING, to=to))
    assert assumed in text_of(letter(guess, occasion=Occasion.VISIT_UPCOMING, to=to))


def test_the_calendars_day_is_no_estimate() -> None:
    upcoming = facts(state=State.UPCOMING, cause=None, projected_due_on=date(2025, 4, 22))
    rendered = RENDERER.render_strictly(letter(upcoming, occasion=Occasion.VISIT_UPCOMING))

    assert "2025-04-22到期" in rendered.subject
    assert "预计" not in rendered.subject + rendered.text


def test_days_late_are_in_subject_and_body() -> None:
    late = facts(state=State.OVERDUE, late_days=12)
    rendered = RENDERER.render_strictly(letter(late, occasion=Occasion.VISIT_OVERDUE))

    assert rendered.subject.startswith("【强保逾期12天】")
    assert "状态：已逾期12天" in rendered.text


def test_one_day_late_is_one_day_in_english() -> None:
    late = facts(state=State.OVERDUE, late_days=1)
    sent = letter(late, occasion=Occasion.VISIT_OVERDUE, to=addressee(locale="en"))

    assert "overdue by 1 day:" in RENDERER.render_strictly(sent).subject


def test_the_customer_learns_whom_to_call() -> None:
    text = text_of(letter(to=addressee(Role.CUSTOMER)))

    assert "特约服务中心：济南服务中心，电话 0531-1234567" in text
    assert "济南服务中心将与您联系" in text
    assert "请致电用户" not in text


@pytest.mark.parametrize(
    ("locale", "line"),
    [
        ("zh-CN", "请致电用户：用户没有登记邮箱，电话 13812345678"),
        ("en", "Please call the customer: no e-mail address recorded, telephone 13812345678"),
    ],
)
def test_the_centre_calls_a_customer_without_an_address(locale: str, line: str) -> None:
    alone, told = facts(customer_reachable=False), facts(machine_id="L2")
    text = text_of(letter(alone, told, to=addressee(locale=locale)))

    assert text.count(line) == 1


def test_nobody_is_called_about_what_customers_are_not_told() -> None:
    alone = facts(customer_reachable=False, state=State.LAPSED)

    assert "致电" not in text_of(letter(alone, occasion=Occasion.VISIT_LAPSED))


@pytest.mark.parametrize("role", [Role.SERVICE_CENTRE, Role.CUSTOMER])
def test_who_does_the_work_learns_what_it_takes(role: Role) -> None:
    text = text_of(letter(to=addressee(role)))

    assert "柴油机油，15W-40" in text
    assert "发动机机油、机滤：更换" in text


def test_a_manager_is_spared_the_list() -> None:
    sent = letter(facts(state=State.OVERDUE), occasion=Occasion.VISIT_OVERDUE, to=addressee(Role.MANAGER))

    assert "更换" not in text_of(sent)


def test_several_steps_of_one_machine_are_one_visit() -> None:
    steps = [facts(step=str(hours), threshold_hours=float(hours)) for hours in (100, 600, 1200)]
    rendered = RENDERER.render_strictly(letter(*steps))

    assert "100、600、1200小时强保" in rendered.subject
    assert "较低各次随之合并" in rendered.text
    assert rendered.text.count("需备材料") == 1
    assert "驱动桥油：更换" in rendered.text


def test_machines_with_the_same_work_share_a_list() -> None:
    loaders = [facts(machine_id=f"L{number}") for number in range(1, 6)]
    roller = facts(machine_id="R1", category=Category.ROLLER)
    rendered = RENDERER.render_strictly(letter(*loaders, roller))

    assert "L1、L2、L3等6台 600小时强保" in rendered.subject
    assert "装载机 L1、L2、L3、L4、L5：材料和项目" in rendered.text
    assert "压路机 R1：材料和项目" in rendered.text
    assert rendered.text.count("需备材料") == 2


def test_the_worst_comes_first() -> None:
    orders = [facts(machine_id=f"L{late}", state=State.OVERDUE, late_days=late) for late in (1, 9, 4)]
    text = text_of(letter(*orders, occasion=Occasion.VISIT_OVERDUE, to=addressee(Role.MANAGER)))

    assert text.index("机号 L9") < text.index("机号 L4") < text.index("机号 L1")


def test_a_long_list_names_every_machine() -> None:
    orders = [facts(machine_id=f"M{number:04d}") for number in range(2000)]
    rendered = RENDERER.render_strictly(letter(*orders, to=addressee(Role.MANAGER)))

    assert set(re.findall(r"M\d{4}", rendered.text)) == {order.machine_id for order in orders}
    assert "另有 1950 项" in rendered.text


def test_a_list_that_is_too_long_says_how_many_more_there_are() -> None:
    orders = [facts(machine_id=f"M{number:04d}") for number in range(2500)]
    rendered = RENDERER.render_strictly(letter(*orders, to=addressee(Role.MANAGER)))

    assert len(set(re.findall(r"M\d{4}", rendered.text))) == 2000
    assert "另有 500 项" in rendered.text


def test_an_own_service_names_its_hours() -> None:
    own = facts(kind=Kind.SELF_SERVICE, step="3000", threshold_hours=3000.0, due_on=date(2025, 11, 8))
    sent = letter(own, occasion=Occasion.SELF_SERVICE_DUE, to=addressee(Role.CUSTOMER))
    rendered = RENDERER.render_strictly(sent)

    assert "3000小时自行保养，2025-11-08到期" in rendered.subject
    assert "请按600小时强保项目自行保养" in rendered.text


def test_a_copy_says_that_it_is_one() -> None:
    own = facts(kind=Kind.SELF_SERVICE, step="3000", threshold_hours=3000.0)

    assert RENDERER.render_strictly(letter(own, occasion=Occasion.SELF_SERVICE_DUE)).subject.startswith("【抄送")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("zh-CN", "zh-CN"),
        ("zh", "zh-CN"),
        ("zh_TW", "zh-CN"),
        ("en-GB", "en"),
        ("EN", "en"),
        ("fr", "en"),
        ("", "en"),
    ],
)
def test_the_nearest_language(wanted: str, found: str) -> None:
    assert nearest_locale(wanted, "en") == found


# --- names that are not what they seem ---

EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></p><a href=//evil.example>x</a>",
    "a\r\nBcc: all@evil.example",
    "a\n\n-- \n请致电：110",
    "a\x0b\x0c\x1c\x85\u2028\u2029b",
    "{{ 7*7 }}{% for x in range(9) %}x{% endfor %}",
    "{{ ''.__class__.__mro__ }}",
    "{# gone #}",
    "\u202egnp.exe",
    "x\x00y\ud800z",
    "%s%n{0.__class__}",
    "名" * 5000,
]


@pytest.mark.parametrize("name", EVIL)
@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("role", [Role.SERVICE_CENTRE, Role.CUSTOMER, Role.MANAGER])
def test_a_name_is_only_ever_a_name(name: str, locale: str, role: Role) -> None:
    order = facts(
        machine_id=name,
        model=name,
        step=name,
        customer=name,
        customer_phone=name,
        service_centre_name=name,
        service_centre_phone=name,
        region=name,
        yard=name,
        customer_reachable=False,
    )
    harmless = RENDERER.render_strictly(letter(facts(customer_reachable=False), to=addressee(role, locale)))

    rendered = RENDERER.render_strictly(letter(order, to=addressee(role, locale, name=name)))

    assert set(Page(rendered.html).tags) == set(Page(harmless.html).tags)
    assert Page(rendered.html).attributes == Page(harmless.html).attributes
    assert len(rendered.text.splitlines()) == len(harmless.text.splitlines())
    assert len(rendered.subject) <= 180
    for text in (rendered.subject, rendered.text.replace("\n", ""), rendered.html.replace("\n", "")):
        assert text.isprintable()
        text.encode("utf-8")


def test_a_name_in_the_short_list_is_only_a_name_too() -> None:
    orders = [facts(machine_id=f"<b>{number}", customer="<i>") for number in range(60)]
    page = Page(RENDERER.render_strictly(letter(*orders)).html)

    assert not {"b", "i"} & set(page.tags)
    assert all(f"<b>{number}" in page.text for number in range(60))


def test_template_syntax_in_a_name_is_shown_as_it_is() -> None:
    order = facts(machine_id="{{ 7*7 }}")

    assert "{{ 7*7 }}" in RENDERER.render_strictly(letter(order)).text


# --- templates that fail ---


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED_TEMPLATES, tmp_path / "templates"))


def broken(templates: Path, name: str, text: str) -> Renderer:
    path = templates / name
    path.write_text(path.read_text("utf-8").replace("{% block opening %}", f"{{% block opening %}}{text}"), "utf-8")
    return Renderer(items_of, templates=templates)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("{{ nothing }}", "UndefinedError: 'nothing' is undefined"),
        ("{% if %}", "TemplateSyntaxError"),
        ("{{ orders.append(1) }}", "SecurityError"),
        ("{{ ''.__class__.__mro__ }}", "SecurityError"),
        ("{{ 'a' * 300000000 }}", r"SecurityError: \* is only for numbers"),
        ("{{ 9 ** 9 }}", "SecurityError"),
        ("{% for x in range(100000) %}aaaaaaaaaaaaaaaa{% endfor %}", "OverflowError"),
        ("{% include 'gone.j2' %}", "there is no template gone.j2"),
    ],
)
def test_a_broken_template_is_named_before_it_is_needed(templates: Path, text: str, cause: str) -> None:
    renderer = broken(templates, "freeze_overdue.j2", text)

    with pytest.raises(TemplateProblem, match=cause) as raised:
        renderer.check()

    assert re.fullmatch(rf"{re.escape(str(templates))}/freeze_overdue\.j2(:\d+)?", raised.value.template)


def test_a_fault_in_a_shared_part_is_named_there(templates: Path) -> None:
    path = templates / "words.j2"
    path.write_text(path.read_text("utf-8").replace("season=order.season", "season=order.saison"), "utf-8")

    with pytest.raises(TemplateProblem, match="has no attribute 'saison'") as raised:
        Renderer(items_of, templates=templates).check()

    assert re.fullmatch(rf"{re.escape(str(templates))}/words\.j2:\d+", raised.value.template)


def test_a_file_that_replaces_nothing_is_named(templates: Path) -> None:
    (templates / "visit_deu.j2").write_text("", "utf-8")
    (templates / "fr").mkdir()
    (templates / "fr" / "visit_due.j2").write_text("", "utf-8")
    (templates / "_address.j2").write_text("", "utf-8")

    with pytest.raises(TemplateProblem) as raised:
        Renderer(items_of, templates=templates).check()

    first, second = str(raised.value).splitlines()
    assert first.startswith(f"{templates}/fr/visit_due.j2: it replaces nothing")
    assert second.startswith(f"{templates}/visit_deu.j2: it replaces nothing: ours are ")


def test_only_the_files_that_are_given_replace_ours(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "visit_due.j2").write_text("{% extends layout %}{% block subject %}Now!{% endblock %}", "utf-8")
    renderer = Renderer(items_of, page="https://hours.example/", templates=tmp_path)
    renderer.check()

    assert renderer.render(letter(to=addressee(locale="en"))).subject == "Now!"
    assert renderer.render(letter()) == RENDERER.render(letter())


def test_all_that_is_broken_is_named_at_once(templates: Path) -> None:
    broken(templates, "visit_due.j2", "{{ nothing }}")
    renderer = broken(templates, "stock_opened.j2", "{% if %}")

    with pytest.raises(TemplateProblem) as raised:
        renderer.check()

    first, second = str(raised.value).splitlines()
    assert first.startswith(f"{templates}/visit_due.j2:4: UndefinedError")
    assert second.startswith(f"{templates}/stock_opened.j2:4: TemplateSyntaxError")


def test_a_silent_template_is_named(templates: Path) -> None:
    (templates / "visit_due.j2").write_text("", "utf-8")

    with pytest.raises(TemplateProblem, match="says nothing") as raised:
        Renderer(items_of, templates=templates).check()

    assert raised.value.template == f"{templates}/visit_due.j2"


def test_ours_takes_the_place_of_an_operators_that_fails(templates: Path) -> None:
    renderer = broken(templates, "visit_due.j2", "{{ orders[0].customer[99] }}")
    with structlog.testing.capture_logs() as logs:
        rendered = renderer.render(letter())

    assert [(line["event"], line["log_level"]) for line in logs] == [("template_failed", "error")]
    assert f"{templates}/visit_due.j2:4" in logs[0]["cause"]
    assert rendered == Renderer(items_of).render_strictly(letter())


def fallen_back(sent: Letter) -> Rendered:
    """As it goes out when neither template can be used: here both write more than is allowed."""
    with structlog.testing.capture_logs() as logs:
        rendered = Renderer(items_of, most_chars=1500).render(sent)
    assert [(line["event"], line["log_level"]) for line in logs] == [("template_failed", "error")]
    assert f"{sent.occasion}.j2" in logs[0]["cause"]
    return rendered


def test_a_letter_is_not_lost_with_its_template() -> None:
    late = facts(customer="<b>\r\nx", customer_reachable=False, why=("Because.",))
    rendered = fallen_back(letter(late))

    assert rendered.subject == "强保到期 / Mandatory maintenance due: L1"
    for word in ("L1", "600", "2025-04-22", "602.125", "13812345678", "Because.", "Please call the customer"):
        assert word in rendered.text
        assert word in rendered.html
    assert "<b>" not in rendered.html
    assert "/ Customer: <b> x\n" in rendered.text


@pytest.mark.parametrize("occasion", ABOUT_ORDERS)
def test_every_occasion_has_words_without_a_template(occasion: Occasion) -> None:
    rendered = fallen_back(sample_letter(occasion, roles_of(occasion)[0], "zh-CN"))

    assert "LG0001" in rendered.subject


def test_a_sound_template_leaves_no_trace_in_the_log() -> None:
    with structlog.testing.capture_logs() as logs:
        assert RENDERER.render(letter()) == RENDERER.render_strictly(letter())
    assert logs == []


def test_the_samples_cover_all_there_is() -> None:
    sent = list(sample_letters("en"))

    about_orders = {(occasion, role) for occasion in ABOUT_ORDERS for role in Role}
    digest = {(Occasion.WEEKLY_DIGEST, Role.MANAGER)}
    found = {(occasion, role) for occasion in OF_FINDINGS for role in Role}
    assert {(one.occasion, one.addressee.role) for one in sent} == about_orders | digest | found
    states = {order.state for one in sent for order in one.orders}
    assert states == {State.UPCOMING, State.DUE, State.OVERDUE, State.LAPSED, State.DONE, State.CANCELLED}
    assert {finding.kind for one in sent for finding in one.findings} == set(FOUND)


def test_each_order_is_listed_by_the_plan_it_was_opened_under() -> None:
    data = shipped_items_data()
    data["items"] = [{"zh": "后视镜", "en": "Mirrors", "categories": ["loader"], "every": "check"}]
    books = {"1": ITEMS, "2": visit_items_of(data)}
    old, new = facts(machine_id="L1", plan_version="1"), facts(machine_id="L2", plan_version="2")

    rendered = Renderer(books.__getitem__).render_strictly(letter(old, new, to=addressee(locale="en")))

    first, second = rendered.text.split("Materials and work items, ")[1:]
    assert first.startswith("wheel loader L1")
    assert "Mirrors" not in first
    assert second.startswith("wheel loader L2")
    assert "Mirrors" in second
    assert "Engine oil" not in second
