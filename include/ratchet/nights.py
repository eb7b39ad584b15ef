"""The plan of a night and its runner in process.

`PLAN` is the one list of steps; the Airflow DAG and `ratchet run` both follow it. What a step does is in `steps/`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ratchet import steps
from ratchet.errors import EventsGoneError, LandingError, RatchetError
from ratchet.log.tables.settings import Connections, from_environment
from ratchet.night import Night
from ratchet.retention import Kept

Progress = Callable[[date, str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a night.

    Attributes:
        name: its name, the task's id and the key of its function in `steps.STEPS`.
        group: the verb of the loop it belongs to.
        needs: steps that must be done before it.
        pool: the one-slot Airflow pool it runs in, None where it may run beside others.
        always: it runs whatever became of the steps it needs.
    """

    name: str
    group: str
    needs: tuple[str, ...] = ()
    pool: str | None = None
    always: bool = False

    @property
    def doc(self) -> str:
        """Return the first line of the step's docstring."""
        return (steps.STEPS[self.name].__doc__ or "").partition("\n")[0]


MOST_NIGHTS = 3_660  # of one command: more are a year mistyped
PLAN: tuple[Step, ...] = (
    Step("ingest", "log", pool="warehouse"),
    Step("check_raw", "log", ("ingest",), pool="warehouse"),
    Step("build_marts", "analyze", ("check_raw",), pool="warehouse"),
    Step("check_marts", "analyze", ("build_marts",)),
    Step("drift", "analyze", ("check_raw",), pool="warehouse"),
    Step("gaps", "analyze", ("check_marts",), pool="warehouse"),
    Step("errors", "analyze", ("check_marts",)),
    Step("feedback", "analyze", ("check_marts",)),
    Step("usage", "analyze", ("check_marts",)),
    Step("health", "analyze", ("check_marts",)),
    Step("trends", "analyze", ("check_marts",)),
    Step("agents", "analyze", ("check_marts",)),
    Step("patterns", "analyze", ("check_marts",)),
    Step("tuning", "analyze", ("check_marts",)),
    Step("kpis", "measure", ("check_marts",)),
    Step("experiments", "measure", ("check_marts",)),
    Step("rollouts", "measure", ("check_marts",)),
    Step("impact", "measure", ("check_marts",)),
    Step("apis", "generate", ("gaps",)),
    Step("documentation", "generate", ("check_marts",)),
    Step("fixes", "generate", ("errors",)),
    Step("proofs", "validate", ("fixes",)),
    Step(
        "improvements",
        "generate",
        (
            *("gaps", "errors", "feedback", "health", "agents", "patterns", "tuning"),
            *("experiments", "rollouts", "impact", "apis", "proofs"),
        ),
    ),
    Step(  # it needs every finding by itself: Airflow gives up `improvements` while the other findings still run
        "report",
        "report",
        (
            *("drift", "gaps", "errors", "feedback", "usage", "health", "trends", "agents", "patterns", "tuning"),
            *("kpis", "experiments", "rollouts", "impact", "apis", "documentation", "fixes", "proofs", "improvements"),
        ),
        always=True,
    ),
    Step("publish", "deploy", ("health", "tuning", "report")),
)


@dataclass(frozen=True, slots=True)
class NightOutcome:
    """What became of one night: the summaries of the steps that ran and the errors of those that failed."""

    day: date
    summaries: dict[str, dict[str, Any]]
    failures: dict[str, RatchetError]

    @property
    def error(self) -> RatchetError | None:
        """Return the first failure, in the order of the plan."""
        return next(iter(self.failures.values()), None)


def run_nights(night: Night, days: Sequence[date], progress: Progress) -> Iterator[NightOutcome]:
    """Run nights in process, one after the other, holding the home's lock.

    Raises:
        HomeBusyError: if another process works on the home.
    """
    with night.home.lock():
        for day in days:
            yield run_night(night.on(day), progress)


def run_night(night: Night, progress: Progress) -> NightOutcome:
    """Run the plan for one day; a failed step spares those that do not need it."""
    outcome = NightOutcome(night.day, {}, {})
    try:
        Kept.of(night.home).require(night.day)
    except EventsGoneError as error:  # what was reported of that day stays
        outcome.failures[PLAN[0].name] = error
        return outcome
    for step in PLAN:
        progress(night.day, step.name)
        missing = [n for n in step.needs if n not in outcome.summaries]
        if missing and not step.always:
            _skip(night, step, missing[0])
            continue
        try:
            outcome.summaries[step.name] = steps.execute(step.name, night)
        except RatchetError as error:
            outcome.failures[step.name] = error
    return outcome


def run_task(
    name: str, day: date, live: bool | None = None, connection: Connections = from_environment
) -> steps.Summary:
    """Run one step as a task of its own, with home, sources and settings from the environment."""
    night = Night.from_environment().on(day)
    Kept.of(night.home).require(day)
    if next(step for step in PLAN if step.name == name).always:
        mark_left_out(night)
    return steps.run_step(name, day, live, connection)


def mark_left_out(night: Night) -> None:
    """Mark the steps that a scheduler never started as skipped, in the words of `run_night`."""
    states = {name: mark["state"] for name, mark in night.marks().items()}
    for step in PLAN:
        missing = [n for n in step.needs if states.get(n) != "done"]
        if step.always:
            return
        if missing and step.name not in states:
            states[step.name] = "skipped"
            _skip(night, step, missing[0])


def _skip(night: Night, step: Step, missing: str) -> None:
    night.mark(step.name, "skipped", f"needs {missing}, which did not finish")


def days_to_run(night: Night, first: date | None, last: date | None) -> list[date]:
    """Return the days from `first` to `last`; what is not given is the first or last landed day that is over.

    Raises:
        LandingError: if nothing landed and no day was given.
        RatchetError: if the range is empty, reaches into the future, or is longer than any history.
    """
    if first is None or last is None:
        landed = [d for d in steps.landed_days(night) if d < night.today]
        if not landed and first is None and last is None:
            if steps.landed_days(night):
                raise LandingError(
                    "nothing has landed on a day that is over, only on this one",
                    where=night.landing_names(),
                    way_out=f"wait for tomorrow, or run the day as far as it goes: --to {night.today}",
                )
            raise LandingError(
                "nothing has landed on a day that is over",
                where=night.landing_names(),
                way_out="put logs under dt=YYYY-MM-DD/, or make some: ratchet sample-logs --out LANDING",
            )
        whole = [d for d in landed if d >= Kept.of(night.home).first_night] or landed
        first = first or min([*whole, last or whole[0]])
        last = last or max([*landed, first])
    if last > night.today:
        raise RatchetError(f"{last} is in the future", way_out=f"the last day that can be run is {night.today}")
    if first > last:
        raise RatchetError(f"--from {first} is after --to {last}", way_out="swap them")
    many = (last - first).days + 1
    if many > MOST_NIGHTS:
        raise RatchetError(f"{many:,} nights from {first} on are more than ten years", way_out="check --from and --to")
    return [first + timedelta(days=n) for n in range(many)]
