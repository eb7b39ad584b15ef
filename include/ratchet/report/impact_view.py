"""What deployed fixes did, as data for the report, beside the classes of `view.py`.

What is said about one belongs to `sections/impact.py`, how it looks to `impact_charts.py` and the templates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from ratchet.contracts.estimates import Estimate
from ratchet.report.logtext import Text
from ratchet.report.trial_view import Check
from ratchet.report.view import Fact, Label


@dataclass(frozen=True, slots=True)
class EffectDay:
    """One day of a fix: the share of requests that failed with its error; `counted` where the comparison uses it."""

    day: date
    share: float | None
    with_fix: bool
    counted: bool


@dataclass(frozen=True, slots=True)
class Effect:
    """A deployed fix as people read it: verdict and why, before and with it day by day, and whether to believe it."""

    id: str
    name: Text
    verdict: Label
    reason: str
    about: Text
    facts: tuple[Fact, ...]
    days: tuple[EffectDay, ...]
    before: Estimate
    with_fix: Estimate
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Effects:
    """Deployed fixes, those that were decided tonight first."""

    kind: str = field(default="effects", init=False)
    caption: str
    effects: tuple[Effect, ...]
    total: int
    file: str
