"""Lifts of experiments and rollouts as lines of a forest plot.

Which experiments are shown, and what else is said about them, belongs to `experiments.py` and `rollouts.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ratchet.report.logtext import Logged, LoggedProse, logged, prose, shortened, text
from ratchet.report.numbers import Unit
from ratchet.report.results import Row, estimate, rows
from ratchet.report.trial_view import Forest, Interval
from ratchet.report.view import Block, Label, Tone

FILE = "experiments.json"
INVALID = "invalid"
SHOWN_LINES = 20
_CAPTIONS = {False: "Relative change against control", True: "Relative change against control, not to be believed"}
_ARMS_OF_TWO, _FEWEST_TOGETHER = 2, 2
_NAME = 40  # characters of a name in a picture
_SENTENCE = 200
OUTCOMES = {
    "better": Tone.GOOD,
    "safe": Tone.GOOD,
    "worse": Tone.BAD,
    "harmed": Tone.BAD,
    "harm": Tone.BAD,
}
_MATTERS = ("harmed", "worse", "better", "undecided", "not computable", "safe")
_UNITS = {"_ms": Unit.MS, "_usd": Unit.USD, "_rate": Unit.SHARE, "_share": Unit.SHARE}  # by the end of a name


def overview(present: list[Row]) -> list[Block]:
    """Return the primary metric of every experiment that has one in a single picture."""
    compared = [(e, primary(e)) for e in present if _has_lift(primary(e))]
    if len(compared) < _FEWEST_TOGETHER:
        return []
    lines = tuple(
        replace(
            _line(c, several=False),
            label=text(short_name(e.get("id"))),
            note=text(short_name(_what(e, c))),
            outcome=_finding(e, c),
        )
        for e, c in compared[:SHOWN_LINES]
    )
    return [Forest("Primary metric of every experiment", lines, len(compared), "experiments-lift", FILE)]


def _finding(entry: Row, comparison: Row) -> Label:
    """Return what a lift says, nothing where its experiment is invalid."""
    if entry.get("verdict") == INVALID:
        return Label(INVALID, Tone.MUTED)
    return verdict_label(comparison.get("outcome"), OUTCOMES)


def _what(entry: Row, primary: Row) -> str:
    arm = f" with {primary.get('arm')}" if len(rows(entry, "arms")) > _ARMS_OF_TWO else ""
    return f"{entry.get('verdict')}: {primary.get('metric')}{arm}"


def forest(entry: Row) -> Forest | None:
    """Return every metric of every arm of an experiment, the primary first; of many, those that matter most."""
    compared = rows(entry, "comparisons")
    if not any(map(_has_lift, compared)):
        return None
    first = [c for c in compared if c.get("role") == "primary"]
    rest = [c for c in compared if c.get("role") != "primary"]
    if len(compared) > SHOWN_LINES:
        rest = sorted(rest, key=_matters)
    shown = [*first, *rest][:SHOWN_LINES]
    several = len(rows(entry, "arms")) > _ARMS_OF_TWO
    lines = tuple(_line(c, several) for c in shown)
    if entry.get("verdict") == INVALID:
        lines = tuple(replace(line, outcome=replace(line.outcome, tone=Tone.MUTED)) for line in lines)
    return Forest(_CAPTIONS[entry.get("verdict") == INVALID], lines, len(compared), "experiments-lift", FILE)


def _has_lift(comparison: Row) -> bool:
    return estimate(comparison.get("lift")).number is not None


def _matters(comparison: Row) -> int:
    outcome = str(comparison.get("outcome"))
    return _MATTERS.index(outcome) if outcome in _MATTERS else len(_MATTERS)


def _line(c: Row, several: bool) -> Interval:
    metric, arm = short_name(c.get("metric")), short_name(c.get("arm"))
    kind = f"{c.get('role')}, {wanted(c.get('direction'))}"
    return Interval(
        label=text(arm if several else metric),
        note=text(metric, ", ", kind) if several else text(kind),
        lift=estimate(c.get("lift")),
        outcome=verdict_label(c.get("outcome"), OUTCOMES),
        margin=signed(c.get("margin"), c.get("direction")),
        control=estimate(c.get("control")),
        treatment=estimate(c.get("treatment")),
        unit=Unit.SHARE if c.get("kind") == "proportion" else unit_of(c.get("metric")),
        p=c.get("adjusted_p"),
    )


def short_name(value: Any) -> Logged:
    """Return the name of an experiment, arm, metric or stage, short enough for a picture."""
    return logged(shortened(logged(value), _NAME))


def brief(value: Any) -> LoggedProse:
    """Return a sentence of a file, short enough for a card."""
    return prose(shortened(prose(value), _SENTENCE))


def unit_of(metric: Any) -> Unit:
    """Return the unit that a metric's name ends with."""
    return next((unit for end, unit in _UNITS.items() if str(metric).endswith(end)), Unit.RATIO)


def wanted(direction: Any) -> str:
    """Return which way is better, in words."""
    return "less is better" if direction == "decrease" else "more is better"


def signed(margin: Any, direction: Any) -> float | None:
    """Return the lift from which on a guardrail is harmed."""
    if not isinstance(margin, int | float):
        return None
    return float(margin) if direction == "decrease" else -float(margin)


def primary(entry: Row) -> Row:
    """Return the primary metric of the arm that the verdict is about, else of the one with the largest lift."""
    found = [c for c in rows(entry, "comparisons") if c.get("role") == "primary"]
    mine = [c for c in found if c.get("arm") == entry.get("arm")] or found
    return max(mine, key=lambda c: abs(estimate(c.get("lift")).number or 0.0), default={})


def verdict_label(word: Any, tones: dict[str, Tone]) -> Label:
    """Return a verdict with its tone."""
    return Label(logged(word, "unknown"), tones.get(str(word), Tone.PLAIN))
