"""Looks at the connected APIs once a day, before the night.

### Does
Finds each API's specification (where `include/config/apis.yaml` says, or in the usual places), keeps a dated snapshot,
and tries safe operations where that is allowed: GET and HEAD, allow-listed hosts, within the budget. At 01:00 UTC, for
the day before: the night of that day reads the snapshot at 02:00.

### Reads
`apis.yaml` in `RATCHET_CONFIG`; tokens from environment variables or Airflow connections; the APIs themselves.

### Writes
`$RATCHET_HOME/apis/<name>/<day>/`. Tokens are in no file, no log and no result.

### Running it again
Safe: the snapshot of the same day is replaced whole.

### When it fails
An API that is down, slow, or answers nonsense fails nothing: its snapshot says so, and the report too. The task fails
only where the settings cannot be used or the disk is full; it says which. More in docs/apis.md.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import (
    Connection,
    CronPartitionTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    dag,
    get_current_context,
    task,
)

from ratchet import errors

# Midnight at UTC-1 is 01:00 UTC, an hour before the night of the same key.
SCHEDULE = CronPartitionTimetable("0 0 * * *", timezone="Etc/GMT+1", run_offset=-1, key_format="%Y-%m-%d")
FINAL = [errors.RunDayError, errors.SettingsError]
DEFAULTS = {
    "owner": "ratchet",
    "retries": 2,
    "retry_delay": timedelta(minutes=1),
    "retry_policy": ExceptionRetryPolicy([RetryRule(FINAL, RetryAction.FAIL, reason="no retry can cure it")]),
}
DAY = Param(None, type=["null", "string"], format="date", title="Day", description="The night that reads it.")
PROBE = Param(False, type="boolean", title="Probe", description="Try safe operations of every API, within its budget.")


def password(name: str) -> str | None:
    """Return the password of an Airflow connection."""
    return Connection.get(name).password


@task(execution_timeout=timedelta(minutes=30), doc_md="Looks at every connected API and lands a snapshot of each.")
def discover() -> dict[str, Any]:
    """Look at every connected API; return what became of each."""
    from ratchet import api_discovery, connected_apis, night, run_day, settings

    context = get_current_context()
    connected = connected_apis.load(settings.config_folder())
    tonight = night.Night.from_environment(run_day.run_day(context))
    probe = bool(context["params"]["probe"])
    found = api_discovery.discover(tonight.home, connected, tonight.day, probe=probe, connection_token=password)
    return {snapshot.api: snapshot.state for snapshot in found}


@dag(
    schedule=SCHEDULE,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULTS,
    params={"date": DAY, "probe": PROBE},
    doc_md=__doc__,
    tags=["ratchet", "daily"],
)
def api_discovery() -> None:
    """Wire the one task."""
    discover()


api_discovery()
