"""A manager's day by keyboard alone: from the figures to the reason, orders at once; and a meter is decided."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PASSWORD, PHONE, Hall

NAMED = """() => {
  const at = document.activeElement;
  if (at === document.body) return "";
  return at.innerText || at.getAttribute("aria-label") || (at.labels && at.labels[0] ? at.labels[0].innerText : "");
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something whose text or label is `name` (a pattern) has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if re.fullmatch(name, page.evaluate(NAMED), re.DOTALL):
            return
    raise AssertionError(f"no Tab leads to {name}")


def test_a_day_without_a_mouse(hall: Hall) -> None:
    page = hall.opens(DESK, "en").new_page()
    page.goto("/login")
    page.keyboard.type("Wang")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{hall.address}/")
    tab_to(page, ".*visits overdue")
    page.keyboard.press("Enter")
    page.wait_for_url("**/work-orders?state=overdue*")
    expect(page.locator("tbody")).to_contain_text("by the calendar")

    tab_to(page, "L3 Visit 100")
    page.keyboard.press("Space")
    tab_to(page, "Acknowledge")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_contain_text("1 reported, 0 refused")
    tab_to(page, "Visit 100")
    page.keyboard.press("Enter")
    expect(page.locator(".reasons")).to_contain_text("rule M1")
    page.context.close()


def test_a_meter_is_decided_after_its_consequences_were_seen(hall: Hall) -> None:
    page = hall.manager(PHONE, "zh-CN")
    page.goto("/meters")
    page.click("a.button:has-text('处理')")
    expect(page.locator("svg .refused").first).to_be_visible()
    page.click("text=作为真实读数接受")
    expect(page.locator(".problem")).to_be_visible()

    page.fill("#why", "用户确认，表是准的")
    page.click("text=作为真实读数接受")
    expect(page.locator(".ask")).to_contain_text("如果作为真实读数接受")
    before = page.request.get("/api/v1/machines/L4").json()["total_hours"]
    page.click("text=是，确认")
    page.wait_for_url("**/machines/L4?said=done")

    after = page.request.get("/api/v1/machines/L4").json()["total_hours"]
    assert (before, after) == (131.5, 5001.8)
    page.goto("/meters")
    expect(page.locator(".calm").first).to_be_visible()
    page.context.close()
