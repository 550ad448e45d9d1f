"""A manager's day at a desk: from the figures to the reason, many orders at once, a meter decided, by keyboard alone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PASSWORD, PHONE, Hall


def tab_to(page: Page, text: str) -> None:
    """Press Tab until something with this text, label or name has the focus."""
    asked = "e => e.innerText || e.getAttribute('aria-label') || (e.labels && e.labels[0] && e.labels[0].innerText) || ''"
    for _ in range(120):
        page.keyboard.press("Tab")
        if text in page.evaluate(f"({asked})(document.activeElement)"):
            return
    raise AssertionError(f"no Tab leads to {text}")


def test_a_day_without_a_mouse(hall: Hall) -> None:
    page = hall.opens(DESK, "en").new_page()
    page.goto("/login")
    page.keyboard.type("Wang")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    tab_to(page, "visits overdue")
    page.keyboard.press("Enter")
    page.wait_for_url("**/work-orders?state=overdue*")
    expect(page.locator("tbody")).to_contain_text("100 h reached")

    tab_to(page, "L3")
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
