"""The kinds of values a key of the configuration may have; their checks say in words what is wrong."""

from __future__ import annotations

import re
import stat
from datetime import date, time
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo
from pydantic_core import PydanticCustomError

from adapters.national_days import national_days
from notifications.channels.network import allowed

LONGEST_DAYS = 36_525
LAST_PORT = 65_535
_MOST_BYTES = 8
LONGEST_SECRET = 65_536


def _printable(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("should be text, not blank and without control characters")
    return value


def _label(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", value):
        raise ValueError("should be 1 to 64 of A-Z a-z 0-9 . _ -")
    return value


def _address(value: str) -> str:
    local, _, domain = value.partition("@")
    plain = value.isascii() and value.isprintable() and not set(value) & set(" ,;<>")
    if not (plain and local and domain) or "@" in domain:
        raise ValueError("should be one plain ASCII e-mail address, such as name@example.com")
    return value


def _http_url(value: str) -> str:
    parts = urlsplit(_printable(value))
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in value or parts.port == 0:
        raise ValueError("should be an address such as https://example.com")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("should have no user, query or fragment")
    return value.rstrip("/")


def _call_url(value: str) -> str:
    parts = urlsplit(_printable(value))
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in value or parts.port == 0:
        raise ValueError("should be an address such as https://example.com/hook")
    if parts.username is not None or parts.fragment or not value.isascii():
        raise ValueError("should have no user, no fragment and ASCII characters only")
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return value


def _channel_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,16}", value) or value in {"email", "log"}:
        raise ValueError("should be 1 to 16 of A-Z a-z 0-9 . _ -, and not email or log")
    return value


def _trusted(value: str) -> str:
    allowed([value])
    return value


def _store_url(value: str) -> str:
    scheme, mark, _ = _printable(value).partition("://")
    if not mark or scheme.split("+")[0] not in {"sqlite", "postgresql"}:
        raise ValueError("should be an SQLAlchemy URL starting with sqlite:// or postgresql://")
    return value


def _listen(value: str) -> str:
    found = re.fullmatch(r"(?:\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+):([0-9]{1,5})", value)
    if found is None or int(found[1]) > LAST_PORT:
        raise ValueError("should be host:port, such as 127.0.0.1:8080 or [::1]:8080")
    return value


def _bytes_place(value: str) -> str:
    found = re.fullmatch(r"([0-9]{1,4}):([0-9]{1,4})", value)
    if found is None or not 1 <= int(found[2]) - int(found[1]) <= _MOST_BYTES:
        raise ValueError(f"should be the first byte and the one after the last, at most {_MOST_BYTES}, such as 0:4")
    return value


def _morning(value: object) -> object:
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{2}:[0-9]{2}", value):
            raise ValueError('should be a time of day such as "08:00"')
        return time.fromisoformat(value)
    return value


def _day(value: object) -> object:
    """TOML has dates of its own; the environment has text."""
    if isinstance(value, str):
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValueError("should be a date such as 2026-10-01")
        return date.fromisoformat(value)
    return value


def long_enough(days: int, least: int) -> int:
    """Days for which something is kept: none of them (for ever), or so many at least."""
    if days != 0 and not least <= days <= LONGEST_DAYS:
        raise ValueError(f"should be {least} to {LONGEST_DAYS}, or 0 for ever")
    return days


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("should be a time zone such as Asia/Shanghai") from None
    return value


def _country(value: str) -> str:
    national_days(value)
    return value


def _protocol(value: object) -> object:
    return {"5": "5", "4": "3.1.1", "3.1.1": "3.1.1"}.get(str(value), value)


def _topic(value: str) -> str:
    levels = _printable(value).split("/")
    if any("{" in level or "}" in level for level in levels if level != "{machine_id}"):
        raise ValueError("should have {machine_id} as a whole level and no other braces")
    if levels.count("{machine_id}") > 1:
        raise ValueError("should have {machine_id} once only")
    if any(set(level) & {"+", "#"} and level not in {"+", "#"} for level in levels) or "#" in levels[:-1]:
        raise ValueError("should have + only as a whole level and # only as the last one")
    if levels[0] == "$share":
        raise ValueError("should not start with $share: set mqtt.group")
    return value


def _out_topic(value: str) -> str:
    if set(_topic(value)) & {"+", "#"} or value.startswith("$") or "" in value.split("/"):
        raise ValueError("should be a topic to publish under: without + and #, no empty level, not starting with $")
    return value


def _content(path: Path, limit: int) -> bytes:
    """Up to `limit` bytes of a regular file, not a pipe (it could block); ValueError if unreadable."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError(f"{path} is not a file")
        with path.open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror}") from error


def _readable(path: Path) -> Path:
    _content(path, 1)
    return path


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError(f"{path} is not a folder")
    return path


def _secret(value: object) -> object:
    """The secret kept in the file of this name; ValueErrors never quote its content."""
    if not isinstance(value, str | Path):
        return value
    content = _content(Path(value), LONGEST_SECRET + 1)
    try:
        text = content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise ValueError(f"{value} is not UTF-8 text") from None
    if not text or len(content) > LONGEST_SECRET:
        raise ValueError(f"{value} is {'too long for a secret' if text else 'empty'}")
    return SecretStr(text)


Text = Annotated[str, AfterValidator(_printable)]
Label = Annotated[str, AfterValidator(_label)]
Address = Annotated[str, AfterValidator(_address)]
CallUrl = Annotated[str, AfterValidator(_call_url)]
ChannelName = Annotated[str, AfterValidator(_channel_name)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Trusted = Annotated[str, AfterValidator(_trusted)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
StoreUrl = Annotated[str, AfterValidator(_store_url)]
Listen = Annotated[str, AfterValidator(_listen)]
BytesPlace = Annotated[str, AfterValidator(_bytes_place)]
Topic = Annotated[str, AfterValidator(_topic)]
OutTopic = Annotated[str, AfterValidator(_out_topic)]
MorningTime = Annotated[time, BeforeValidator(_morning)]
Day = Annotated[date, BeforeValidator(_day)]
Country = Annotated[str, AfterValidator(_country)]
Zone = Annotated[str, AfterValidator(_zone)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: tuple[Weekday, ...] = get_args(Weekday)
WeekdayOrOff = Literal[Weekday, "off"]
Protocol = Annotated[Literal["5", "3.1.1"], BeforeValidator(_protocol)]
ReadableFile = Annotated[Path, Field(strict=False), AfterValidator(_readable)]
ReadableFolder = Annotated[Path, Field(strict=False), AfterValidator(_folder)]
Secret = Annotated[SecretStr, BeforeValidator(_secret)]


def given(info: ValidationInfo, name: str) -> bool:
    """Whether an earlier field of the same table was set; one set wrongly is missing from the data."""
    return name not in info.data or info.data[name] is not None


def needed(other: str) -> PydanticCustomError:
    """The error of a key that is missing although `other` is set."""
    return PydanticCustomError("together", "needed because {other} is set", {"other": other})


def together(value: object, info: ValidationInfo, other: str) -> object:
    """Pass a value that is set exactly when the earlier field `other` is; else say which one is wanting."""
    if value is None and given(info, other):
        raise needed(other)
    if value is not None and not given(info, other):
        raise PydanticCustomError("together", "should not be set without {other}", {"other": other})
    return value
