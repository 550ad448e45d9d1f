"""The API as other programs call it."""

from __future__ import annotations

from .conftest import Served


def test_overdue_orders_are_listed_worst_first(shown: Served) -> None:
    answer = shown.asked_by("manager").get("/api/v1/work-orders", params={"state": "overdue"})

    assert answer.status_code == 200, answer.text
    assert [(item["machine_id"], item["step"], item["service_centre"]) for item in answer.json()["items"]] == [
        ("L1", "100", "SC7"),
        ("S1", "2025-26@23", None),
    ]
    assert answer.json()["next_cursor"] is None


def test_nobody_gets_in_without_a_token(shown: Served) -> None:
    answer = shown.asked_by(None).get("/api/v1/work-orders")

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_pages_follow_each_other_and_leave_nothing_out(shown: Served) -> None:
    client, found, cursor = shown.asked_by("manager"), [], None
    while True:
        page = client.get("/api/v1/work-orders", params={"limit": 1} | ({"cursor": cursor} if cursor else {})).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    everything = client.get("/api/v1/work-orders").json()["items"]
    assert found == [item["id"] for item in everything]
    assert len(found) > 3


def test_a_form_that_lacks_something_names_it_and_keeps_a_draft(served: Served) -> None:
    client, number = served.asked_by("SC7"), served.order_id("L1", "100")
    form = {"done_at": "2026-03-20", "hours": 131, "technician": "Li", "items": ["oil: changed"]}

    refused = client.post(f"/api/v1/work-orders/{number}/complete", json=form)
    assert refused.status_code == 422
    assert refused.json()["missing"] == ["signed_by", "genuine_oils"]
    done = client.post(f"/api/v1/work-orders/{number}/complete", json={"signed_by": "Wang", "genuine_oils": True})

    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["closed_on"], done.json()["visit_no"]) == (
        "done",
        "2026-03-20",
        "SC7-2026-0001",
    )
    assert done.json()["events"][-1]["by"] == "SC7"


def test_a_wrong_file_is_refused_whole_with_every_bad_line_named(served: Served) -> None:
    client, headers = served.asked_by("manager"), {"Content-Type": "text/csv"}
    wrong = (
        "machine_id,category,status,stocked_on\nI1,loader,stock,2026-03-01\nI2,tractor,stock,2026-03-01\nI3,loader,x,\n"
    )

    refused = client.post("/api/v1/machines/import", content=wrong, headers=headers)
    assert refused.status_code == 422
    assert [problem.partition(":")[0] for problem in refused.json()["problems"]] == ["line 3", "line 4"]
    assert client.get("/api/v1/machines/I1").status_code == 404
    right = wrong.partition("I2")[0]
    assert client.post("/api/v1/machines/import", content=right, headers=headers).json() == {
        "registered": 1,
        "stock": 1,
    }
    assert client.get("/api/v1/machines/I1").json()["status"] == "stock"


def test_a_form_comes_as_a_pdf(shown: Served) -> None:
    answer = shown.asked_by("SC7").get(f"/api/v1/work-orders/{shown.order_id('L1', '100')}/form?locale=en")

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")


def test_a_winter_is_shown_first_and_then_decided(served: Served) -> None:
    client, where = served.asked_by("manager"), "/api/v1/winters/23/2026-27/override"
    shown_first = client.post(where, json={"why": "early frost", "due_on": "2026-09-20", "dry_run": True}).json()
    assert (shown_first["from"]["due_on"], shown_first["to"]["due_on"]) == ("2026-09-30", "2026-09-20")
    assert client.get("/api/v1/winters", params={"region": "23"}).json()[0]["overridden"] is False

    assert client.post(where, json={"why": "early frost"}).json()["missing"] == ["opens_on", "due_on", "ends_on"]
    assert client.post(where, json={"why": "early frost", "due_on": "2026-09-20"}).is_success
    lines = client.get("/api/v1/audit", params={"subject": "winter 23/2026-27"}).json()["items"]
    assert [(line["by"], line["after"]["due_on"]) for line in lines] == [("manager", "2026-09-20")]


def test_a_file_of_rows_has_all_of_them_and_no_formula(shown: Served) -> None:
    client = shown.asked_by("manager")
    listed = client.get("/api/v1/work-orders").json()["items"]
    by_comma = client.get("/api/v1/work-orders?limit=1", headers={"Accept": "text/csv"})

    assert by_comma.headers["content-type"].startswith("text/csv")
    assert len(by_comma.text.splitlines()) == 1 + len(listed)
    assert client.get("/api/v1/work-orders?format=xlsx").content.startswith(b"PK")
