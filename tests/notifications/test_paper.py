"""The printed forms: what stands on them, in both languages, and that it stays within the paper."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfbase.pdfmetrics import stringWidth

from adapters.files.visit_items import shipped_items_data, shipped_visit_items
from notifications.paper.facts import DoneFacts, PaperFacts
from notifications.paper.font import FILE, font_name, missing_in
from notifications.paper.forms import forms_pdf
from notifications.paper.lists import results_of
from notifications.paper.text import broken
from notifications.paper.words import FormWords
from notifications.sandbox import SHIPPED_TEMPLATES
from notifications.words import LOCALES
from schedules.machine import Category, Warranty
from schedules.visit_items import Action, Bilingual, VisitList, WorkItem
from schedules.visit_lists import visit_items_of
from schedules.winter import Season
from schedules.work_order import Kind, State
from tests.notifications.making import facts as order
from tests.paper_font import OF_NAMES, wanted
from tests.support.printed import A4, Printed, squeezed

ITEMS = shipped_visit_items()
STEPS = {
    Kind.MANDATORY_VISIT: ("100", "600", "1200", "1800", "2400"),
    Kind.SELF_SERVICE: ("3000",),
    Kind.STOCK_UPKEEP: ("2026-11",),
    Kind.FREEZE_PROTECTION: ("2026-27@37",),
}
CASES = [(kind, category, step) for kind, steps in STEPS.items() for category in Category for step in steps]
IN_STOCK = (Kind.STOCK_UPKEEP, Kind.FREEZE_PROTECTION)
LONG_NAME = "山东省济南市历城区远大工程机械设备租赁有限责任公司第三分公司" * 4
MARGINS = (56, 33, 562, 829)
SEASON = Season("2026-27", date(2026, 11, 20), date(2026, 12, 5), date(2027, 3, 10), approximate=True)
DONE = DoneFacts(
    done_on=date(2026, 11, 25),
    hours="612.5",
    technician="李工",
    signed_by="张三丰",
    genuine_oils=True,
    items=("发动机机油、机滤：更换 21 L", "wiper blades: changed"),
    findings="右后轮毂渗油",
    service_record_no="JN-0042",
    nothing_removed=True,
    winter_items=True,
)


def paper(
    kind: Kind = Kind.MANDATORY_VISIT,
    category: Category = Category.LOADER,
    step: str = "600",
    order_facts: dict[str, Any] | None = None,
    **changes: Any,  # noqa: ANN401 - any field
) -> PaperFacts:
    """An order with all that may be known of it."""
    threshold = float(step) if step.isdecimal() else None
    facts = order(kind=kind, category=category, step=step, threshold_hours=threshold, **(order_facts or {}))
    known = PaperFacts(
        order=facts,
        number=12,
        work=ITEMS.of(kind, category, step),
        printed_on=date(2026, 11, 26),
        ordinal=2 if kind is Kind.MANDATORY_VISIT else None,
        handed_over_on=date(2026, 3, 4),
        warranty=Warranty.ONE_YEAR,
        warranty_until=date(2027, 3, 4),
        stocked_on=date(2026, 1, 2),
        read_on=date(2026, 11, 20),
        scheduled_for=date(2026, 11, 30),
        yard_name="济南一号场",
        yard_phone="0531-7654321",
        region_name="山东",
    )
    return replace(known, **changes)


def unknown(kind: Kind, category: Category, step: str) -> PaperFacts:
    """An order of a machine of which hardly anything is known."""
    nothing = dict.fromkeys(
        ("model", "cause", "due_on", "overdue_on", "total_hours", "customer", "customer_phone", "service_centre")
    )
    facts = {**nothing, "service_centre_name": None, "service_centre_phone": None, "region": None}
    bare = paper(kind, category, step, facts)
    return PaperFacts(order=bare.order, number=12, work=bare.work, printed_on=bare.printed_on)


def printed(*facts: PaperFacts, locale: str = "zh-CN", with_record: bool = False) -> Printed:
    return Printed(forms_pdf(facts, locale, with_record=with_record))


def lacking(text: str, wanted_words: list[str]) -> list[str]:
    return [words for words in wanted_words if squeezed(words) not in text]


def within(box: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = box
    return left >= MARGINS[0] and top >= MARGINS[1] and right <= MARGINS[2] and bottom <= MARGINS[3]


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("kind", "category", "step"), CASES)
def test_each_form_has_every_item_and_material_and_stays_on_its_page(
    kind: Kind, category: Category, step: str, locale: str
) -> None:
    facts = paper(kind, category, step)
    found = printed(facts, locale=locale)

    assert found.sizes == [A4] * (3 if kind is Kind.MANDATORY_VISIT else 1)
    names = [item.name.said(locale) for item in facts.work.items]
    names += [material.name.said(locale) for material in facts.work.materials]
    for number, text in enumerate(found.pages):
        assert lacking(text, [*names, str(len(facts.work.items)), facts.order.machine_id, "LG855N"]) == []
        assert within(found.ink(number))
    assert found.fonts == {("NotoSansSC-Regular", True)}
    assert b"/Type1" not in found.content


@pytest.mark.parametrize(
    ("locale", "marks"),
    [
        ("zh-CN", ("第一联厂家客户服务中心", "第二联特约服务中心（结算服务费）", "第三联用户")),
        ("en", ("Copy 1 maker's customer-service centre", "Copy 2 service centre, fee claim", "Copy 3 user")),
    ],
)
def test_a_visit_has_three_copies_each_with_its_own_mark(locale: str, marks: tuple[str, ...]) -> None:
    pages = printed(paper(), locale=locale).pages

    assert [[squeezed(mark) in page for mark in marks] for page in pages] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
    assert [page.partition("〓")[0].count("600") > 0 for page in pages] == [True] * 3


def test_a_visit_names_machine_user_centre_dates_and_why_it_is_due() -> None:
    (first, _, _) = printed(paper(order_facts={"due_on": date(2026, 11, 19)}), locale="en").pages

    known = ["LG855N", "张三", "13812345678", "济南服务中心", "0531-1234567", "Handed over 2026-03-04"]
    known += ["one year, until 2027-03-04", "602.125 h (2026-11-20)", "Due date 2026-11-19", "Agreed day 2026-11-30"]
    known += ["the operating hours are reached (600 h)", "600 h mandatory maintenance, visit 2", "order 12", "plan 1"]
    assert lacking(first, known) == []
    asked = ["Visited on", "Meter reading", "Technician: signature", "User's acceptance: name and signature"]
    asked += ["only the maker's own oils", "Findings", "Service record no.", "Service centre: stamp"]
    assert lacking(first, asked) == []


def test_an_expected_day_is_told_from_a_due_date() -> None:
    expected = {"state": State.UPCOMING, "cause": None, "due_on": date(2026, 12, 4)}
    (first, _, _) = printed(paper(order_facts={**expected, "projected_due_on": date(2026, 12, 1)})).pages

    assert squeezed("到期日 预计 2026-12-01，最迟 2026-12-04") in first


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize(("kind", "category", "step"), CASES[::3])
def test_what_is_not_known_is_left_to_write(kind: Kind, category: Category, step: str, locale: str) -> None:
    found = printed(unknown(kind, category, step), locale=locale, with_record=True)

    for number, text in enumerate(found.pages):
        assert "None" not in text
        assert within(found.ink(number))


# --- filled from the accepted form ---


@pytest.mark.parametrize("locale", LOCALES)
def test_a_visit_that_was_done_is_filled_from_its_form(locale: str) -> None:
    facts = paper(done=DONE, visit_no="JN-2026-0007", order_facts={"state": State.DONE})
    (first, *_, record) = printed(facts, locale=locale, with_record=True).pages

    said = ["JN-2026-0007", "2026-11-25", "612.5", "李工", "张三丰", "右后轮毂渗油", "JN-0042"]
    assert lacking(first, [*said, "更换 21 L", "wiper blades: changed"]) == []
    assert first.count("✓") == 2
    assert lacking(record, ["右后轮毂渗油", "JN-0042", "612.5", "李工"]) == []


def test_a_form_that_says_all_ticks_everything() -> None:
    (first, *_) = printed(paper(done=replace(DONE, items=("All",)))).pages

    assert first.count("✓") == len(ITEMS.of(Kind.MANDATORY_VISIT, Category.LOADER, "600").items) + 1


def test_results_go_to_the_item_that_is_named_and_the_rest_is_kept() -> None:
    items = [
        WorkItem(Bilingual("制动", "Brakes"), Action.CHECK),
        WorkItem(Bilingual("制动液", "Brake fluid"), Action.CHECK),
    ]

    found = results_of(items, ("制动液：已换", "brakes: 4 mm", "Horn: ok"), frozenset({"all"}))

    assert found.by_item == {1: "已换", 0: "4 mm"}
    assert found.others == ("Horn: ok",)


def test_findings_of_any_length_go_on_overleaf() -> None:
    findings = "甲" + "渗油、异响、裂纹。" * 700 + "乙"
    found = printed(paper(done=replace(DONE, findings=findings)))
    pages = found.pages

    per_copy = len(pages) // 3
    assert per_copy > 1
    first = "".join(pages[:per_copy])
    assert first.count("渗油、异响、裂纹。") == pytest.approx(700, abs=per_copy * 2)
    assert "甲渗油" in first
    assert "裂纹。乙" in first
    assert f"第{per_copy}页，共{per_copy}页" in pages[per_copy - 1]
    assert all(within(found.ink(number)) for number in range(len(pages)))


# --- check sheets ---


def winter_names(category: Category) -> list[str]:
    return [item.name.en for item in ITEMS.of(Kind.FREEZE_PROTECTION, category, "").items]


@pytest.mark.parametrize("category", list(Category))
def test_a_monthly_sheet_dated_in_the_winter_has_the_winter_items(category: Category) -> None:
    bare = paper(Kind.STOCK_UPKEEP, category, "2026-11")
    winter: dict[str, Any] = {"winter": ITEMS.of(Kind.FREEZE_PROTECTION, category, ""), "seasons": (SEASON,)}

    (without,) = printed(bare, locale="en").pages
    (perhaps,) = printed(replace(bare, **winter), locale="en").pages
    (surely,) = printed(replace(bare, **winter, is_winter=True), locale="en").pages

    assert lacking(without, winter_names(category)) == winter_names(category)
    assert squeezed("winter items are done") not in without
    for text in (perhaps, surely):
        assert lacking(text, [*winter_names(category), "The winter items are done"]) == []
    assert squeezed("if the check is dated in the winter: ≈ 2026-11-20 – 2027-03-10") in perhaps
    assert squeezed("winter ≈ 2026-11-20 – 2027-03-10: must be filled in") in surely


@pytest.mark.parametrize("kind", IN_STOCK)
def test_a_check_sheet_has_yard_keeper_and_only_what_concerns_it(kind: Kind) -> None:
    facts = paper(kind, Category.LOADER, STEPS[kind][0], {"is_approximate": True}, done=DONE)
    (text,) = printed(facts, locale="en").pages

    known = [
        "济南一号场",
        "0531-7654321",
        "2026-01-02",
        "37 山东",
        "李工",
        "张三丰",
        "Keeper of the yard: name and signature",
    ]
    assert lacking(text, known) == []
    assert ("nothingremoved" in text) is (kind is Kind.STOCK_UPKEEP)
    assert ("(approximate)" in text) is (kind is Kind.FREEZE_PROTECTION)
    for word in ("Copy1", "maker'sownoils", "张三1", "spray", "Spray"):
        assert word not in text


def test_the_users_own_service_is_a_list_for_the_user() -> None:
    (text,) = printed(paper(Kind.SELF_SERVICE, step="3000"), locale="en").pages

    assert lacking(text, ["no form is sent in, no fee is paid", "3000 h self-service maintenance"]) == []
    for word in ("Copy", "signature", "Visitno."):
        assert word not in text


def test_a_service_record_has_a_number_to_write_in_and_room_for_parts() -> None:
    found = printed(paper(), locale="en", with_record=True)

    assert len(found.pages) == 4
    asked = ["On-site service record", "No.:", "What was found", "Cause", "What was done", "Parts replaced"]
    assert lacking(found.pages[3], [*asked, "Old-part tag", "The machine works again", "User satisfied"]) == []
    assert within(found.ink(3))


# --- long texts, other lists, other characters ---


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", [Kind.MANDATORY_VISIT, Kind.STOCK_UPKEEP])
def test_long_names_wrap_in_their_place(kind: Kind, locale: str) -> None:
    machine_id = "W" * 64
    long = {"machine_id": machine_id, "model": "ZL50-" + "M" * 60, "customer": LONG_NAME[:120]}
    facts = paper(kind, Category.ROLLER, STEPS[kind][-1], {**long, "service_centre_name": LONG_NAME[1:100]})
    found = printed(replace(facts, yard_name=LONG_NAME[:90]), locale=locale, with_record=True)

    assert len(found.pages) == (4 if kind is Kind.MANDATORY_VISIT else 2)
    wide = LONG_NAME[:120] if kind is Kind.MANDATORY_VISIT else LONG_NAME[:90]
    for number, text in enumerate(found.pages):
        assert lacking(text, [machine_id, wide]) == []
        assert within(found.ink(number))
        middle = MARGINS[0] + (MARGINS[2] - MARGINS[0]) / 2
        assert max(right for _, _, right, _ in found.places(number, wide)) < middle


def test_a_list_too_long_for_a_page_goes_on_overleaf_under_the_same_heads() -> None:
    items = tuple(WorkItem(Bilingual(f"第{n}项检查", f"check no. {n}"), Action.CHECK) for n in range(1, 121))
    pages = printed(paper(work=VisitList(items)), locale="en").pages

    assert len(pages) == 6
    assert lacking("".join(pages[:2]), [f"check no. {n}:" for n in range(1, 121)]) == []
    assert ["Item:whatisdone" in page for page in pages[:2]] == [True, True]
    assert ["page1of2" in pages[0], "page2of2" in pages[1]] == [True, True]


def test_a_character_that_the_font_lacks_is_marked_and_named() -> None:
    found = printed(paper(order_facts={"customer": "𠮷野堃 & <b>Söhne</b>"}))

    assert "用户〓野堃&<b>Söhne</b>" in found.pages[0]
    assert "U+20BB7" in found.pages[0]
    assert within(found.ink(0))
    assert "〓" not in printed(paper()).pages[0]


def test_the_font_holds_all_our_words_and_the_names_of_people() -> None:
    texts = [files("notifications.paper").joinpath("words.toml").read_text("utf-8")]
    texts += [file.read_text("utf-8") for file in SHIPPED_TEMPLATES.glob("*/words.j2")]
    texts += [str(tomllib.loads(files("schedules").joinpath("visit_items.toml").read_text("utf-8")))]
    texts += [files("schedules").joinpath("winter_windows.csv").read_text("utf-8"), OF_NAMES, "".join(wanted())]

    assert missing_in("".join(texts).replace("\n", "").replace("\r", "")) == []
    assert "SIL OPEN FONT LICENSE" in FILE.with_name("OFL.txt").read_text("utf-8")


def test_both_languages_say_everything() -> None:
    said = {locale: FormWords(locale) for locale in LOCALES}
    for category in Category:
        assert said["zh-CN"].category(category) != said["en"].category(category)
    for action in Action:
        assert said["zh-CN"].action(action) != said["en"].action(action)
    data = tomllib.loads(files("notifications.paper").joinpath("words.toml").read_text("utf-8"))
    leaves = [leaf for table in data.values() for leaf in (table.values() if "zh" not in table else [table])]
    assert all(set(leaf) == {"zh", "en"} for leaf in leaves)


def test_the_same_order_prints_the_same_bytes() -> None:
    assert forms_pdf([paper()], "en") == forms_pdf([paper()], "en")


def test_an_item_of_ones_own_is_printed() -> None:
    data = shipped_items_data()
    data["stock_items"].append({"zh": "后视镜", "en": "Mirrors", "categories": ["loader"], "action": "check"})
    own = visit_items_of(data).of(Kind.STOCK_UPKEEP, Category.LOADER, "2026-11")

    assert "16后视镜" in printed(paper(Kind.STOCK_UPKEEP, Category.LOADER, "2026-11", work=own)).pages[0]


@given(text=st.text(alphabet="甲乙丙，。、；（）“”ab1-/ ℃", max_size=60), width=st.floats(30, 200))
@settings(max_examples=200)
def test_lines_keep_every_character_and_fit_and_begin_with_no_closing_sign(text: str, width: float) -> None:
    lines = list(broken(text, width, font_name(), 9))

    assert squeezed("".join(lines)) == squeezed(text)
    for line in lines:
        assert stringWidth(line, font_name(), 9) <= width or len(line) == 1


@pytest.mark.parametrize("width", range(70, 160, 3))
def test_words_stay_whole_and_signs_stay_with_what_they_belong_to(width: int) -> None:
    text = "柴油机油，15W-40 CI-4/CH-4；−15 ℃ 以下用 10W-40（冬季），其余按机型"
    lines = list(broken(text, width, font_name(), 9))

    assert len(lines) > 1
    assert not any(line[0] in "，；）℃" or line[-1] == "（" for line in lines)
    assert all(any(word in line for line in lines) for word in ("15W-40", "CI-4/CH-4；", "−15 ℃", "10W-40"))
