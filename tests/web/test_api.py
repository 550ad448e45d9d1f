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
