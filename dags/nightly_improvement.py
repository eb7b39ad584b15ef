"""Turns one UTC day of an AI application's logs into its daily improvement report.

### Does
log → analyze → measure → generate → validate → report → deploy for one day, the run's partition key. Every night at
02:00 UTC it is the day before. For another day: *Trigger* with a partition key such as `2026-11-20`, or fill in *Day*.
For many: *Trigger > Backfill*, or `airflow backfill create --dag-id nightly_improvement --from-date 2026-10-01
--to-date 2026-10-31 --max-active-runs 3` (both ends are run; days may run side by side, in any order).

### Reads
The landing zones of the settings (`sources`; default `$RATCHET_HOME/landing/dt=*/`), the settings (`RATCHET_CONFIG`,
`RATCHET_ENVIRONMENT`), the recorded decisions. Landed days that are still missing are brought in first.

### Writes
`$RATCHET_HOME/artifacts/<day>/`, `report.html` first of all: its path is the result (XCom) of the task `verdict`.
Beside it bronze, quarantine, marts and snapshots, and `published/` when the night is live and passed its gates. Where
the setting `notify` names a connection, one message a night tells people there how it stood, what matters, and where
to read on. In Airflow: the tab *Report* of the run, *Browse > Improvement reports* for all nights, weeks and months.

### Running it again
Safe at any time, whole or from any task: the same day gives the same bytes, and a killed run heals. What a night
decided it never decides again.

### When it fails
Open the log of the task `verdict`: it names every part that failed and why. The parts that did not need it ran, and
the report says what is missing. Data that broke its quality gate is not tried again: read the report's chapter on
quality, repair the landed files, clear the run. A task that stays *scheduled* has no pool: `make up` imports them,
elsewhere `airflow pools import include/config/pools.json` does. More in docs/runbook.md.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import (
    Asset,
    BaseHook,
    BaseNotifier,
    Connection,
    CronPartitionTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    TaskGroup,
    TriggerRule,
    dag,
    get_current_context,
    task,
)
from airflow.sdk.exceptions import AirflowNotFoundException

from ratchet import errors

# Midnight at UTC-2 is 02:00 UTC: two hours for a day's last files to land, while partition keys, partition dates and
# both ends of a backfill stay plain days.
SCHEDULE = CronPartitionTimetable("0 0 * * *", timezone="Etc/GMT+2", run_offset=-1, key_format="%Y-%m-%d")
FINAL = [errors.EventsGoneError, errors.GateFailedError, errors.LandingError, errors.RunDayError]
FINAL += [errors.SettingsError, errors.SourceError]
DEFAULTS = {
    "owner": "ratchet",
    "retries": 3,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": 2,
    "max_retry_delay": timedelta(minutes=5),
    "retry_policy": ExceptionRetryPolicy([RetryRule(FINAL, RetryAction.FAIL, reason="no retry can cure it")]),
    "execution_timeout": timedelta(minutes=30),
}
WAREHOUSE = {"pool": "warehouse", "execution_timeout": timedelta(hours=4)}  # the first night brings in all history
LOGS = Asset("ratchet_logs")  # a day of logs is in bronze, and passed or failed nothing yet
MARTS = Asset("ratchet_marts")  # the marts of a day are built and tested
REPORT = Asset("ratchet_report")  # the report of a day is drawn: the tab Report of its run
NIGHT = Asset("ratchet_night")  # a night has published: dags/deploy_improvements.py asks about what waits
DAY = Param(
    None,
    type=["null", "string"],
    format="date",
    title="Day",
    description="The UTC day to run. Leave it empty in a backfill, or where a partition key is given.",
)
LIVE = Param(
    "auto",
    enum=["auto", "yes", "no"],
    title="Live",
    description="May this night decide, deploy and switch what the AI application reads? auto: only if its day is the "
    "newest landed one that is over. yes: in any case. no: it writes its own artifacts and nothing else.",
)


class Notices(BaseNotifier):
    """Sends the one message of a night where the setting `notify` says where: status, what matters, links."""

    def notify(self, context: Any) -> None:
        """Send what was not sent before, over the Airflow connection of that name."""
        from airflow.configuration import conf

        from ratchet import night, notices, run_day

        live = {"auto": None, "yes": True, "no": False}[context["params"]["live"]]
        now = night.Night.from_environment(live=live).on(run_day.run_day(context))
        if now.settings.notify is not None:
            failure = str(context.get("exception") or "")
            site = conf.get("api", "base_url", fallback="")
            sent = notices.send_pending(now, BaseHook.get_connection(now.settings.notify), failure, site)
            self.log.info("Told people: %s", "; ".join(sent) or "nothing new")


def connection(name: str) -> str | None:
    """Return an Airflow connection as JSON, for a source that is a table; None where there is none."""
    try:
        return Connection.get(name).as_json()
    except AirflowNotFoundException:
        return None


@task(multiple_outputs=False)
def step(name: str) -> dict[str, Any]:
    """Run one step of the night; return its counts and paths."""
    from ratchet import nights, run_day

    context = get_current_context()
    live = {"auto": None, "yes": True, "no": False}[context["params"]["live"]]
    return nights.run_task(name, run_day.run_day(context), live, connection)


@task(
    multiple_outputs=False,
    retries=0,
    trigger_rule=TriggerRule.ALL_DONE,
    on_success_callback=Notices(),
    on_failure_callback=Notices(),
)
def verdict() -> dict[str, Any]:
    """Return where the report lies; fail the run when a part of the night failed, naming it and the reason."""
    from ratchet import night, run_day, verdict

    context = get_current_context()
    day, run_id = run_day.run_day(context), context["run_id"]
    states = context["ti"].get_task_states(dag_id="nightly_improvement", run_ids=[run_id])[run_id]
    return verdict.verdict(night.Night.from_environment(day), states)


def run(name: str, does: str, **options: Any) -> Any:
    """Return the task of one step, named like it."""
    return step.override(task_id=name, doc_md=does, **options)(name)


@dag(
    schedule=SCHEDULE,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=2,
    default_args=DEFAULTS,
    params={"date": DAY, "live": LIVE},
    doc_md=__doc__,
    tags=["ratchet", "daily"],
)
def nightly_improvement() -> None:
    """Wire the steps of ratchet.nights.PLAN; a test compares the two."""
    with TaskGroup("log", prefix_group_id=False, tooltip="From landed files to checked bronze"):
        ingest = run(
            "ingest", "Brings in every landed file that bronze lacks, up to this day.", outlets=[LOGS], **WAREHOUSE
        )
        check_raw = run("check_raw", "Checks bronze and the load report against expectations.", **WAREHOUSE)
    with TaskGroup("analyze", prefix_group_id=False, tooltip="From marts to findings"):
        build_marts = run(
            "build_marts",
            "Builds the marts as of this day with dbt, tests them and saves them as Parquet.",
            outlets=[MARTS],
            **WAREHOUSE,
        )
        check_marts = run("check_marts", "Checks the marts, and that their totals agree.")
        drift = run("drift", "Compares this day with the four weeks before.", **WAREHOUSE)
        gaps = run("gaps", "Finds what people ask for in vain, by intent and by what they say.", **WAREHOUSE)
        issues = run("errors", "Ranks the errors.")
        feedback = run("feedback", "Finds where people are not satisfied.")
        usage = run("usage", "Counts who uses what, at what cost.")
        health = run("health", "Compares the service with its objectives.")
        trends = run("trends", "Finds where the key figures are going, and whether this day was unusual.")
        agents = run("agents", "Compares agents, models and configurations on the same cases.")
        patterns = run("patterns", "Finds what is frequent, what follows what, and what was unusual.")
        tuning = run("tuning", "Fits timeouts, breakers, batch sizes and limits of concurrency, and replays them.")
    with TaskGroup("measure", prefix_group_id=False, tooltip="How far we are"):
        kpis = run("kpis", "Computes the key figures and their change.")
        experiments = run("experiments", "Judges and audits every experiment.")
        rollouts = run("rollouts", "Judges whether each rollout may go on.")
        impact = run("impact", "Judges whether deployed fixes help, and adds up what all improvements brought.")
    with TaskGroup("generate", prefix_group_id=False, tooltip="From findings to improvements"):
        apis = run("apis", "Says what connected APIs can do, and proves a client of each.")
        documentation = run("documentation", "Writes the documentation from use and from packages on file.")
        fixes = run("fixes", "Makes a fix for each frequent error that can be mended.")
        improvements = run("improvements", "Turns findings into ranked improvements.")
    with TaskGroup("validate", prefix_group_id=False, tooltip="What holds"):
        proofs = run("proofs", "Replays what was logged with each fix, in the sandbox.")
    with TaskGroup("deploy", prefix_group_id=False, tooltip="What the AI application reads"):
        does = "Switches `published/` when the night is live and passed its gates; what waits is asked about then."
        publish = run("publish", does, outlets=[NIGHT])
    report = run("report", "Draws the report, whatever failed.", outlets=[REPORT], trigger_rule=TriggerRule.ALL_DONE)

    ingest >> check_raw >> [build_marts, drift]
    build_marts >> check_marts
    findings = [gaps, issues, feedback, usage, health, trends, agents, patterns, tuning, kpis]
    findings += [experiments, rollouts, impact]
    check_marts >> findings
    gaps >> apis
    check_marts >> documentation
    issues >> fixes >> proofs
    proposed_from = [gaps, issues, feedback, health, agents, patterns, tuning]
    [*proposed_from, experiments, rollouts, impact, apis, proofs] >> improvements
    [drift, *findings, apis, documentation, fixes, proofs, improvements] >> report
    [health, tuning, report] >> publish
    [report, publish] >> verdict()


nightly_improvement()
