"""Who comes in: one-time links, passwords that are not to be guessed, sessions and tokens that end at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from adapters.store import people
from adapters.store.tables import metadata
from daemon.refused import RefusedError
from daemon.web.entrance import COOKIE, FORGERY_HEADER, forgery_token
from daemon.web.login import Refused, is_invited, log_in, log_out, set_up
from daemon.web.site import Site

from .conftest import Served

PASSWORD = "correct horse battery"
ME = "/api/v1/work-orders"


def site_of(served: Served) -> Site:
    found: Site = served.app.state.site
    return found


def invited(served: Served, name: str = "li", **place: str) -> str:
    """The secret of the link of somebody new."""
    body = {"name": name, "role": "service_centre", "service_centre": "SC7"} | place
    answer = served.asked_by("manager").post("/api/v1/people", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["set_up"]).rpartition("/")[2]


def person(served: Served, name: str = "li", **place: str) -> None:
    set_up(site_of(served), invited(served, name, **place), "", PASSWORD)


def logged_in(served: Served, name: str = "li") -> str:
    session = log_in(site_of(served), name, PASSWORD, "10.0.0.1")
    assert isinstance(session, str)
    return session


def browser(served: Served, session: str, **headers: str) -> TestClient:
    return TestClient(served.app, "http://localhost", cookies={COOKIE: session}, headers=headers)


def later(served: Served, passed: timedelta) -> None:
    served.world.now_ms += passed // timedelta(milliseconds=1)


def test_a_link_sets_one_password_once(served: Served) -> None:
    site, secret = site_of(served), invited(served)

    assert is_invited(site, secret) == "li"
    set_up(site, secret, "", PASSWORD)
    assert is_invited(site, secret) is None
    with pytest.raises(RefusedError, match="used already"):
        set_up(site, secret, "", "another password of mine")
    assert browser(served, logged_in(served)).get(ME).json()["items"][0]["service_centre"] == "SC7"


def test_a_link_is_too_old_after_a_week_and_gives_way_to_a_newer_one(served: Served) -> None:
    site, first = site_of(served), invited(served)
    second = str(served.asked_by("manager").post("/api/v1/people/li/invite").json()["set_up"]).rpartition("/")[2]

    assert (is_invited(site, first), is_invited(site, second)) == (None, "li")
    later(served, timedelta(days=7))
    assert is_invited(site, second) is None


def test_a_short_password_is_refused_and_the_link_still_holds(served: Served) -> None:
    site, secret = site_of(served), invited(served)
    with pytest.raises(RefusedError, match="10 to 1000"):
        set_up(site, secret, "", "short")
    set_up(site, secret, "", PASSWORD)


def test_the_first_manager_comes_in_by_a_link_and_no_second_one_does(served: Served) -> None:
    site = site_of(served)
    with served.world.keeper.store.write() as connection:
        secret = people.invite(connection, None, site.clock(), 1000)
    assert is_invited(site, secret) == ""
    set_up(site, secret, " Chen ", PASSWORD)
    assert browser(served, logged_in(served, "Chen")).get("/api/v1/people").json()[0]["role"] == "manager"
    with served.world.keeper.store.write() as connection:
        other = people.invite(connection, None, site.clock(), 1000)
    with pytest.raises(RefusedError, match="a manager already"):
        set_up(site, other, "Mallory", PASSWORD)


def test_guessing_is_slowed_down_by_name_and_by_address_also_for_the_right_password(served: Served) -> None:
    person(served)
    site = site_of(served)
    for number in range(5):
        assert log_in(site, "li", "wrong", f"10.0.0.{number}") == Refused()
    waits = log_in(site, "li", PASSWORD, "10.0.0.99")
    assert isinstance(waits, Refused)
    assert waits.wait_s > 0
    later(served, timedelta(seconds=waits.wait_s))
    assert isinstance(log_in(site, "li", PASSWORD, "10.0.0.99"), str)
    for number in range(5):
        assert log_in(site, f"nobody {number}", PASSWORD, "10.9.9.9") == Refused()
    from_there = log_in(site, "li", PASSWORD, "10.9.9.9")
    assert isinstance(from_there, Refused)
    assert from_there.wait_s > 0


@pytest.mark.parametrize("name", ["li\0", "\ud800", "", "l" * 9000, "' OR 1=1 --"])
def test_names_that_are_none_are_refused_like_others(served: Served, name: str) -> None:
    assert log_in(site_of(served), name, PASSWORD, "10.0.0.1") == Refused()


def test_a_session_ends_at_once_when_logged_out_disabled_or_given_another_password(served: Served) -> None:
    person(served)
    manager = served.asked_by("manager")

    out = logged_in(served)
    log_out(site_of(served), out)
    assert browser(served, out).get(ME).status_code == 401
    disabled = logged_in(served)
    assert manager.post("/api/v1/people/li/disable").is_success
    assert browser(served, disabled).get(ME).status_code == 401
    assert log_in(site_of(served), "li", PASSWORD, "10.0.0.1") == Refused()
    assert manager.post("/api/v1/people/li/enable").is_success
    older = logged_in(served)
    again = str(manager.post("/api/v1/people/li/invite").json()["set_up"]).rpartition("/")[2]
    assert browser(served, older).get(ME).is_success
    set_up(site_of(served), again, "", "another password of mine")
    assert browser(served, older).get(ME).status_code == 401


def test_a_session_ends_after_its_hours(served: Served) -> None:
    person(served)
    session = logged_in(served)
    later(served, site_of(served).settings.session - timedelta(seconds=1))
    assert browser(served, session).get(ME).is_success
    later(served, timedelta(seconds=1))
    assert browser(served, session).get(ME).status_code == 401


def test_the_last_manager_stays(served: Served) -> None:
    person(served, "Chen", role="manager", service_centre="")
    answer = served.asked_by("manager").post("/api/v1/people/Chen/disable")
    assert (answer.status_code, "last manager" in answer.json()["detail"]) == (409, True)
    assert isinstance(log_in(site_of(served), "Chen", PASSWORD, "10.0.0.1"), str)


def test_a_change_from_a_browser_needs_the_token_of_its_session_and_our_own_page(served: Served) -> None:
    person(served)
    session = logged_in(served)
    where = f"{ME}/{served.order_id('L1', '100')}/contact"
    own = {FORGERY_HEADER: forgery_token(session)}

    assert browser(served, session).post(where, json={}).status_code == 403
    assert browser(served, session, **{FORGERY_HEADER: "0" * 64}).post(where, json={}).status_code == 403
    for foreign in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert browser(served, session, **own, **foreign).post(where, json={}).status_code == 403
    assert browser(served, session, **own, Origin="http://localhost").post(where, json={}).is_success


def test_a_token_has_a_role_an_end_and_can_be_revoked(served: Served) -> None:
    manager = served.asked_by("manager")
    made = manager.post("/api/v1/tokens", json={"name": "dashboard", "role": "yard", "yard": "Y1", "days": 2}).json()
    served.tokens["dashboard"] = made["token"]
    client = served.asked_by("dashboard")

    assert {item["machine_id"] for item in client.get("/api/v1/machines").json()["items"]} == {"S1"}
    assert client.get("/api/v1/tokens").status_code == 403
    later(served, timedelta(days=2))
    assert client.get("/api/v1/machines").status_code == 401
    other = manager.post("/api/v1/tokens", json={"name": "other", "role": "auditor", "read_only": True}).json()
    served.tokens["other"] = other["token"]
    assert served.asked_by("other").get("/api/v1/machines").is_success
    assert manager.post(f"/api/v1/tokens/{other['id']}/revoke").is_success
    assert served.asked_by("other").get("/api/v1/machines").status_code == 401
    listed = manager.get("/api/v1/tokens").json()
    assert [(each["name"], each["state"]) for each in listed[-2:]] == [("dashboard", "expired"), ("other", "revoked")]
    assert not any(secret in manager.get("/api/v1/tokens").text for secret in served.tokens.values())


def test_the_store_holds_no_secret_that_opens_anything(served: Served) -> None:
    person(served)
    session, link = logged_in(served), invited(served, "wang")
    with served.world.keeper.store.read() as connection:
        dump = "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(select(table)))
    for secret in (PASSWORD, session, link, *served.tokens.values()):
        assert secret not in dump


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (422, {"name": "x", "role": "yard"}, "yard"),
        (409, {"name": "x", "role": "manager", "service_centre": "SC7"}, "service centre"),
        (422, {"name": " ", "role": "manager"}, "name"),
        (409, {"name": "x", "role": "link"}, "link"),
        (422, {"name": "x", "role": "king"}, "role"),
        (422, {"role": "manager"}, "name"),
    ],
)
def test_what_is_wrong_about_a_new_person_is_said(served: Served, status: int, body: dict[str, str], word: str) -> None:
    answer = served.asked_by("manager").post("/api/v1/people", json=body)
    assert answer.status_code == status
    assert word in answer.text


def test_every_change_is_in_the_audit_log_with_who_when_from_and_to(served: Served) -> None:
    person(served)
    served.asked_by("manager").post("/api/v1/people/li/disable")
    number = served.order_id("L1", "100")
    served.asked_by("SC7").post(f"{ME}/{number}/schedule", json={"scheduled_for": "2026-03-25"})

    lines = served.asked_by("auditor").get("/api/v1/audit").json()["items"]
    assert [(line["by"], line["action"], line["subject"]) for line in lines] == [
        ("SC7", "schedule", "L1/mandatory_visit/100"),
        ("manager", "disable", "person li"),
        ("li", "password-set", "person li"),
        ("manager", "add-person", "person li"),
    ]
    assert lines[0]["recorded_at"].startswith("2026-03-20T09:00")
    assert (lines[1]["before"], lines[1]["after"]) == ({"disabled": False}, {"disabled": True})
    assert "2026-03-25" in str(lines[0]["after"])
    assert PASSWORD not in str(lines)
    assert served.asked_by("SC7").get("/api/v1/audit").status_code == 403
    one = served.asked_by("auditor").get("/api/v1/audit", params={"subject": "person li", "limit": 1}).json()
    assert len(one["items"]) == 1
    assert one["next_cursor"] is not None
