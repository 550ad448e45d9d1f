"""Every reason that pages show is known in every language, however it is filled in."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from notifications.reasons import said
from notifications.words import words_in

ROOT = Path(__file__).parents[2]
GIVERS = [
    *(f"daemon/{name}.py" for name in ("work", "completing", "signing", "meters", "measured_anew", "hours_by_hand")),
    *(f"daemon/{name}.py" for name in ("consequences", "printing", "history", "intake")),
    *(f"daemon/web/{name}.py" for name in ("login", "members", "passwords", "pictures", "scope")),
    *(f"daemon/web/pages/{name}.py" for name in ("orders", "decisions", "fleet")),
    *(f"adapters/mqtt/{name}.py" for name in ("decode", "document", "octets", "sparkplug")),
    *(f"schedules/{name}.py" for name in ("meter", "reading", "completion")),
]
FILLED_IN = "photo"
RAISED = {"RefusedError", "Refusal", "NotADocument", "ProblemError", "UnknownError"}


def reasons_in(file: str) -> Iterator[str]:
    """The reasons that a file gives, with something in the place of what is filled in."""
    for node in ast.walk(ast.parse((ROOT / file).read_text("utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=name), args=args) if name in RAISED:
                yield from (text for each in args[-1:] if (text := sentence(each)))
            case ast.Assign(targets=[ast.Name(id="message" | "reason")], value=value):
                yield from [text] if (text := sentence(value)) else []
            case ast.Return(value=ast.Tuple(elts=[_, value])):
                yield from [text] if (text := sentence(value)) else []


def sentence(node: ast.expr) -> str | None:
    """What a text says; None if it is none, or has hardly a word of its own."""
    match node:
        case ast.Constant(value=str(text)):
            said_by_itself = text
        case ast.JoinedStr(values=parts):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else FILLED_IN for part in parts)
            said_by_itself = text.replace(FILLED_IN, "")
        case _:
            return None
    return text if " " in said_by_itself.strip() and not text.startswith("work order ") else None


@pytest.mark.parametrize("file", GIVERS)
def test_every_reason_is_known_in_chinese(file: str) -> None:
    chinese = words_in("zh-CN")
    unknown = [reason for reason in reasons_in(file) if said(reason, chinese) == reason]

    assert unknown == []


def test_reasons_are_found_at_all() -> None:
    assert len({reason for file in GIVERS for reason in reasons_in(file)}) > 50


@pytest.mark.parametrize(
    ("reason", "english", "chinese"),
    [
        (
            "the order is done since 2026-03-20",
            "the order is done since 2026-03-20",
            "该工单自 2026-03-20 起状态为“已完成”",
        ),
        (
            "old_end: 5 h is below the last total of 130 h (rollback)",
            "old end: 5 h is below the last total of 130 h (goes back)",
            "旧表止数: 5 小时低于上次累计的 130 小时 (倒退)",
        ),
        ("nobody has thought of this", "nobody has thought of this", "nobody has thought of this"),
        ("no hours in the message (3 such entries in one message)", None, "消息中没有小时数（一条消息中有 3 处）"),
    ],
)
def test_a_reason_is_said_in_the_reader_s_language(reason: str, english: str | None, chinese: str) -> None:
    assert said(reason, words_in("en")) == (english or reason)
    assert said(reason, words_in("zh-CN")) == chinese
