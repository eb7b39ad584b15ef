"""The shelf as a web application: files of the artifacts, `/health`, and the way from a run to its report.

It knows no login and no Airflow: whoever mounts it says who may read (`plugins/report_shelf.py`).
"""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import date
from http import HTTPStatus
from typing import Any, Protocol

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from ratchet.home import Home
from ratchet.shelf import served

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} – Ratchet</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:4em auto;padding:0 1em}}</style></head>
<body><main><h1>{title}</h1><p>{said}</p><p><a href="{root}/">All nights</a></p></main></body></html>"""


class Health(Protocol):
    """How the application and the pipeline are (`ratchet.status`)."""

    @property
    def well(self) -> bool:
        """Return whether nobody needs to act."""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""


def create(
    reader: Callable[..., Any],
    day_of_run: Callable[[str, str], date | None],
    home: Callable[[], Home],
    health: Callable[[], Health],
    login: Callable[[str], str],
) -> FastAPI:
    """Return the application.

    Args:
        reader: a dependency that every route waits for; it raises where nobody may read.
        day_of_run: dag id, run id -> the day of that run, None where it is about none.
        home: what is shown, asked for on each request.
        health: what `/health` says, asked for on each request.
        login: an address of the shelf -> where a browser logs in and comes back to it.
    """
    app = FastAPI(title="Ratchet", openapi_url=None, docs_url=None, redoc_url=None, dependencies=[Depends(reader)])

    @app.get("/health")
    def healthy() -> JSONResponse:
        found = health()
        return JSONResponse(found.as_dict(), HTTPStatus.OK if found.well else HTTPStatus.SERVICE_UNAVAILABLE)

    @app.get("/run/{dag_id}/{run_id:path}")
    def run(request: Request, dag_id: str, run_id: str) -> Response:
        day = day_of_run(dag_id, run_id)
        if day is None:
            return _said(request, "No day", "This run is not about a day of logs, so it has no report.")
        if served.find(home(), f"{day}/report.html") is None:
            return _said(request, "No report yet", f"The night of {day} has no report yet; it is drawn near its end.")
        return RedirectResponse(f"{_root(request)}/{day}/report.html")

    @app.get("/{path:path}")
    def file(request: Request, path: str) -> Response:
        found = served.find(home(), path)
        if found is not None:
            content = found.read_bytes()
            return Response(content, headers=served.headers(found.name), media_type=served.TYPES[found.suffix])
        if not path:
            return _said(request, "No night yet", "Trigger the DAG nightly_improvement; its report will stand here.")
        return _said(request, "No such page", "Nothing of this name is on the shelf.", HTTPStatus.NOT_FOUND)

    @app.exception_handler(HTTPStatus.UNAUTHORIZED)
    def unknown(request: Request, error: HTTPException) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(login(str(request.url)))
        return JSONResponse({"detail": error.detail}, HTTPStatus.UNAUTHORIZED)

    return app


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _said(request: Request, title: str, said: str, code: HTTPStatus = HTTPStatus.OK) -> HTMLResponse:
    page = _PAGE.format(title=html.escape(title), said=html.escape(said), root=html.escape(_root(request)))
    return HTMLResponse(page, code, headers=served.headers("page.html"))
