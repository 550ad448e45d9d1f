"""Errors as RFC 9457 problem details: what is wrong, what is missing, and what to do."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException

from adapters.files.table import TableError
from adapters.store.engine import STORE_FAULTS
from daemon.assessing import UnknownMachineError
from daemon.refused import RefusedError

MEDIA_TYPE = "application/problem+json"
DOCUMENTED: dict[int | str, dict[str, Any]] = {
    code: {
        "description": what,
        "content": {
            MEDIA_TYPE: {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail"],
                    "properties": {
                        "type": {"type": "string"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string", "description": "what to do about it"},
                        "missing": {"type": "array", "items": {"type": "string"}},
                        "errors": {"type": "array", "items": {"type": "object"}},
                    },
                },
                "example": example,
            }
        },
    }
    for code, what, example in (
        (
            "4XX",
            "It was not done; says why, and what is missing",
            {
                "type": "about:blank",
                "title": "something is missing",
                "status": 422,
                "detail": "missing: technician",
                "missing": ["technician"],
            },
        ),
        (
            "503",
            "The store cannot be used just now; nothing was changed",
            {"type": "about:blank", "title": "try again", "status": 503, "detail": "the store cannot be used just now"},
        ),
    )
}
"""How the document of the API describes what is no success."""
_LATER_S = 5
_PARTS = ("body", "query", "path", "header")


class ProblemError(Exception):
    """An answer that says what is wrong: `status` of HTTP, `title` short, `detail` tells what to do."""

    def __init__(self, status: int, title: str, detail: str, **more: Any) -> None:  # noqa: ANN401 - members of the answer
        """Keep them."""
        super().__init__(detail)
        self.status, self.title, self.detail, self.more = status, title, detail, more


class UnknownError(ProblemError):
    """There is nothing of this name, or it is somebody else's: outside, the two look alike."""

    def __init__(self, what: str) -> None:
        """Name what was asked for."""
        super().__init__(404, "not found", f"{what} is not there, or not yours")


def problem(status: int, title: str, detail: str, **more: Any) -> JSONResponse:  # noqa: ANN401 - members of the answer
    """The answer itself."""
    content = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return _Answer(content, status, media_type=MEDIA_TYPE)


class _Answer(JSONResponse):
    """It may name what was asked for, and that may be no text at all."""

    def render(self, content: Any) -> bytes:  # noqa: ANN401 - as starlette has it
        """Whatever cannot be written is replaced."""
        return json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")


def add_problems(app: FastAPI) -> None:
    """Whatever goes wrong is answered in this form."""

    @app.exception_handler(ProblemError)
    def _problem(_request: Request, error: ProblemError) -> Response:
        return problem(error.status, error.title, error.detail, **error.more)

    @app.exception_handler(RefusedError)
    def _refused(_request: Request, error: RefusedError) -> Response:
        if error.missing:
            return problem(422, "something is missing", error.reason, missing=list(error.missing))
        return problem(409, "refused", error.reason)

    @app.exception_handler(TableError)
    def _table(_request: Request, error: TableError) -> Response:
        detail = "nothing was imported: mend the lines that are named, and send the file again"
        return problem(422, "not imported", detail, problems=error.problems, more=error.more)

    @app.exception_handler(UnknownMachineError)
    def _unknown(_request: Request, error: UnknownMachineError) -> Response:
        return problem(404, "not found", str(error))

    @app.exception_handler(RequestValidationError)
    def _invalid(_request: Request, error: RequestValidationError) -> Response:
        errors = [_one(each) for each in error.errors()]
        return problem(
            422, "not valid", "; ".join(f"{each['field']}: {each['reason']}" for each in errors), errors=errors
        )

    @app.exception_handler(HTTPException)
    def _http(_request: Request, error: HTTPException) -> Response:
        title = HTTPStatus(error.status_code).phrase.lower()
        answer = problem(error.status_code, title, str(error.detail))
        answer.headers.update(error.headers or {})
        return answer

    app.add_exception_handler(DataError, _not_storable)
    for fault in STORE_FAULTS:
        app.add_exception_handler(fault, _store_away)


def _not_storable(_request: Request, _error: Exception) -> Response:
    return problem(422, "not valid", "something given is too long, too large or no text, and cannot be kept")


def _store_away(_request: Request, _error: Exception) -> Response:
    answer = problem(503, "try again", "the store cannot be used just now; nothing was changed")
    answer.headers["Retry-After"] = str(_LATER_S)
    return answer


def _one(error: Any) -> dict[str, str]:  # noqa: ANN401 - pydantic's own dictionary
    where = [str(part) for part in error["loc"] if part not in _PARTS]
    return {"field": ".".join(where) or "body", "reason": error["msg"]}
