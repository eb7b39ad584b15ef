"""The deployed fixes of a night as the table that dbt reads: `run.impacts`.

Which ones there are belongs to `deploy/impacts.py`; writing the table to `warehouse.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ratchet.contracts.impacts import Deployment

TABLE = "impacts"
COLUMNS = (
    "improvement_id varchar not null, revision integer not null, fingerprint varchar not null, baseline_from date"
    " not null, deployed_on date not null, measured_until date not null, version_date date not null,"
    " published_version varchar not null, is_open boolean not null, primary key (improvement_id, revision)"
)


def rows(deployments: Iterable[Deployment]) -> list[tuple[Any, ...]]:
    """Return the rows of the table, in order of improvement and revision."""
    ordered = sorted(deployments, key=lambda d: (d.improvement_id, d.revision))
    return [
        (
            *(d.improvement_id, d.revision, d.fingerprint, d.baseline_from, d.deployed_on, d.measured_until),
            *(d.version_date, d.published_version, d.is_open),
        )
        for d in ordered
    ]
