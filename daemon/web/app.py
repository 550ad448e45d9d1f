"""The application: API and pages behind one guard."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import Response
from fastapi.security import HTTPBearer
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool

from daemon.web import calendars, watching
from daemon.web.api import administration, files, machine_changes, machines, planning, records, work_orders
from daemon.web.guard import Guard
from daemon.web.pages import decisions, entering, fleet, office, orders, overview, papers
from daemon.web.pages.route import problem_page
from daemon.web.problems import DOCUMENTED, add_problems, problem
from daemon.web.site import Site
from daemon.web.strict import strictly

API = "/api/v1"
PAGES = (overview, orders, papers, fleet, decisions, office, entering)
_TOKEN = HTTPBearer(auto_error=False, description="a token of `hourkeeper token add`; people's sessions do as well")
"""For the document alone: who asks, the entrance finds out."""
_STATIC = Path(__file__).with_name("static")


def app_of(site: Site) -> FastAPI:
    """What is served; `/docs` would ask another host for its scripts, so there is the OpenAPI document alone."""
    app = FastAPI(title="hourkeeper", version="1", openapi_url=f"{API}/openapi.json", docs_url=None, redoc_url=None)
    app.state.site = site
    api = APIRouter(prefix=API, dependencies=[Depends(strictly), Depends(_TOKEN)], responses=DOCUMENTED)
    for each in (files, work_orders, machines, machine_changes, records, planning, administration):
        api.include_router(each.router)
    app.include_router(api)
    for shown in PAGES:
        app.include_router(shown.router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=_STATIC))
    app.include_router(calendars.router)
    app.include_router(watching.router, include_in_schema=False)
    add_problems(app)
    app.add_exception_handler(404, _nothing_here)
    app.add_middleware(Guard, max_body=site.settings.max_body, max_upload=site.settings.max_upload)
    return app


async def _nothing_here(request: Request, _error: Exception) -> Response:
    """People get a page, programs what they can read."""
    if "text/html" in request.headers.get("accept", ""):
        return await run_in_threadpool(problem_page, request, 404, request.url.path)
    return problem(404, "not found", f"there is no {request.url.path}")
