"""The report as data: what it says and in which order, without a word on how it looks.

Renderers (`html.py`, `markdown.py`) know these classes and nothing else; `build.py` and the chapters make them. A part
of the loop that gets content later adds a chapter; a new kind of block needs a class here and a few lines in each
renderer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

from ratchet.contracts.estimates import Estimate, as_record
from ratchet.report.logtext import Text
from ratchet.report.numbers import Unit

REPORT_VERSION = 1


class Status(StrEnum):
    """How the night stands, worst news first."""

    FAILED_GATE = "failed_gate"
    FAILED = "failed"
    NO_DATA = "no_data"
    STALE = "stale"
    CRITICAL = "critical"
    DEGRADED = "degraded"
    HEALTHY = "healthy"
    UNKNOWN = "unknown"


class Standing(StrEnum):
    """Whether what a section shows can be relied on."""

    OK = "ok"
    GATED = "gated"
    FAILED = "failed"
    SKIPPED = "skipped"
    MISSING = "missing"


STANDING_WORDS = {
    Standing.GATED: "Not to be relied on",
    Standing.FAILED: "Failed",
    Standing.SKIPPED: "Skipped",
    Standing.MISSING: "Not computed",
}


class Tone(StrEnum):
    """What a line means to its reader; never said by colour alone."""

    GOOD = "good"
    BAD = "bad"
    WARN = "warn"
    PLAIN = "plain"
    MUTED = "muted"


class CellKind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    NUMBER = "number"
    ESTIMATE = "estimate"
    MOMENT = "moment"
    EVIDENCE = "evidence"
    LABEL = "label"
    LINES = "lines"  # a tuple: what it is, and below it what belongs to it


@dataclass(frozen=True, slots=True)
class Change:
    """A difference against earlier days; `tone` says what it means, `verdict` says it in words."""

    value: float | None
    verdict: str
    tone: Tone = Tone.MUTED
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Point:
    """One day of a series."""

    day: date
    value: float | None
    n: int | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """Where a day is expected by the days before it: a value inside says nothing."""

    low: float
    high: float
    center: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where to look for oneself: texts from the log, and ids of events."""

    event_ids: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Label:
    """A word with a meaning, such as a state or a priority."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """A number of the night's day, and the days that led to it."""

    metric: str
    label: str
    unit: Unit
    estimate: Estimate
    counted: str
    definition: str
    week: Estimate
    change: Change
    trailing: Change
    series: tuple[Point, ...] = ()
    band: Band | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a list, with the place in the report that tells more."""

    text: Text
    tone: Tone = Tone.PLAIN
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """A short list of the first screen; `total` counts the items that are not shown too, `empty` stands for none."""

    title: str
    items: tuple[Item, ...]
    empty: str
    total: int
    target: str | None = None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence or two."""

    kind: str = field(default="paragraph", init=False)
    text: Text
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Fact:
    """A labelled number."""

    label: str
    value: float | None
    unit: Unit = Unit.COUNT
    definition: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Numbers side by side."""

    kind: str = field(default="facts", init=False)
    items: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    key: str
    label: str
    cell: CellKind = CellKind.TEXT
    unit: Unit = Unit.COUNT
    definition: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """The first rows of a table; `total` counts all of them, `file` holds them."""

    kind: str = field(default="table", init=False)
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[dict[str, Any], ...]
    total: int
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with the whiskers of its interval."""

    label: str
    estimate: Estimate
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Bars:
    """A ranking as bars; `reference` is the line to compare with."""

    kind: str = field(default="bars", init=False)
    caption: str
    unit: Unit
    bars: tuple[Bar, ...]
    total: int
    definition: str
    top: float | None = None
    reference: float | None = None
    reference_label: str = ""
    file: str | None = None


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """Key figures as a table: today, the week, and both comparisons."""

    kind: str = field(default="key_figures", init=False)
    caption: str
    figures: tuple[KeyFigure, ...]
    file: str


@dataclass(frozen=True, slots=True)
class Trends:
    """The days of key figures as lines, each with the band in which its day was to be expected."""

    kind: str = field(default="trends", init=False)
    figures: tuple[KeyFigure, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """How many of a group succeeded, failed, or are unknown."""

    label: str
    successes: int
    failures: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Splits:
    """Stacked bars of success, failure and unknown."""

    kind: str = field(default="splits", init=False)
    caption: str
    splits: tuple[Split, ...]
    total: int
    definition: str
    file: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A section of the report, which text may point to."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """An improvement as people read it: what, why, on which evidence, how sure, and what becomes of it."""

    improvement_id: str
    revision: int
    type: str
    title: str
    why: str
    action: str
    priority: Label
    state: Label
    state_reason: str
    confidence: float | None
    expected_effect: str
    proposed_on: str
    judged_by: str
    is_new: bool
    facts: tuple[Fact, ...]
    source: str
    evidence: Evidence
    found_in: Place | None


@dataclass(frozen=True, slots=True)
class Proposals:
    """Improvements, the most urgent first."""

    kind: str = field(default="proposals", init=False)
    caption: str
    proposals: tuple[Proposal, ...]
    total: int
    file: str


@dataclass(frozen=True, slots=True)
class Link:
    """An artifact beside the report."""

    kind: str = field(default="link", init=False)
    label: str
    file: str


class Block(Protocol):
    """A part of a section; `kind` tells a renderer which one. Those of trials are in `trial_view.py`."""

    @property
    def kind(self) -> str:
        """Return its kind."""


@dataclass(frozen=True, slots=True)
class Section:
    """What one step found."""

    id: str
    title: str
    blocks: tuple[Block, ...] = ()
    standing: Standing = Standing.OK
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Chapter:
    """One verb of the loop."""

    id: str
    title: str
    question: str
    sections: tuple[Section, ...]
    standing: Standing = Standing.OK
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a number of the report means and where it comes from."""

    id: str
    name: str
    meaning: str
    mart: str
    sample_event_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """The whole report of one night."""

    day: date
    status: Status
    status_label: str
    status_reason: Text
    headline: Text
    figures: tuple[KeyFigure, ...]
    lists: tuple[Listing, ...]
    chapters: tuple[Chapter, ...]
    definitions: tuple[Definition, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Return the report as it stands in `report.json`."""
        return {"report_version": REPORT_VERSION, **as_record(self)}
