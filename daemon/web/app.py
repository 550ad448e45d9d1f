"""The application: API and pages behind one guard."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI

from daemon.web.api import administration, machine_changes, machines, records, work_orders
from daemon.web.guard import Guard
from daemon.web.problems import add_problems
from daemon.web.site import Site
from daemon.web.strict import strictly

API = "/api/v1"


def app_of(site: Site) -> FastAPI:
    """What is served; `/docs` would ask another host for its scripts, so there is the OpenAPI document alone."""
    app = FastAPI(title="hourkeeper", version="1", openapi_url=f"{API}/openapi.json", docs_url=None, redoc_url=None)
    app.state.site = site
    api = APIRouter(prefix=API, dependencies=[Depends(strictly)])
    for each in (work_orders, machines, machine_changes, records, administration):
        api.include_router(each.router)
    app.include_router(api)
    add_problems(app)
    app.add_middleware(Guard, max_body=site.settings.max_body)
    return app
