"""The report shelf inside Airflow's own pages, behind its login.

*Browse > Improvement reports* shows all nights; the tab *Report* of a run shows the report of its day. Whoever may see
the DAG `nightly_improvement` may read them. What is shown and how belongs to `ratchet.shelf`. Every process of Airflow
loads this file, so it imports nothing heavy until a page is asked for.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any, ClassVar
from urllib.parse import quote, urlsplit

from airflow.plugins_manager import AirflowPlugin

DAG_ID = "nightly_improvement"
PREFIX = "/ratchet"
LOGIN = "/api/v2/auth/login?next="  # of whichever auth manager there is
VIEWS = [
    {
        "name": "Improvement reports",
        "href": f"{PREFIX}/",
        "destination": "nav",
        "category": "browse",
        "url_route": "improvement-reports",
    },
    {
        "name": "Report",
        "href": f"{PREFIX}/run/{{DAG_ID}}/{{RUN_ID}}",
        "destination": "dag_run",
        "url_route": "improvement-report",
    },
]


async def shelf(scope: Any, receive: Any, send: Any) -> None:
    """Answer a request; the application is made at the first."""
    await _application()(scope, receive, send)


@lru_cache(maxsize=1)
def _application() -> Any:
    from airflow.api_fastapi.app import get_auth_manager
    from airflow.api_fastapi.auth.managers.models.resource_details import DagDetails
    from airflow.api_fastapi.core_api.security import get_user
    from airflow.configuration import conf
    from fastapi import Depends, HTTPException

    from ratchet import status
    from ratchet.night import Night
    from ratchet.shelf import app

    manager = get_auth_manager()
    base = urlsplit(conf.get("api", "base_url", fallback="")).path.rstrip("/")

    def reader(user: Any = Depends(get_user)) -> None:  # noqa: B008  this is how FastAPI asks for it
        if not manager.is_authorized_dag(method="GET", details=DagDetails(id=DAG_ID), user=user):
            raise HTTPException(403, f"the reports are for those who may see the DAG {DAG_ID}")

    return app.create(
        reader=reader,
        day_of_run=_day_of_run,
        home=lambda: Night.from_environment().home,
        health=lambda: status.read(Night.from_environment()),
        login=lambda wanted: f"{base}{LOGIN}{quote(wanted)}",
    )


def _day_of_run(dag_id: str, run_id: str) -> date | None:
    """Return the day of a run as Airflow's database knows it: its partition key, or what it was started with."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        run = session.scalar(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id))
        said = (run.partition_key or (run.conf or {}).get("date")) if run is not None else None
    try:
        return date.fromisoformat(str(said)[:10])
    except ValueError:
        return None


class ReportShelf(AirflowPlugin):
    """What Airflow mounts and where it shows it."""

    name = "report_shelf"
    fastapi_apps: ClassVar = [{"app": shelf, "url_prefix": PREFIX, "name": "Improvement reports"}]
    external_views: ClassVar = VIEWS
