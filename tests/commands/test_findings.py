"""`findings`, as managers ask for them."""

from __future__ import annotations

import pytest

from notifications.finding_words import advice, cured
from notifications.words import words_in
from schedules.finding import Cure, FindingKind

from .conftest import Fleet


def test_each_says_what_is_wrong_and_what_to_do(fleet: Fleet) -> None:
    rows = fleet.call("findings", "--format", "json").json
    found = {(row["kind"], row["subject"]): row for row in rows}

    assert found["centre_without_address", "HB"]["what"] == "service centre HB has no e-mail address"
    assert "centres import" in found["centre_without_address", "HB"]["advice"]
    assert found["yard_without_address", "Y1"]["closed_on"] is None
    assert found["never_reported", "L2"]["service_centre"] == "HB"
    assert ("never_reported", "L3") not in found, "it was handed over today"


def test_they_are_filtered(fleet: Fleet) -> None:
    def asked(*options: str) -> set[tuple[str, str]]:
        rows = fleet.call("findings", *options, "--format", "json").json
        return {(row["kind"], row["subject"]) for row in rows}

    assert asked("--kind", "yard_without_address") == {("yard_without_address", "Y1")}
    assert asked("--machine", "L2") == {("never_reported", "L2")}
    assert asked("--service-centre", "HB") == {("never_reported", "L2"), ("centre_without_address", "HB")}
    assert asked("--machine", "nobody") == set()


def test_they_are_told_in_chinese(fleet: Fleet) -> None:
    rows = fleet.call("findings", "--kind", "centre_without_address", "--locale", "zh-CN", "--format", "json").json

    assert "服务中心 HB 没有电子邮箱地址" in {row["what"] for row in rows}
    assert all("补上地址：`centres import`" in row["advice"] for row in rows)


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_every_kind_and_every_cure_has_words(locale: str) -> None:
    words = words_in(locale)

    assert len({advice(kind, words) for kind in FindingKind}) > 1
    assert len({cured(cure, words) for cure in Cure}) == len(Cure)
