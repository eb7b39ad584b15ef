"""One function a task of the night: read, call pure code, write, return a small summary.

No statistics, SQL or layout here: those belong to the packages. The order of steps is in `nights.py`. What is slow to
import is imported by the step that needs it, since every task of a DAG pays for the imports of this package.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date

from ratchet.errors import LandingError, RatchetError, StepFailedError
from ratchet.log.tables.settings import Connections, from_environment
from ratchet.night import Night
from ratchet.steps.data import build_marts, check_marts, check_raw, drift, ingest
from ratchet.steps.findings import (
    agents,
    apis,
    documentation,
    errors,
    experiments,
    feedback,
    gaps,
    health,
    impact,
    kpis,
    patterns,
    rollouts,
    trends,
    tuning,
    usage,
)
from ratchet.steps.improving import fixes, improvements, proofs
from ratchet.steps.live import is_live, land_tables, landed_days
from ratchet.steps.publishing import publish, report
from ratchet.steps.results import Summary

__all__ = ["STEPS", "Summary", "execute", "is_live", "land_tables", "landed_days", "redraw", "run_step"]

LOCK_WAIT_S = 600.0
WRITES_HOME = frozenset({"ingest", "check_raw", "build_marts", "drift", "gaps", "improvements", "report", "publish"})

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
        trends,
        agents,
        patterns,
        tuning,
        kpis,
        experiments,
        rollouts,
        impact,
        apis,
        documentation,
        fixes,
        proofs,
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


def run_step(name: str, day: date, live: bool | None = None, connection: Connections = from_environment) -> Summary:
    """Run one step as a task of its own, with home, sources and settings from the environment."""
    night = Night.from_environment(live=live, connection=connection).on(day)
    with night.home.lock(LOCK_WAIT_S) if name in WRITES_HOME else nullcontext():
        return execute(name, night)
