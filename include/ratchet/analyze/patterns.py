"""The patterns of a night: what is frequent, what follows what, what moves together, what was unusual, what code shows.

Each kind has a module of its own. What becomes of a pattern belongs to `generate/patterns.py`; here it says to what it
may lead, or why to nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from ratchet import frames
from ratchet.analyze.backtest import DEFINITION, WANTED, Backtest
from ratchet.analyze.correlations import ALPHA as CORRELATION_ALPHA
from ratchet.analyze.correlations import THRESHOLD as CORRELATION_THRESHOLD
from ratchet.analyze.correlations import CorrelationsResult, find_correlations
from ratchet.analyze.figure_series import figure_series
from ratchet.analyze.frequency import (
    INTENT_ALPHA,
    Frequent,
    IntentsResult,
    counts_of,
    find_frequent,
    find_unusual_intents,
)
from ratchet.analyze.pattern_backtest import correlation_backtest, hour_backtest, intent_backtest, sequence_backtest
from ratchet.analyze.sequences import FAILED, LONGEST, MAX_GAP, Q, Sequence, SequencesResult, find_sequences
from ratchet.analyze.unusual_hours import THRESHOLD as HOURS_THRESHOLD
from ratchet.analyze.unusual_hours import HoursResult, find_unusual_hours
from ratchet.analyze.workflows import DEFINITIONS as OF_WORKFLOWS
from ratchet.analyze.workflows import find_workflows
from ratchet.contracts.estimates import as_record
from ratchet.contracts.key_figures import FIGURES
from ratchet.contracts.workflows import WorkflowsResult

MARTS = (
    "mart_pattern_days",
    "mart_errors",
    "mart_sequences",
    "mart_kpis_daily",
    "mart_health_hourly",
    "mart_workflows",
)
KEPT = 200  # frequent things in the artifact, those that changed first


@dataclass(frozen=True, slots=True)
class PatternsResult:
    """What a night found, by kind."""

    as_of: date
    frequent: tuple[Frequent, ...]
    sequences: SequencesResult
    correlations: CorrelationsResult
    hours: HoursResult
    intents: IntentsResult
    workflows: WorkflowsResult
    remedies: Remedies
    backtests: tuple[Backtest, ...] = ()
    definitions: dict[str, str] = field(default_factory=dict)

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `patterns.json`; every pattern with what it leads to, or why it leads to nothing."""
        looked = {
            "frequent": len(self.frequent),
            "sessions": self.sequences.sessions,
            "sequences_tested": self.sequences.tested,
            "figures_correlated": self.correlations.series,
            "hourly_figures": self.hours.series,
            "hours_backtest_days": self.hours.backtest_days,
            "hours_backtest_unusual": self.hours.backtest_unusual,
            "intents_judged": self.intents.judged,
            "intents_backtest_days": self.intents.backtest_days,
            "intents_backtest_unusual": self.intents.backtest_unusual,
            "calls": self.workflows.calls,
            "requests_timed": self.workflows.requests,
        }
        return {
            "artifact": "patterns",
            "as_of": self.as_of.isoformat(),
            "reason": "" if self.frequent or self.sequences.sessions else "nothing was logged",
            "frequent": [_with(f, _of_frequent(f, self.remedies)) for f in self.frequent[:KEPT]],
            "sequences": [_with(s, _of_sequence(s)) for s in self.sequences.found],
            "correlations": [
                _with(c, (None, "moving together says nothing of causes: only an experiment does"))
                for c in self.correlations.found
            ],
            "hours": [
                _with(h, (None, "an hour is looked into, not improved: see health, errors and changes of that day"))
                for h in self.hours.found
            ],
            "intents": [
                _with(i, (None, "people asked more or less than usual: nothing is broken by that"))
                for i in self.intents.found
            ],
            "backtests": as_record(self.backtests),
            **{name: as_record(getattr(self.workflows, name)) for name in _WORKFLOWS},
            "looked_at": looked,
            "definitions": self.definitions,
        }


_WORKFLOWS = ("repeats", "loops", "cycles", "paths", "path_steps", "pairs")
Lead = tuple[str | None, str]
Remedies = Mapping[str, str]


def _with(found: Any, lead: Lead) -> dict[str, Any]:
    record: dict[str, Any] = as_record(found)
    return record | {"leads_to": lead[0], "because": lead[1]}


def _of_frequent(found: Frequent, remedies: Remedies) -> Lead:
    if found.kind == "learning pattern":
        known = remedies.get(found.name)
        return ("feedback_task", known) if known else (None, "the catalogue no longer knows it")
    if found.kind == "error":
        return "error_fix", "an error this frequent gets a fix where one can be made: see errors and fixes"
    if found.kind == "failed intent":
        return "feature_request", "what fails for people is a feature gap above its floor: see feature gaps"
    return None, "being asked for often is no fault"


def _of_sequence(found: Sequence) -> Lead:
    if found.actions[-1].endswith(FAILED):
        return "feedback_task", "what fails after the same steps can be mended where the steps meet"
    return None, "a habit: nothing in it fails"


def find_patterns(
    marts: Mapping[str, pd.DataFrame],
    as_of: date,
    support: float,
    confidence: float,
    remedies: Remedies,
    changed: Collection[date] = (),
) -> PatternsResult:
    """Return the patterns of a night.

    Args:
        marts: those of `MARTS`, by name.
        as_of: the night's day.
        support: `pattern_support_threshold`.
        confidence: `pattern_confidence_threshold`.
        remedies: of each indicator of the catalogue, by its name.
        changed: days of logged incidents and changes, for the backtests.
    """
    counts = counts_of(marts["mart_pattern_days"], as_of)
    sequences = find_sequences(marts["mart_sequences"], as_of, support, confidence)
    moved = find_correlations(figure_series(marts["mart_kpis_daily"], FIGURES, as_of))
    hours = find_unusual_hours(marts["mart_health_hourly"], as_of)
    intents = find_unusual_intents(counts)
    sessions = frames.rows_of(marts["mart_sequences"], as_of, ())
    backtests = (
        hour_backtest(hours.looked_at, as_of, changed, WANTED),
        intent_backtest(intents, as_of, changed, WANTED),
        correlation_backtest(moved, WANTED),
        sequence_backtest([sessions], int(bool(sequences.found)), support, confidence),
    )
    return PatternsResult(
        as_of,
        tuple(find_frequent(counts, marts["mart_errors"], as_of)),
        sequences,
        moved,
        hours,
        intents,
        find_workflows(marts["mart_workflows"], as_of),
        remedies,
        backtests,
        _definitions(support, confidence),
    )


def _definitions(support: float, confidence: float) -> dict[str, str]:
    return {
        "frequent": "at least five times in seven days; intents, intents that failed, errors, signs of the catalogue",
        "course": (
            "rate of the week over that of the four weeks before; exact test of two Poisson rates, counts divided by "
            "how much more than chance the days scatter, false discovery rate 5 % over everything frequent"
        ),
        "sequence": (
            f"two to {LONGEST} actions in the sessions of a week, in this order, at most {MAX_GAP} others between two "
            f"of them; in at least {support:.0%} of sessions, and the last one following in at least {confidence:.0%}; "
            "more often than without the steps before (Fisher) and than in the reverse order (McNemar), the larger "
            f"p-value, false discovery rate {Q:.2%}"
        ),
        "lift": "how many times as often the last action follows as it comes in any session",
        "correlation": (
            f"Spearman's correlation of at least {CORRELATION_THRESHOLD} of two key figures from day to day, without "
            "weekday and level, up to three days apart; by shuffled weeks any pair is claimed with "
            f"{CORRELATION_ALPHA:.2%} chance where nothing moves together; never a cause"
        ),
        "hour": (
            "four hours together against the same hours of the four weeks before, as a multiple of the distance that "
            f"99 % of the hours before stayed within; unusual from {HOURS_THRESHOLD} on, with about 1 % "
            "chance on a night without anything"
        ),
        "intent": (
            "requests of the day against the level of the two weeks before and the weekday; any intent is called "
            f"unusual with {INTENT_ALPHA:.1%} chance on a night without anything (Holm)"
        ),
        "backtest": DEFINITION,
        **OF_WORKFLOWS,
    }
