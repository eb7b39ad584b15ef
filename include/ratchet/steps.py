"""One function a task of the night: read, call pure code, write, return a small summary.

No statistics, SQL or layout here: those belong to the packages. The order of steps is in `nights.py`. What is slow to
import is imported by the step that needs it, since every task of a DAG pays for the imports of this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from typing import TYPE_CHECKING, Any

from ratchet import files, objectives
from ratchet.errors import LandingError, RatchetError, StepFailedError
from ratchet.log import landing
from ratchet.night import Night
from ratchet.settings import config_folder

if TYPE_CHECKING:
    import pandas as pd

    from ratchet.contracts.gaps import GapsResult
    from ratchet.contracts.satisfaction import FeedbackResult
    from ratchet.quality.results import GateResult
    from ratchet.warehouse import Warehouse

LOCK_WAIT_S = 600.0
WRITES_HOME = frozenset({"ingest", "check_raw", "build_marts", "drift", "improvements", "report", "publish"})
Summary = dict[str, Any]


def ingest(night: Night) -> Summary:
    """Bring in every landed day up to the night's own that bronze lacks or whose files changed."""
    from ratchet.log.ingest import IngestOptions, ingest_until

    night.start()
    _require_landing(night)
    known = night.settings
    options = IngestOptions(known.dedup_days, known.max_line_bytes, known.history_start)
    reports = ingest_until(night.home, night.sources, night.day, options, night.today)
    load = night.loads().get(night.day)
    if load is not None:
        night.write("load", load)
    return {"landing_days": len(reports), **(load["totals"] if load else {"lines": 0})}


def check_raw(night: Night) -> Summary:
    """Check what landed: load report and bronze against the expectations of the raw suites."""
    from ratchet.quality.bronze_sql import bronze_queries
    from ratchet.quality.raw_frames import raw_frames
    from ratchet.quality.runner import run_suites

    with _warehouse(night) as (warehouse, _):
        bronze = {name: warehouse.frame(sql) for name, sql in bronze_queries(night.day).items()}
    frames = raw_frames(list(night.loads().values()), bronze, night.day)
    return _settle(night, run_suites("raw", frames, night.day, night.settings, night.work / "data_docs"))


def build_marts(night: Night) -> Summary:
    """Build daily statistics and marts with dbt, test them, and write the night's snapshot."""
    from ratchet import marts

    with _warehouse(night) as (warehouse, pending):
        built = marts.build(night.home, night.day)
        warehouse.mark_built(_hashes(night), pending)
        rows = warehouse.snapshot(night.day)
    return {"models": built.models, "tests": built.tests, "rows": sum(rows.values())}


def check_marts(night: Night) -> Summary:
    """Check the marts against the expectations of the mart suites, and that totals agree between them."""
    from ratchet.quality.runner import run_suites
    from ratchet.quality.totals import TOTALS, totals_frame

    marts = {path.stem: _mart(night, path.stem) for path in sorted(night.home.snapshot(night.day).glob("*.parquet"))}
    marts[TOTALS] = totals_frame(marts, night.day)
    return _settle(night, run_suites("marts", marts, night.day, night.settings, night.work / "data_docs"))


def drift(night: Night) -> Summary:
    """Compare the day with the four weeks before."""
    from ratchet.quality.drift import drift as compare
    from ratchet.quality.drift_samples import drift_samples

    with _warehouse(night) as (warehouse, _):
        found = drift_samples(night.home, night.day, _hashes(night), warehouse.frame, warehouse.bronze_files)
    page = night.work / "drift.html"
    return _keep(night, "drift", compare(found.current, found.reference, night.day, page, found.reference_days))


def gaps(night: Night) -> Summary:
    """Find what people ask for in vain."""
    return _keep(night, "features", _found_gaps(night).as_artifact())


def errors(night: Night) -> Summary:
    """Rank errors by whom they hurt and how their rate changed."""
    from ratchet.analyze.error_origins import current_fixes
    from ratchet.analyze.errors import rank_errors
    from ratchet.deploy import decisions, deployments

    made = deployments.fixes_in_force(decisions.read(night.home.decisions, night.day), night.day)
    fixes = current_fixes(made, _mart(night, "mart_fingerprints"), night.day)
    found = rank_errors(_mart(night, "mart_errors"), night.settings, night.day, fixes)
    return _keep(night, "errors", found.as_artifact())


def feedback(night: Night) -> Summary:
    """Find what people are dissatisfied with."""
    return _keep(night, "feedback", _found_feedback(night).as_artifact())


def usage(night: Night) -> Summary:
    """Tabulate who uses what, and how it goes."""
    from ratchet.analyze.usage import tabulate

    return _keep(night, "usage", tabulate(_mart(night, "mart_usage"), night.day).as_artifact())


def health(night: Night) -> Summary:
    """Judge the day by its objectives."""
    from ratchet.analyze.health import judge

    found = judge(_mart(night, "mart_health_daily"), objectives.load(config_folder()), night.day)
    return _keep(night, "health", found.as_artifact())


def kpis(night: Night) -> Summary:
    """Measure the key figures and what changed."""
    from ratchet.measure.kpis import key_figures

    return _keep(night, "kpis", key_figures(_mart(night, "mart_kpis_daily"), night.day).as_artifact())


def improvements(night: Night) -> Summary:
    """Turn findings into improvements with their evidence; a live night records what it proposes."""
    from ratchet.deploy import decisions, lifecycle
    from ratchet.generate import features, order, tasks

    gaps_found = _found_gaps(night)
    proposals = [
        *features.propose_features(gaps_found, night.settings),
        *tasks.propose_tasks(_found_feedback(night), gaps_found, night.settings),
    ]
    opened = lifecycle.open_night(night.home.decisions, night.day, night.settings.suggestion_window_days)
    candidates = order.ranked(proposals, night.settings)
    fresh = opened.fresh(candidates)
    cycle = order.choose(candidates, fresh, night.settings, may_propose=not opened.closed)
    settled = lifecycle.settle(opened, cycle.chosen, cycle.deferred)
    night.write("tasks", tasks.tasks_artifact(settled.improvements, night.day))
    summary = _keep(night, "improvements", settled.as_artifact())
    recorded = decisions.append(night.home.decisions, settled.decisions) if is_live(night) else 0
    return summary | {"recorded": recorded}


def report(night: Night) -> Summary:
    """Draw the report and put every artifact of the night in place."""
    from ratchet import artifacts
    from ratchet import report as reporting

    results = {name: night.result(name) for name in artifacts.RESULTS}
    results["steps"] = list(night.marks().values())
    view = reporting.build(results, night.day)
    pages = {
        "report.html": reporting.render_html(view),
        "report.md": reporting.render_markdown(view),
        "report.json": files.to_json(view.as_dict()),
    }
    folder = artifacts.assemble(night, pages)
    return {"report": str(folder / "report.html"), "headline": view.headline}


def publish(night: Night) -> Summary:
    """Switch `artifacts/latest` and `published/` to a live night that passed its gates."""
    from ratchet.deploy import publish as publication

    if not is_live(night):
        return {"published": None, "reason": "not the newest landed day that is over"}
    files.switch_link(night.home.latest, night.home.artifacts(night.day))
    version = publication.publish(night.home, night.day, {"health.json": night.result("health")})
    return {"published": version}


def landed_days(night: Night) -> list[date]:
    """Return the landed days of all sources, oldest first, from `history_start` on."""
    start = night.settings.history_start
    return [day for day in landing.landed_days(night.sources) if start is None or day >= start]


def is_live(night: Night) -> bool:
    """Return whether this night decides and publishes: the newest landed day that is over, unless it is told."""
    if night.live is not None:
        return night.live
    over = [day for day in landed_days(night) if day < night.today]
    return bool(over) and over[-1] == night.day


def _require_landing(night: Night) -> None:
    try:
        found = landed_days(night)
    except LandingError as error:
        raise LandingError(f"no data: {error.what}", where=error.where, way_out=error.way_out) from error
    if not found:
        raise LandingError(
            "no data: nothing has landed",
            where=night.landing_names(),
            way_out="put logs under dt=YYYY-MM-DD/, or make some: ratchet sample-logs --out LANDING",
        )


def _settle(night: Night, gate: GateResult) -> Summary:
    """Add a gate to the night's quality result, then stop the night if it failed."""
    from ratchet.quality.results import quality_artifact

    before = [g for g in (night.result("quality") or {"gates": []})["gates"] if g["stage"] != gate.stage.value]
    night.write("quality", quality_artifact(night.day, [*before, gate.as_record()]))
    gate.require()
    return {"checks": len(gate.results), "warnings": len(gate.warnings)}


@contextmanager
def _warehouse(night: Night) -> Iterator[tuple[Warehouse, list[date]]]:
    """Open the warehouse, prepared for this night, with the landing days its daily statistics still lack.

    Every step prepares for itself: where nights run side by side, another one may have been here since the step before.
    """
    from ratchet.warehouse import Warehouse

    with Warehouse.open(night.home) as warehouse:
        pending = warehouse.pending(_hashes(night), night.day)
        warehouse.prepare(night.day, pending, night.settings)
        yield warehouse, pending


def _hashes(night: Night) -> dict[date, str]:
    return {day: str(report["input_hash"]) for day, report in night.loads().items()}


def _mart(night: Night, name: str) -> pd.DataFrame:
    import pandas as pd

    return pd.read_parquet(night.home.snapshot(night.day) / f"{name}.parquet")


def _found_gaps(night: Night) -> GapsResult:
    from ratchet.analyze.gaps import find_gaps

    gaps, errors = (_mart(night, name) for name in ("mart_feature_gaps", "mart_feature_gap_errors"))
    return find_gaps(gaps, errors, night.settings, night.day)


def _found_feedback(night: Night) -> FeedbackResult:
    from ratchet.analyze.feedback import find_patterns

    marts = ("mart_feedback", "mart_feedback_response", "mart_feedback_comments")
    feedback, response, comments = (_mart(night, name) for name in marts)
    return find_patterns(feedback, response, comments, night.settings, night.day)


def _keep(night: Night, name: str, artifact: dict[str, Any]) -> Summary:
    path = night.write(name, artifact)
    counts = {key: len(value) for key, value in artifact.items() if isinstance(value, list)}
    return {"path": str(path), **counts}


STEPS: dict[str, Callable[[Night], Summary]] = {
    step.__name__: step
    for step in (
        ingest,
        check_raw,
        build_marts,
        check_marts,
        drift,
        gaps,
        errors,
        feedback,
        usage,
        health,
        kpis,
        improvements,
        report,
        publish,
    )
}


def execute(name: str, night: Night) -> Summary:
    """Run one step and record what became of it.

    Raises:
        RatchetError: what the step raised; anything unforeseen becomes a StepFailedError that names the step.
    """
    try:
        summary = STEPS[name](night)
    except RatchetError as error:
        night.mark(name, "failed", str(error))
        raise
    except Exception as error:  # the boundary of a step: whatever it is, the rest of the night goes on
        failure = StepFailedError(f"{type(error).__name__}: {error}", where=f"step {name} of {night.day}")
        night.mark(name, "failed", str(failure))
        raise failure from error
    night.mark(name, "done")
    return summary


def redraw(night: Night) -> Summary:
    """Draw a night's report again from the results of its steps.

    Raises:
        LandingError: if that night never ran in this home.
    """
    if not night.marks():
        way_out = f"run it: ratchet run --from {night.day} --to {night.day}"
        raise LandingError(f"the night of {night.day} has not run here", where=str(night.home.root), way_out=way_out)
    return execute("report", night)


def run_step(name: str, day: date, live: bool | None = None) -> Summary:
    """Run one step as a task of its own, with home, sources and settings from the environment."""
    night = Night.from_environment(live=live).on(day)
    with night.home.lock(LOCK_WAIT_S) if name in WRITES_HOME else nullcontext():
        return execute(name, night)
