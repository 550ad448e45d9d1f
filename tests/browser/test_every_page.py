"""Every page in a browser: accessible, light, and whole on its screen."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.conftest import DESK, PHONE, Hall

HEAVIEST = 150 * 1024
WEIGHT = "performance.getEntries().reduce((sum, each) => sum + (each.decodedBodySize || 0), 0)"
OFFICE = ["/findings", "/notices", "/registers", "/plan", "/health", "/machines", "/machines/S1", "/nothing-here"]
DAILY = ["/", "/work-orders?state=open", "/machines/L2", "/stock", "/meters"]


@pytest.mark.parametrize(("size", "locale", "more"), [(PHONE, "zh-CN", []), (DESK, "en", OFFICE)])
def test_every_page_is_accessible_light_and_whole(
    hall: Hall, size: dict[str, int], locale: str, more: list[str]
) -> None:
    page = hall.manager(size, locale)
    reading = page.request.get("/api/v1/refused-readings").json()["items"][0]["id"]
    order = f"/work-orders/{hall.order_id('L2', '100')}"
    found = {}
    for address in [*DAILY, *more, order, f"/meters/{reading}"]:
        page.goto(address)
        found[address] = [*_violations(page), *_too_wide(page), *_too_heavy(page)]
    page.context.clear_cookies()
    page.goto("/login")
    found["/login"] = _violations(page)
    page.context.close()

    assert {address: wrong for address, wrong in found.items() if wrong} == {}


def _violations(page: Page) -> list[str]:
    violations: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in violations]


def _too_wide(page: Page) -> list[str]:
    wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return [f"{wider} px too wide"] if wider > 0 else []


def _too_heavy(page: Page) -> list[str]:
    weight = page.evaluate(WEIGHT)
    assert weight > 0
    return [f"{weight} bytes"] if weight > HEAVIEST else []
