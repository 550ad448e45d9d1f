"""What is wrong with a request is said, and nothing that is sent makes the server fail."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from .conftest import Served

ORDERS = "/api/v1/work-orders"
HUGE = "99999999999999999999999"


def test_an_unknown_parameter_is_refused_and_the_known_ones_are_named(shown: Served) -> None:
    answer = shown.asked_by("manager").get(ORDERS, params={"stat": "overdue"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "stat"
    assert "due_before" in answer.json()["detail"]


def test_a_parameter_given_twice_is_refused(shown: Served) -> None:
    assert shown.asked_by("manager").get(f"{ORDERS}?state=due&state=open").status_code == 422


def test_several_columns_may_be_asked_of_the_compliance(shown: Served) -> None:
    assert shown.asked_by("manager").get("/api/v1/compliance?by=kind&by=month").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        f"{ORDERS}?machine=%00",
        "/api/v1/machines/L1%00",
        "/api/v1/machines/%ED%A0%80/readings",
        f"{ORDERS}/{HUGE}",
        f"{ORDERS}/-1",
        f"{ORDERS}?limit={HUGE}",
        f"{ORDERS}?due_before=9999-12-31",
        f"{ORDERS}?cursor={base64.urlsafe_b64encode(json.dumps(['L1', 'x', int(HUGE)]).encode()).decode()}",
        f"{ORDERS}?cursor={base64.urlsafe_b64encode(json.dumps(['L1', chr(0), 1]).encode()).decode()}",
        "/api/v1/machines?service_centre=%00",
        "/api/v1/compliance?from=0001-01-01",
    ],
)
def test_what_no_store_can_keep_is_the_callers_fault(shown: Served, path: str) -> None:
    answer = shown.asked_by("manager").get(path)

    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        b'{"note": "\\u0000"}',
        b'{"note": "\\ud800"}',
        b'{"\\ud800": 1}',
        b'{"note": 1}',
        b"[" * 100_000,
        b"\xff",
        b'{"note": ' + b"9" * 5000 + b"}",
    ],
)
def test_nor_does_a_body_make_it_fail(shown: Served, body: bytes) -> None:
    number = shown.order_id("L1", "100")
    headers = {"Content-Type": "application/json"}
    answer = shown.asked_by("manager").post(f"{ORDERS}/{number}/contact", content=body, headers=headers)

    assert 400 <= answer.status_code < 500, answer.text


@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_body_beyond_the_limit_is_refused_as_too_large(shown: Served, is_chunked: bool) -> None:
    number, chunk = shown.order_id("L1", "100"), b" " * 65536

    def chunks() -> Iterator[bytes]:
        yield from [chunk] * 20

    content = chunks() if is_chunked else chunk * 20
    answer = shown.asked_by("manager").post(
        f"{ORDERS}/{number}/contact", content=content, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 413
    assert answer.json()["detail"] == "a request has at most 512 kB"


@pytest.mark.sqlite_file
def test_a_fault_of_the_store_is_told_before_a_file_begins(served: Served) -> None:
    with served.world.keeper.store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE visit_numbers RENAME TO gone")
    answer = served.asked_by("manager").get(ORDERS, params={"format": "csv"})

    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"]


def test_lists_come_as_files_too(shown: Served) -> None:
    client = shown.asked_by("manager")
    csv = client.get(ORDERS, headers={"Accept": "text/csv"})
    xlsx = client.get(ORDERS, params={"format": "xlsx"})

    assert csv.text.splitlines()[0].startswith("id,machine_id,")
    assert len(csv.text.splitlines()) == 1 + len(client.get(ORDERS).json()["items"])
    assert xlsx.content.startswith(b"PK")
    assert xlsx.headers["content-disposition"] == 'attachment; filename="work-orders.xlsx"'
