"""What goes wrong behind a page is told on a page, and whoever is not logged in is led to the login first."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from adapters.store.engine import STORE_FAULTS
from daemon.assessing import UnknownMachineError
from daemon.refused import RefusedError
from daemon.web.entrance import whoever
from daemon.web.pages.page import LogInFirstError, go_to, page, words_of
from daemon.web.problems import ProblemError
from daemon.web.rights import Person
from notifications.reasons import said
from notifications.words import Words

_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class PageRoute(APIRoute):
    """A route that is read by people."""

    def get_route_handler(self) -> _Handler:
        """As the API has it, but for what goes wrong."""
        handler = super().get_route_handler()

        async def shown(request: Request) -> Response:
            try:
                return await handler(request)
            except LogInFirstError:
                return go_to("/login?" + urlencode({"to": _address(request)}))
            except (
                ProblemError,
                RefusedError,
                UnknownMachineError,
                RequestValidationError,
                HTTPException,
                *STORE_FAULTS,
            ) as error:
                return await run_in_threadpool(problem_page, request, *_told(error))

        return shown


def _address(request: Request) -> str:
    """Where one wanted to go; a form that was sent leads back to its page."""
    if request.method != "GET":
        return request.url.path.rpartition("/")[0] or "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _told(error: Exception) -> tuple[int, str]:
    """The status, and what to say."""
    if isinstance(error, ProblemError):
        return error.status, error.detail
    if isinstance(error, RefusedError):
        return (422 if error.missing else 409), error.reason
    if isinstance(error, UnknownMachineError):
        return 404, str(error)
    if isinstance(error, HTTPException):
        return error.status_code, str(getattr(error, "detail", error))
    if isinstance(error, RequestValidationError):
        return 422, "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors())
    return 503, "the store cannot be used just now; nothing was changed"


def problem_page(request: Request, status: int, detail: str) -> Response:
    """The page that says what is wrong; whatever page it is for, nobody sees more than the way back."""
    try:
        person: Person | None = whoever(request)
    except Exception:  # noqa: BLE001 - who asks is not what went wrong; the page shows less then
        person = None
    words = words_of(request, person)
    return page(request, person, "problem.j2", status, title=_title(status, words), detail=said(detail, words))


def _title(status: int, _: Words) -> str:
    titles = {
        403: _("This is not for you"),
        404: _("There is nothing here"),
        409: _("This was refused"),
        410: _("This link holds no more"),
        413: _("This was too much"),
        422: _("Something is missing or wrong"),
        503: _("Please try again in a moment"),
    }
    return titles.get(status) or HTTPStatus(status).phrase
