"""`users` and `token`, as an operator calls them."""

from __future__ import annotations

from pathlib import Path

import pytest

from .calling import Caller, failed

LI = ("users", "add", "li", "--role", "service_centre", "--service-centre", "SC7", "--by", "Chen")


@pytest.fixture
def call(tmp_path: Path) -> Caller:
    caller = Caller(tmp_path)
    assert caller("db", "upgrade").code == 0
    return caller


def test_somebody_is_let_in_by_a_link_and_kept_out_again(call: Caller) -> None:
    added = call(*LI, HOURKEEPER_WEB__PUBLIC_URL="https://hk.example")
    assert (added.code, added.out.startswith("https://hk.example/set-up/")) == (0, True), added
    again = call("users", "invite", "li")
    assert "/set-up/" in again.out
    assert again.out.rpartition("/")[2] != added.out.rpartition("/")[2]
    assert call("users", "disable", "li").out == "li cannot log in any more\n"
    [listed] = call("users", "list", "--format", "json").json
    assert (listed["name"], listed["role"], listed["service_centre"], listed["state"]) == (
        "li",
        "service_centre",
        "SC7",
        "disabled",
    )
    assert call("users", "enable", "li").out == "li can log in again\n"


def test_a_token_is_shown_once_and_revoked(call: Caller) -> None:
    made = call("token", "create", "--role", "auditor", "--name", "dashboard", "--days", "90")
    assert made.out.startswith("hk_")
    [listed] = call("token", "list", "--format", "json").json
    assert (listed["name"], listed["state"]) == ("dashboard", "active")
    assert made.out.strip() not in str(listed)
    assert call("token", "revoke", str(listed["id"])).code == 0
    failed(call("token", "revoke", str(listed["id"])), 1, "no token 1 that still holds")


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("users", "add", "x", "--role", "yard"), "yard"),
        (("users", "add", " ", "--role", "manager"), "name"),
        (("users", "invite", "nobody"), "nobody called nobody"),
        (("token", "create", "--role", "auditor", "--name", "x", "--yard", "Y1"), "no yard"),
    ],
)
def test_what_is_wrong_is_said(call: Caller, arguments: tuple[str, ...], word: str) -> None:
    failed(call(*arguments), 1, word)
    assert call("users", "list", "--format", "json").json == []
