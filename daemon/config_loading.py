"""How a strict pydantic model is filled from a TOML file, the environment and systemd's credentials.

Nothing here knows which keys there are; `daemon.config` does. It brings the sources together and names every
problem with its place. pydantic-settings is not used: it stops at the first variable that is not JSON, lets
unknown variables pass and forgets where a value came from, which messages and relative paths both need.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    TypeAdapter,
    ValidationError,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

Key = tuple[str, ...]
Model = TypeVar("Model", bound=BaseModel)

PREFIX = "HOURKEEPER_"
FILE_VARIABLE = "HOURKEEPER_CONFIG"
DEFAULT_FILE = Path("hourkeeper.toml")


class Setting(NamedTuple):
    """One key of a model: a value, a table or a list of tables."""

    key: Key
    name: str  # of the field, which a secret's key differs from
    field: FieldInfo
    in_list: bool

    @property
    def kind(self) -> Any:  # noqa: ANN401 - an annotation may be any object
        """The annotation without its None."""
        annotation = self.field.annotation
        if get_origin(annotation) in {Union, UnionType}:
            return next(each for each in get_args(annotation) if each is not type(None))
        return annotation

    @property
    def table(self) -> type[BaseModel] | None:
        """The model of a key that is a table."""
        return self.kind if isinstance(self.kind, type) and issubclass(self.kind, BaseModel) else None

    @property
    def item(self) -> type[BaseModel] | None:
        """The model of the items, if the key is a list of tables."""
        inner = get_args(self.kind)[0] if self.is_list else None
        return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None

    @property
    def is_list(self) -> bool:
        """Whether the key is a list."""
        return get_origin(self.kind) is tuple


def settings(model: type[BaseModel], above: Key = (), *, in_list: bool = False) -> Iterator[Setting]:
    """Every key below `above`, in the order of the fields; a table comes before its own keys."""
    for name, field in model.model_fields.items():
        setting = Setting((*above, field.alias or name), name, field, in_list)
        yield setting
        inner = setting.table or setting.item
        if inner is not None:
            yield from settings(inner, setting.key, in_list=in_list or setting.is_list)


def variable(key: Key) -> str:
    """The environment variable that sets a key."""
    return PREFIX + "__".join(key).upper()


class ConfigError(Exception):
    """The configuration cannot be used. `problems` names every reason, each with its place."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Origin:
    """Where a value was set: `place` itself stands for the first `depth` words of the key."""

    place: str
    depth: int = 0

    def names(self, loc: tuple[int | str, ...]) -> str:
        """How a problem at `loc` begins."""
        rest = ".".join(str(each) if str(each).isprintable() else ascii(each) for each in loc[self.depth :])
        return f"{self.place}: {rest}" if rest else self.place


def fill(
    model: type[Model],
    path: Path | None,
    environ: Mapping[str, str],
    credentials: Mapping[Key, Key | None],
    defaults: Mapping[Key, Callable[[], str]],
) -> Model:
    """A `model` filled from all sources; ConfigError with every problem there is.

    `credentials` lists the keys that a systemd credential may stand in for, each with the key that must be
    set for it to be wanted at all; `defaults` computes what depends on the environment (it may raise
    RuntimeError, saying what it lacks).
    """
    loading = _Loading(model, environ)
    loading.read_file(path)
    loading.read_environment()
    loading.add_credentials(credentials)
    loading.add_defaults(defaults)
    filled: Model | None = loading.validated()
    if filled is None or loading.problems:
        raise ConfigError(loading.problems)
    return filled


_ABSENT = object()


class _Loading:
    """One attempt: the tree of values so far, where each came from, and what was wrong."""

    def __init__(self, model: type[BaseModel], environ: Mapping[str, str]) -> None:
        self.model, self.environ = model, environ
        self.settings = {each.key: each for each in settings(model)}
        self.keys_by_field = {(*each.key[:-1], each.name): each.key for each in self.settings.values()}
        self.tree: dict[str, Any] = {}
        self.origins: dict[Key, Origin] = {}
        self.file: Path | None = None
        self.problems: list[str] = []
        self.complete = True  # False: a source could not be read, so what seems missing may be in there

    def read_file(self, path: Path | None) -> None:
        """Take over the file named by `path`, by the environment, or found in the working directory."""
        named = self.environ.get(FILE_VARIABLE)
        present = DEFAULT_FILE if _exists(DEFAULT_FILE) else None
        self.file = path or (Path(named) if named else present)
        if self.file is not None:
            try:
                self.tree = _absolute(_toml(self.file), self.file.absolute().parent)
            except ValueError as error:
                self.problems.append(f"{self.file}: {error}")
                self.complete = False

    def read_environment(self) -> None:
        """Put the variables over the file's values; the more particular variable wins."""
        names = {variable(key): each for key, each in self.settings.items() if not each.in_list}
        ours = {name for name in self.environ if name.startswith(PREFIX)} - {FILE_VARIABLE}
        for name in sorted(ours, key=lambda name: (name.count("__"), name)):
            if name in names:
                self._read_variable(name, names[name])
            else:
                self.problems.append(f"{ascii(name)[1:-1]}: unknown variable{_did_you_mean(name, names)}")

    def _read_variable(self, name: str, setting: Setting) -> None:
        try:
            value = _from_text(setting, self.environ[name])
        except ValueError as error:
            self.problems.append(f"{name}: {error}")
            self.complete = self.complete and setting.table is None
        else:
            word = setting.key[-1]
            self._put(setting.key, _absolute({word: value}, Path.cwd())[word], Origin(name, len(setting.key)))

    def add_credentials(self, credentials: Mapping[Key, Key | None]) -> None:
        """Let systemd's credentials stand in for secrets that are wanted and not set."""
        folder = self.environ.get("CREDENTIALS_DIRECTORY")
        for key, switch in credentials.items() if folder else ():
            file = Path(folder or "", ".".join(key).removesuffix("_file"))
            wanted = switch is None or self._value(switch) not in (None, _ABSENT)
            if wanted and self._value(key) is _ABSENT and _exists(file):
                self._put(key, str(file), Origin(str(file)))

    def add_defaults(self, defaults: Mapping[Key, Callable[[], str]]) -> None:
        """Compute the defaults that depend on the environment."""
        for key, default in defaults.items():
            if self._value(key) is _ABSENT:
                try:
                    self._put(key, default())
                except RuntimeError as error:
                    self.problems.append(f"{self._place(key)}: needed: {error}")

    def validated(self) -> Any:  # noqa: ANN401 - an instance of self.model, whichever that is
        """The filled model; None if there are problems, which are then listed."""
        try:
            return self.model.model_validate(self.tree)
        except ValidationError as invalid:
            errors = invalid.errors(include_url=False, include_context=False)
            self.problems.extend(self._problem(error) for error in errors if self._matters(error))
            return None

    def _matters(self, error: ErrorDetails) -> bool:
        if error["type"] == "default_factory_not_called":  # follows from another field's error
            return False
        return self.complete or error["type"] != "together"

    def _problem(self, error: ErrorDetails) -> str:
        loc, reason = error["loc"], _reason(error)
        if error["type"] == "together":  # a key left out is reported under its field's name
            words = tuple(str(each) for each in loc if not isinstance(each, int))
            loc = (*loc[:-1], self.keys_by_field.get(words, words)[-1])
        if error["type"] == "extra_forbidden":
            table = tuple(str(each) for each in loc[:-1] if not isinstance(each, int))
            siblings = [key[-1] for key in self.settings if key[:-1] == table]
            reason = f"unknown key{_did_you_mean(str(loc[-1]), siblings)}"
        return f"{self._place(loc)}: {reason}"

    def _place(self, loc: tuple[int | str, ...]) -> str:
        words = tuple(str(each) for each in loc)
        for length in range(len(words), 0, -1):
            if words[:length] in self.origins:
                return self.origins[words[:length]].names(loc)
        return variable(words) if self.file is None else Origin(str(self.file)).names(loc)

    def _value(self, key: Key) -> object:
        value: Any = self.tree
        for word in key:
            value = value.get(word, _ABSENT) if isinstance(value, dict) else _ABSENT
        return value

    def _put(self, key: Key, value: object, origin: Origin | None = None) -> None:
        """Set a key, a table key by key; under what is no table (an error of its own) nothing is put."""
        if isinstance(value, dict) and key in self.settings and self.settings[key].table:
            for word, inner in value.items():
                self._put((*key, word), inner, origin)
            return
        table: Any = self.tree
        for word in key[:-1]:
            table = table.setdefault(word, {}) if isinstance(table, dict) else None
        if isinstance(table, dict):
            table[key[-1]] = value
            if origin is not None:
                self.origins[key] = origin


def _exists(path: Path) -> bool:
    """Whether there is anything to read; what cannot be told counts, so that reading it says why."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; ValueError with the line of a syntax error."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ValueError(f"not UTF-8 text (at line {line})") from error
    except RecursionError:
        raise ValueError("not TOML: nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        end = f"at line {len(text.splitlines())}, the end"
        raise ValueError(f"not TOML: {str(error).replace('at end of document', end)}") from error


def _absolute(table: dict[str, Any], base: Path) -> dict[str, Any]:
    """The same table with its relative paths, and that of an SQLite URL, counted from `base`."""
    return {word: _absolute_value(word, value, base) for word, value in table.items()}


def _absolute_value(word: str, value: object, base: Path) -> object:
    if isinstance(value, dict):
        return _absolute(value, base)
    if isinstance(value, list):
        return [_absolute_value("", each, base) for each in value]
    if isinstance(value, str) and (word == "file" or word.endswith(("_file", "_folder"))):
        return str(base / value)
    if isinstance(value, str) and word == "url":
        return re.sub(r"^(sqlite(?:\+\w+)?:///)(?=[^/:?])(?!file:)", lambda found: f"{found[1]}{base}/", value)
    return value


def _from_text(setting: Setting, text: str) -> object:
    """The value that an environment variable's text stands for; an empty one unsets what may be unset."""
    if setting.table or setting.is_list:
        return _from_json(text, list if setting.is_list else dict)
    if not text and setting.field.default is None:
        return None
    if not any(setting.kind is each for each in (int, float, bool)):
        return text
    try:
        return TypeAdapter(setting.kind).validate_strings(text)
    except ValidationError as error:
        raise ValueError(_reason(error.errors(include_context=False)[0])) from None


def _from_json(text: str, kind: type) -> object:
    wanted = "list [...]" if kind is list else "table {...}"
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"should be a JSON {wanted}: {error}") from None
    if not isinstance(value, kind):
        raise ValueError(f"should be a JSON {wanted}")  # noqa: TRY004 - the caller collects ValueErrors
    return value


_WORDS = {
    "bool_type": "should be true or false",
    "float_type": "should be a number",
    "int_type": "should be a whole number",
    "missing": "needed",
    "model_type": "should be a table",
    "path_type": "should be a path",
    "string_type": "should be text",
    "tuple_type": "should be a list",
}
_KINDS: dict[type, str] = {
    bool: "a boolean",
    dict: "a table",
    float: "a number",
    int: "a whole number",
    list: "a list",
    str: "text",
}


def _reason(error: ErrorDetails) -> str:
    """Pydantic's message in an operator's words; never the value itself, which may be secret."""
    kind = error["type"]
    words = _WORDS.get(kind, error["msg"].removeprefix("Value error, ").removeprefix("Input "))
    found = _KINDS.get(type(error["input"]))
    return f"{words}, not {found}" if kind.endswith("_type") and found else words


def _did_you_mean(word: str, known: list[str] | dict[str, Setting]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
