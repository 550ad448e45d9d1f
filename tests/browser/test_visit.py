"""The whole way on a telephone, in Chinese: the letter's link, contact, day, form with photo and signature, done."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from adapters.store import attachments, people
from daemon.web.links import SECRET, Links
from schedules.work_order import Kind, OrderKey
from tests.browser.conftest import DESK, PHONE, Hall

MOST = 1_000_000
ORDER = OrderKey(Kind.MANDATORY_VISIT, "100")


def link_to(hall: Hall, machine_id: str) -> str:
    """The link in a letter to the centre that is about a machine."""
    with hall.world.keeper.store.write() as connection:
        opener = Links(people.keep_secret(connection, SECRET), 0)
    for _letter, rendered in (each for each in hall.post.sent if each[0].addressee.recipient == "SC7"):
        for link in re.findall(r"http://\S+/o/[\w.-]+", rendered.text):
            person = opener.open(link.rpartition("/o/")[2], hall.world.clock())
            if person is not None and person.order_id == hall.order_id(machine_id, "100"):
                return str(link)
    raise AssertionError(f"nobody told SC7 of {machine_id}")


def a_photo(folder: Path) -> Path:
    """As a camera takes it: large, with the place in it."""
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "A camera"
    file = folder / "photo.jpg"
    Image.effect_noise((2600, 1900), 90).convert("RGB").save(file, quality=95, exif=exif)
    return file


def fill_in(page: Page, photo: Path) -> None:
    """The form, as it is filled in beside the machine."""
    page.fill("#hours", "132")
    page.fill("#technician", "李工")
    page.click("[data-all-done]")
    page.check("#genuine_oils")
    page.fill("#signed_by", "张三")
    page.set_input_files("#photo", photo)
    expect(page.locator("[data-photos] img")).to_have_count(1)
    sign(page)


def sign(page: Page) -> None:
    """Draw a line onto the screen."""
    box = page.locator("canvas.sign")
    box.scroll_into_view_if_needed()
    frame = box.bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + 20, frame["y"] + 40)
    page.mouse.down()
    page.mouse.move(frame["x"] + 150, frame["y"] + 90, steps=4)
    page.mouse.up()


@pytest.fixture
def visit(hall: Hall) -> Page:
    """The page that the letter's link opens on a telephone."""
    page = hall.opens(PHONE, "zh-CN").new_page()
    page.goto(link_to(hall, "L1"))
    return page


def test_from_the_letter_to_done(hall: Hall, visit: Page, tmp_path: Path) -> None:
    expect(visit.locator("h1")).to_contain_text("L1")
    visit.fill("#note", "明天上午，机油已备")
    visit.click("text=已联系用户")
    expect(visit.locator(".said")).to_be_visible()
    visit.fill("#scheduled_for", "2026-03-21")
    visit.click("button:text-is('安排日期')")
    expect(visit.locator(".facts")).to_contain_text("2026-03-21")

    visit.click("text=已完成并签字")
    expect(visit.locator(".problem")).to_contain_text("缺少")
    fill_in(visit, a_photo(tmp_path))

    visit.reload()
    expect(visit.locator("#technician")).to_have_value("李工")
    expect(visit.locator("[data-photos] img")).to_have_count(1)

    visit.context.set_offline(True)
    visit.click("text=已完成并签字")
    expect(visit.locator(".offline")).to_be_visible()
    assert hall.world.orders()["L1/100"] == "overdue"
    visit.context.set_offline(False)
    visit.wait_for_url("**?said=complete")
    expect(visit.locator(".state.done").first).to_be_visible()

    assert hall.world.orders()["L1/100"] == "done"
    _pictures_are_kept(hall)
    _is_gone_from_the_list(hall)


def _pictures_are_kept(hall: Hall) -> None:
    with hall.world.keeper.store.read() as connection:
        rows = attachments.listed(connection, "L1", ORDER)
        kept = [attachments.one(connection, "L1", ORDER, row.id) for row in rows]
    photo, signature = sorted((row for row in kept if row is not None), key=lambda row: row.what)
    assert (photo.what, signature.what) == ("photo", "signature")
    assert len(photo.content) <= MOST
    assert not Image.open(BytesIO(photo.content)).getexif()
    assert len(Image.open(BytesIO(signature.content)).convert("RGBA").getcolors() or ()) > 1, "nothing was drawn"


def _is_gone_from_the_list(hall: Hall) -> None:
    manager = hall.manager(DESK, "en")
    manager.goto("/work-orders?state=overdue")
    expect(manager.locator("tbody")).to_contain_text("L2")
    expect(manager.locator("tbody")).not_to_contain_text("L1")
    manager.context.close()


def test_a_link_opens_nothing_else(hall: Hall) -> None:
    page = hall.opens(PHONE, "en").new_page()
    page.goto(link_to(hall, "L2"))
    expect(page.locator("h1")).to_be_visible()

    page.goto(f"/work-orders/{hall.order_id('L3', '100')}")

    expect(page.locator("#password")).to_be_visible()
    page.context.close()


def test_a_server_that_is_away_is_no_answer_and_pressing_twice_sends_once(hall: Hall) -> None:
    page = hall.opens(PHONE, "en").new_page()
    page.goto(link_to(hall, "L2"))
    sent: list[str] = []

    def away_at_first(route: Route) -> None:
        sent.append(route.request.url)
        route.fulfill(status=502, body="a proxy's page") if len(sent) == 1 else route.continue_()

    page.route("**/contact", away_at_first)
    page.fill("#note", "on Friday")
    page.eval_on_selector("form[data-keep$=contact]", "form => { form.requestSubmit(); form.requestSubmit(); }")
    expect(page.locator(".offline")).to_be_visible()
    expect(page.locator("#note")).to_have_value("on Friday")

    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.wait_for_url("**?said=contact")

    assert len(sent) == 2
    page.context.close()


def test_a_form_whose_answer_was_lost_is_sent_again_and_simply_done(hall: Hall, tmp_path: Path) -> None:
    page = hall.opens(PHONE, "zh-CN").new_page()
    page.goto(link_to(hall, "L2"))
    sent: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        sent.append(route.request.headers["idempotency-key"])
        if len(sent) > 1:
            route.continue_()
            return
        route.fetch(max_redirects=0)
        route.abort()

    page.route("**/complete", lose_the_first_answer)
    fill_in(page, a_photo(tmp_path))
    page.click("text=已完成并签字")
    expect(page.locator(".offline")).to_be_visible()
    assert hall.world.orders()["L2/100"] == "done"

    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.wait_for_url("**?said=complete")

    assert len(sent) == 2
    assert len(set(sent)) == 1
    page.context.close()
