"""Experiments and rollouts as data: what the report says of a trial, beside the classes of `view.py`.

What is said about one belongs to `sections/experiments.py` and `sections/rollouts.py`, how it looks to
`trial_charts.py` and the templates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ratchet.contracts.estimates import Estimate
from ratchet.report.logtext import Text
from ratchet.report.numbers import Unit
from ratchet.report.view import Evidence, Fact, Label, Table


@dataclass(frozen=True, slots=True)
class Interval:
    """One line of a forest plot: a relative lift, and from which `margin` on (signed) it would be harm."""

    label: Text
    note: Text
    lift: Estimate
    outcome: Label
    margin: float | None = None
    control: Estimate | None = None
    treatment: Estimate | None = None
    unit: Unit = Unit.RATIO
    p: float | None = None


@dataclass(frozen=True, slots=True)
class Forest:
    """Relative lifts with their intervals on one axis; `total` counts the lines that are not shown too."""

    kind: str = field(default="forest", init=False)
    caption: str
    rows: tuple[Interval, ...]
    total: int
    definition: str
    file: str


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a trial's units can be believed in one respect."""

    name: str
    finding: Label
    text: Text
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True)
class Sample:
    """Units seen, and the units that are planned; None where nothing says how many."""

    units: int
    planned: int | None


@dataclass(frozen=True, slots=True)
class Trial:
    """An experiment as people read it: verdict and why, sample, lifts, and whether its units can be believed."""

    id: str
    name: Text
    hypothesis: str
    verdict: Label
    reason: str
    news: tuple[str, ...]
    about: Text
    sample: Sample
    facts: tuple[Fact, ...]
    forest: Forest | None
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Trials:
    """Experiments, those with news first."""

    kind: str = field(default="trials", init=False)
    caption: str
    trials: tuple[Trial, ...]
    total: int
    file: str


class SpanState(StrEnum):
    """Where a stage stands."""

    PAST = "past"
    PRESENT = "present"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Span:
    """The time at one percentage, or a stage that is still to come; `start` and `end` are hours since the first."""

    stage: str
    percentage: float
    groups: tuple[str, ...]
    state: SpanState
    when: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """A rollout as people read it: its stages over time, where it is, what comes next and why."""

    id: str
    name: Text
    description: str
    verdict: Label
    reason: str
    news: tuple[str, ...]
    about: Text
    next_step: Text
    spans: tuple[Span, ...]
    from_day: str
    to_day: str
    facts: tuple[Fact, ...]
    forest: Forest | None
    objectives: Table | None
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Timelines:
    """Rollouts, those that move first."""

    kind: str = field(default="timelines", init=False)
    caption: str
    timelines: tuple[Timeline, ...]
    total: int
    file: str
