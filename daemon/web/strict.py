"""Strict input: an unknown parameter is an error, and so is text that no store can keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from daemon.web.problems import ProblemError

_NOT_TEXT = "has characters that are no text"


def strictly(request: Request) -> None:
    """ProblemError 422 for what the route does not know, for what is said twice, and for what is no text."""
    route = request.scope["route"]
    known = _known(route) if isinstance(route, APIRoute) else {}
    given = request.query_params.multi_items()
    names = [name for name, _ in given]
    problems = [
        *(_error(name, _unknown(known)) for name in dict.fromkeys(names) if name not in known),
        *(_error(name, "is given twice") for name in known if names.count(name) > 1 and not known[name]),
        *(_error(name, _NOT_TEXT) for name, value in given if not is_text(value)),
        *(_error(name, _NOT_TEXT) for name, value in request.path_params.items() if not is_text(str(value))),
    ]
    if problems:
        said = "; ".join(f"{each['field']}: {each['reason']}" for each in problems)
        raise ProblemError(422, "not valid", said, errors=problems)


def is_text(value: str) -> bool:
    """Whether a store can keep it and a page can show it: no NUL, and nothing that is no character."""
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def _known(route: APIRoute) -> dict[str, bool]:
    """The route's parameters, and whether each may be given several times."""
    return dict(_parameters(route.dependant))


def _parameters(asked: Dependant) -> Iterator[tuple[str, bool]]:
    for field in asked.query_params:
        yield field.alias, "list[" in str(field.field_info.annotation)
    for each in asked.dependencies:
        yield from _parameters(each)


def _unknown(known: Iterable[str]) -> str:
    return f"there is no such parameter; there are: {', '.join(sorted(known)) or 'none'}"


def _error(name: str, reason: str) -> dict[str, str]:
    return {"field": name, "reason": reason}
