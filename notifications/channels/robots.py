"""The group robots of WeCom, DingTalk and Feishu: where to post, what, and what their answers mean.

All three answer HTTP 200 to what they refuse, with a code in the body. Letters go as plain text, which none of them
reads as markup; Feishu alone finds mentions in it, so what could begin one is written wide.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

from notifications.channels.channel import DeliveryFailed
from notifications.channels.cutting import fitted
from notifications.channels.http_call import Answer, Caller, Request
from notifications.channels.http_status import said, taken
from notifications.letter import Letter, Rendered

_JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Robot:
    """One maker's robot.

    `most_bytes` bounds the text; `codes` are the names under which the answer's code is found, 0 being success;
    `passing` are the codes that another attempt may not get (too many messages, busy). Every other code is permanent:
    a wrong key, a wrong signature, a missing keyword stay until somebody changes something.
    """

    most_bytes: int
    codes: tuple[str, ...]
    passing: frozenset[int]
    address: Callable[[str, str | None, datetime], str]
    message: Callable[[str, str | None, datetime], Mapping[str, Any]]
    rate_per_minute: int


def _as_given(url: str, _: str | None, __: datetime) -> str:
    return url


def _mark(key: str, what: str) -> str:
    return b64encode(hmac.digest(key.encode(), what.encode(), sha256)).decode()


def _dingtalk_address(url: str, secret: str | None, now: datetime) -> str:
    if secret is None:
        return url
    stamp = str(int(now.timestamp() * 1000))
    mark = quote_plus(_mark(secret, f"{stamp}\n{secret}"))
    return f"{url}{'&' if '?' in url else '?'}timestamp={stamp}&sign={mark}"


def _text(text: str, _: str | None, __: datetime) -> Mapping[str, Any]:
    return {"msgtype": "text", "text": {"content": text}}


def _feishu_message(text: str, secret: str | None, now: datetime) -> Mapping[str, Any]:
    message: dict[str, Any] = {"msg_type": "text", "content": {"text": text.replace("<", "＜")}}
    if secret is not None:
        stamp = str(int(now.timestamp()))
        # Feishu's way: the key is what other robots sign, and the message is empty.
        message |= {"timestamp": stamp, "sign": _mark(f"{stamp}\n{secret}", "")}
    return message


ROBOTS: Mapping[str, Robot] = {
    "wecom": Robot(2048, ("errcode",), frozenset({-1, 45009, 45033}), _as_given, _text, 20),
    "dingtalk": Robot(18_000, ("errcode",), frozenset({-1, 130101, 410100}), _dingtalk_address, _text, 20),
    "feishu": Robot(18_000, ("code", "StatusCode"), frozenset({9499, 11232}), _as_given, _feishu_message, 100),
}


class RobotChannel:
    """Posts each letter into one group."""

    def __init__(self, name: str, robot: Robot, url: str, secret: str | None, caller: Caller) -> None:
        self.name = name
        self._robot = robot
        self._url = url
        self._secret = secret
        self._caller = caller

    def deliver(self, letter: Letter, rendered: Rendered, now: datetime) -> str:  # noqa: ARG002 - words say it all
        """Post it; raises DeliveryFailed."""
        text = fitted(f"{rendered.subject}\n\n{rendered.text}".rstrip(), self._robot.most_bytes)
        body = json.dumps(self._robot.message(text, self._secret, now), ensure_ascii=False).encode("utf-8", "replace")
        answer = self._caller.send(Request(self._robot.address(self._url, self._secret, now), body, _JSON))
        line = taken(answer, self.name)
        self._check(answer)
        return line

    def _check(self, answer: Answer) -> None:
        code = _code(answer, self._robot.codes)
        if code is None:
            reason = f"{self.name} does not answer as such a robot does; check url: {said(answer)}"
            raise DeliveryFailed(reason, permanent=False)
        if code != 0:
            permanent = code not in self._robot.passing
            raise DeliveryFailed(
                f"{self.name} refused it: {said(answer)}", permanent=permanent, retry_after_s=answer.retry_after_s
            )


def _code(answer: Answer, names: tuple[str, ...]) -> int | None:
    """The first code that the answer gives; None if it gives none."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    codes = [found.get(name) for name in names] if isinstance(found, dict) else []
    return next((code for code in codes if isinstance(code, int) and not isinstance(code, bool)), None)
