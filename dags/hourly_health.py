"""Checks the last hour against its objectives, and tells people once when something begins and once when it is over.

### Does
Five minutes after every full hour it reads what has landed of that hour (and again of `feedback_window`, for what came
late), judges it by burn rates and season beside the hours that the last night knows, and looks whether the sources can
be read and the night has run. It may roll a rollout back that does harm within the hour; it never advances one.

### Reads
Whole lines of the landing zones (a last line without newline waits), the newest snapshot of marts, the settings, the
decisions. It never opens the warehouse, so it runs beside a night.

### Writes
`$RATCHET_HOME/health/latest.json`, which `ratchet status` reads; the hours' counts beside it; incidents and roll backs
as events in `$RATCHET_HOME/decisions/`; for a roll back, a version of `published/` with that one flag off.

### Running it again
Safe at any time: only the newest hour that is over records anything, and each thing is recorded and told once. An older
hour (a partition key such as `2026-11-20T13`, or *Hour*) is judged and shown in the log of `check`, nothing else.

### When it fails
The log of `check` ends with one line that says what and the way out. A source that cannot be read fails nothing: the
others are checked, and it is an incident of its own. What was missed is read by the next run. docs/runbook.md has an
entry for every alert.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import (
    BaseHook,
    BaseNotifier,
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

# Run at 14:05 UTC, the key is 2026-11-20T13: the hour that is over.
SCHEDULE = CronPartitionTimetable("5 * * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%dT%H")
FINAL = [errors.RunDayError, errors.SettingsError]
HOUR = Param(
    None,
    type=["null", "string"],
    pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}$",
    title="Hour",
    description="The UTC hour to check, such as 2026-11-20T13. Leave it empty for the newest one that is over.",
)


class Alerts(BaseNotifier):
    """Tells people of incidents, their end, and roll backs, each once, where the setting `notify` says where."""

    def notify(self, context: Any) -> None:
        """Send what was not sent before, over the Airflow connection of that name."""
        from ratchet import alerts, night

        now = night.Night.from_environment()
        if now.settings.notify is not None:
            failure = str(context.get("exception") or "")
            sent = alerts.send_alerts(now, BaseHook.get_connection(now.settings.notify), failure)
            self.log.info("Told people: %s", "; ".join(sent) or "nothing new")


@task(
    multiple_outputs=False,
    retries=2,
    retry_delay=timedelta(minutes=1),
    retry_policy=ExceptionRetryPolicy([RetryRule(FINAL, RetryAction.FAIL, reason="no retry can cure it")]),
    execution_timeout=timedelta(minutes=20),
    on_success_callback=Alerts(),
    on_failure_callback=Alerts(),
    doc_md="Reads, judges and records one hour.",
)
def check() -> dict[str, Any]:
    """Check one hour; return its status and counts."""
    from ratchet import hourly, night, run_day

    now = datetime.now(UTC)
    end = run_day.run_hour(get_current_context(), now)
    found = hourly.run(night.Night.from_environment(), end, now)
    return {
        **{name: found[name] for name in ("hour", "status", "reason", "rolled_back")},
        "alerts": len(found["alerts"]),
        "problems": len(found["problems"]),
    }


@dag(
    schedule=SCHEDULE,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "ratchet"},
    params={"hour": HOUR},
    doc_md=__doc__,
    tags=["ratchet", "hourly"],
)
def hourly_health() -> None:
    """One task: a check is quick, and what it finds is told by its callbacks."""
    check()


hourly_health()
