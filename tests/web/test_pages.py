"""Every page answers in both languages and is light; nobody sees on a page what is not theirs."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from adapters.store import errands
from daemon.web.app import PAGES
from daemon.web.members import first_link
from tests.web.conftest import Served, peopled, serve

HEAVIEST = 150 * 1024
FOR_ALL = ["/", "/work-orders", "/work-orders?state=overdue&sort=overdue", "/machines", "/stock", "/plan"]
OF_THE_FLEET = ["/meters", "/notices", "/registers", "/health"]
INLINE = re.compile(r"<style| style=| on[a-z]+=")
WRONG = {"/nothing": 404, "/work-orders/999": 404, "/machines/XX": 404, "/work-orders/x": 422}
OUTSIDE = re.compile(r"""(?:src|href|action)=["']?(?:https?:)?//""")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """L1 overdue at SC7, L2 at SC8, S1 and S2 in stock."""
    return serve(peopled(Path(tmp_path_factory.mktemp("pages")) / "hourkeeper.db"))


def of_l1(served: Served) -> list[str]:
    """What belongs to L1, and so to SC7."""
    order = f"/work-orders/{served.order_id('L1', '100')}"
    return [order, f"{order}/form.pdf", "/machines/L1", "/machines/L1/code.png"]


def refused_reading(served: Served) -> str:
    """The page of a reading that was not believed."""
    rows = served.asked_by("manager").get("/api/v1/refused-readings").json()["items"]
    return f"/meters/{rows[0]['id']}"


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_every_page_answers_in_the_reader_s_language_and_is_light(served: Served, locale: str) -> None:
    client = served.asked_by("manager")
    pages = [*FOR_ALL, *OF_THE_FLEET, "/findings", "/machines/S1", "/login", *of_l1(served), refused_reading(served)]
    for address in pages:
        answer = client.get(address, headers={"accept-language": locale})

        assert answer.status_code == 200, address
        assert len(answer.content) < HEAVIEST, address
        if answer.headers["content-type"].startswith("text/html"):
            assert f'<html lang="{locale}">' in answer.text, address
            assert not OUTSIDE.search(answer.text), address
            assert not INLINE.search(answer.text), address


def test_no_page_shows_what_is_somebody_else_s(served: Served) -> None:
    for address in of_l1(served):
        assert served.asked_by("SC7").get(address).status_code == 200, address
        for stranger in ("SC8", "Y1"):
            assert served.asked_by(stranger).get(address).status_code == 404, (stranger, address)
    for address in FOR_ALL:
        assert "L1" not in served.asked_by("SC8").get(address).text, address
        assert "S1" not in served.asked_by("Y2").get(address).text, address
    for address in [*OF_THE_FLEET, refused_reading(served)]:
        for stranger in ("SC7", "Y1"):
            assert served.asked_by(stranger).get(address).status_code == 403, (stranger, address)


def test_the_stock_page_offers_the_sheets_of_every_yard_that_is_theirs_to_see(served: Served) -> None:
    offered = {
        who: set(re.findall(r'href="/stock/(\w+)/', served.asked_by(who).get("/stock").text))
        for who in ("manager", "auditor", "Y1", "Y2", "SC7")
    }

    assert offered == {"manager": {"Y1", "Y2"}, "auditor": {"Y1", "Y2"}, "Y1": {"Y1"}, "Y2": {"Y2"}, "SC7": set()}


def test_whoever_is_not_logged_in_is_led_to_the_login_and_back(served: Served) -> None:
    nobody = served.asked_by(None)
    for address in [*FOR_ALL, *OF_THE_FLEET, *of_l1(served)]:
        answer = nobody.get(address, follow_redirects=False)

        assert answer.status_code == 303, address
        assert answer.headers["location"].startswith("/login?to=%2F"), address


def test_what_is_not_there_is_told_on_a_page(served: Served) -> None:
    client = served.asked_by("manager")
    for address, status in {
        "/nothing": 404,
        "/work-orders/999": 404,
        "/machines/XX": 404,
        "/work-orders/x": 422,
    }.items():
        answer = client.get(address, headers={"accept": "text/html", "accept-language": "zh-CN"})

        assert answer.status_code == status
        assert "返回首页" in answer.text, address


def test_every_form_is_refused_to_whoever_may_only_read(served: Served) -> None:
    order, reading = served.order_id("L1", "100"), refused_reading(served)
    changes = ["acknowledge", "contact", "schedule", "complete", "cancel", "copy-sent"]
    filled = {"why": "x", "reason": "x", "scheduled_for": "2026-03-21", "on": "2026-03-20"}
    for address in [*(f"/work-orders/{order}/{each}" for each in changes), f"{reading}/accept", f"{reading}/void"]:
        assert served.asked_by("auditor").post(address, data=filled).status_code == 403, address


def test_every_page_of_ours_is_tried_here() -> None:
    tried = {
        "/meters/{number}",
        "/work-orders/{order_id}",
        "/machines/{machine_id}",
        "/findings",
        *FOR_ALL,
        *OF_THE_FLEET,
    }
    tried |= {"/work-orders/{order_id}/form.pdf", "/machines/{machine_id}/code.png", "/login"}
    elsewhere = {"/set-up/{secret}", "/language/{locale}", "/machine", "/stock/{yard}/{month}.pdf"}
    elsewhere |= {"/work-orders/{order_id}/pictures/{number}"}
    routes = [route for each in PAGES for route in each.router.routes if isinstance(route, APIRoute)]
    ours = {route.path for route in routes if "GET" in (route.methods or ()) and not route.path.startswith("/o/")}

    assert ours == {path for path in tried | elsewhere if "?" not in path}


def test_a_one_time_link_lets_the_first_manager_in_and_forged_forms_are_refused(served: Served) -> None:
    nobody = served.asked_by(None)
    with served.world.keeper.store.write() as connection:
        link = first_link(connection, "", served.world.now_ms)
    asked = {"name": "Wang", "password": "a long enough one", "again": "another one here"}

    assert nobody.post(link, data=asked).status_code == 422
    answer = nobody.post(link, data={**asked, "again": asked["password"]}, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert nobody.get("/").status_code == 200
    assert nobody.get(link).status_code == 404
    order = f"/work-orders/{served.order_id('L1', '100')}/acknowledge"
    assert nobody.post(order).status_code == 403, "without the token of the page"
    foreign = {"origin": "https://elsewhere.example"}
    assert nobody.post("/login", data=asked, headers=foreign).status_code == 403


@pytest.mark.parametrize("who", ["manager", "auditor", "SC7", "Y1"])
def test_every_link_of_the_first_page_leads_somewhere(served: Served, who: str) -> None:
    client = served.asked_by(who)
    links = {html.unescape(each) for each in re.findall(r'href="(/[^"]*)"', client.get("/").text)}

    assert len(links) > 8
    assert {link: status for link in links if (status := client.get(link).status_code) != 200} == {}


def test_the_page_of_health_says_which_server_of_a_maker_does_not_answer(served: Served) -> None:
    with served.world.keeper.store.write() as connection:
        for name, error in (("aemp:north", "it says 403 Forbidden"), ("aemp:south", None)):
            errands.take(connection, name, "me", served.world.clock(), 1000)
            errands.done(connection, name, "me", served.world.clock(), served.world.clock())
            if error is not None:
                errands.failed(connection, name, "me", served.world.clock(), served.world.clock() + 60_000, error)
    for locale, words in (("en", ["failing", "is read"]), ("zh-CN", ["失败", "正常读取"])):
        shown = served.asked_by("manager").get("/health", headers={"accept-language": locale}).text
        north, south = (row for row in re.findall("<tr>.*", shown) if "north" in row or "south" in row)
        assert (words[0] in north, "403 Forbidden" in north) == (True, True), north
        assert (words[1] in south, words[0] in south) == (True, False), south
        assert "InfluxDB" not in shown
