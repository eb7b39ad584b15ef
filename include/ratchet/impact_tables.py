"""What dbt reads of improvements: deployed fixes as `run.impacts`, the course of all as `run.improvements`.

Which ones there are belongs to `deploy/impacts.py`; writing the tables to `warehouse.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ratchet.contracts.impacts import Course, Deployment

COLUMNS: Mapping[str, str] = {
    "impacts": (
        "improvement_id varchar not null, revision integer not null, fingerprint varchar not null, baseline_from date"
        " not null, deployed_on date not null, measured_until date not null, version_date date not null,"
        " published_version varchar not null, is_open boolean not null, primary key (improvement_id, revision)"
    ),
    "improvements": (
        "improvement_id varchar not null, revision integer not null, type varchar not null, title varchar not null,"
        " first_seen date, proposed_on date not null, validated_on date, approved_on date, deployed_on date,"
        " judged_on date, verdict varchar, is_automatic boolean not null, predicted_effect double,"
        " realised_effect double, cost double not null, primary key (improvement_id, revision)"
    ),
}


def rows(deployments: Iterable[Deployment], courses: Iterable[Course]) -> dict[str, list[tuple[Any, ...]]]:
    """Return the rows of both tables, in order of improvement and revision."""
    return {"impacts": sorted(map(_impact, deployments)), "improvements": sorted(map(_improvement, courses), key=_key)}


def _impact(deployment: Deployment) -> tuple[Any, ...]:
    d = deployment
    return (
        *(d.improvement_id, d.revision, d.fingerprint, d.baseline_from, d.deployed_on, d.measured_until),
        *(d.version_date, d.published_version, d.is_open),
    )


def _improvement(course: Course) -> tuple[Any, ...]:
    c = course
    return (
        *(c.improvement_id, c.revision, c.type, c.title, c.first_seen, c.proposed_on, c.validated_on, c.approved_on),
        *(
            c.deployed_on,
            c.judged_on,
            c.verdict.value if c.verdict else None,
            c.automatic,
            c.predicted,
            c.spared,
            c.cost,
        ),
    )


def _key(row: tuple[Any, ...]) -> tuple[str, int]:
    return row[0], row[1]
