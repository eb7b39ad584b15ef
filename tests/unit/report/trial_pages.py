"""What a page shows of experiments and rollouts, by their names."""

from __future__ import annotations

from typing import Any

from tests.unit.report import trial_fixtures
from tests.unit.report.fixtures import night
from tests.unit.report.values import DAY

from ratchet import report
from ratchet.contracts.estimates import Estimate
from ratchet.errors import NotComputable
from ratchet.report.logtext import text
from ratchet.report.trial_view import Interval
from ratchet.report.view import Label, Tone


def blocks(name: str, **changes: Any) -> list[Any]:
    view = report.build(night(**changes), DAY)
    (section,) = (s for c in view.chapters for s in c.sections if s.id == name)
    return list(section.blocks)


def one(name: str, kind: str, **changes: Any) -> Any:
    (found,) = (b for b in blocks(name, **changes) if b.kind == kind)
    return found


def cards(*entries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    found = one("experiments", "trials", experiments=trial_fixtures.experiments(list(entries) or None, **changes))
    return {str(t.name): t for t in found.trials}


def timelines(*entries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    found = one("rollouts", "timelines", rollouts=trial_fixtures.rollouts(list(entries) or None), **changes)
    return {str(t.name): t for t in found.timelines}


def said(name: str, **changes: Any) -> str:
    return " ".join(str(b.text) for b in blocks(name, **changes) if b.kind == "paragraph")


def line(value: float | None = 0.04, low: float | None = -0.01, high: float | None = 0.09, **more: Any) -> Interval:
    number = NotComputable("too few units") if value is None else value
    tone = more.pop("tone", Tone.PLAIN)
    return Interval(text("m"), text("primary"), Estimate(number, 10, low, high), Label("undecided", tone), **more)
