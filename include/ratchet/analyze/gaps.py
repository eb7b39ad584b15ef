"""What people ask for and do not get: unmet needs of the last week (R2) and features to build (R4).

What is proposed because of a gap belongs to `generate/features.py`.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ratchet import frames
from ratchet.analyze.change import TEST, Changes, changes
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.gaps import Gap, GapError, GapsResult, GapStatus, Ordinary, Uncounted, Window
from ratchet.contracts.improvements import Priority
from ratchet.contracts.names import LONGEST, bounded, in_words
from ratchet.contracts.settings import LearningSettings
from ratchet.statistics.arrays import ALPHA, Intervals
from ratchet.statistics.comparisons import benjamini_hochberg
from ratchet.statistics.proportions import Lift, against_rest, wilson

TOP_ERRORS = 5
UNSUPPORTED = (
    "not supported",
    "unsupported",
    "not implemented",
    "not available",
    "not registered",
    "unknown tool",
    "unknown function",
    "no such tool",
    "no tool named",
    "tool not found",
    "toolnotfound",
    "function not found",
)  # the source document looks for the first of them
_COUNTS = ("requests", "successes", "failures", "unknown", "units", "failing_units")
_BEFORE = ("previous_requests", "previous_failures")


def find_gaps(gaps: pd.DataFrame, gap_errors: pd.DataFrame, settings: LearningSettings, as_of: date) -> GapsResult:
    """Find what is asked for and fails.

    An intent is a gap when it is above the floor in the long window and stands out in either window: it fails more
    often than all other intents together, or at least half of the time, or for want of support.

    Args:
        gaps: mart_feature_gaps.
        gap_errors: mart_feature_gap_errors.
        settings: floors and windows.
        as_of: the night's day.
    """
    rows = frames.rows_of(gaps, as_of, ("window_days", "intent"))
    rows[[*_COUNTS, *_BEFORE]] = frames.counts(rows, (*_COUNTS, *_BEFORE))
    long = rows[rows["window_days"] == settings.suggestion_window_days].reset_index(drop=True)
    short = _aligned(rows[rows["window_days"] == settings.gap_window_days], long)
    errors = _errors_of(gap_errors, settings, as_of)
    table = _Table(long, short, errors.groupby("intent")["unsupported"].sum(), settings)
    above = table.above_floor()
    candidates = above & table.stands_out()
    trends = _trends(table, candidates)
    by_intent = {str(intent): rows for intent, rows in errors.groupby("intent", sort=False)}
    found = [table.gap(row, at, trends, by_intent) for at, row in enumerate(np.flatnonzero(candidates).tolist())]
    total = {c: int(long[c].sum()) for c in _COUNTS}
    return GapsResult(
        as_of=as_of,
        reason="" if total["requests"] else "no request was logged in the window",
        gap_window_days=settings.gap_window_days,
        suggestion_window_days=settings.suggestion_window_days,
        requests=total["requests"],
        failures=total["failures"],
        unknown=total["unknown"],
        failure_rate=_base_rate(total["failures"], total["successes"]),
        features=tuple(sorted(found, key=lambda g: (-(g.score.number or 0), g.feature))),
        ordinary=tuple(table.ordinary(r) for r in np.flatnonzero(above & ~candidates).tolist()),
        not_computable=table.not_computable(),
        below_floor=_uncounted(long[table.usable & (long["failures"] > 0) & ~above], _floor(settings)),
        definitions=_definitions(settings),
    )


class _Table:
    """The intents of the night with both windows side by side."""

    def __init__(self, long: pd.DataFrame, short: pd.DataFrame, unsupported: Any, settings: LearningSettings) -> None:
        self.long, self.short, self.settings = long, short, settings
        self.unsupported = long["intent"].map(unsupported).fillna(0).to_numpy(dtype=int)
        self.named = (long["intent"] != "").to_numpy(dtype=bool)
        self.usable = self.named & (long["units"] > 0).to_numpy(dtype=bool)
        self.rates = [_rate(w) for w in (long, short)]
        self.lifts = [_lift(w) for w in (long, short)]
        tested = np.concatenate(
            [
                np.where(_known(frame) > settings.gap_floor_events, lift.p, np.nan)
                for frame, lift in zip((long, short), self.lifts, strict=True)
            ]
        )
        self.lift_q = np.split(benjamini_hochberg(tested), 2) if len(long) else [tested, tested]

    def above_floor(self) -> NDArray[np.bool_]:
        """Return where enough requests of enough units have failed."""
        failures, units = self.long["failures"].to_numpy(), self.long["failing_units"].to_numpy()
        return self.usable & (failures > self.settings.gap_floor_events) & (units >= self.settings.gap_floor_units)

    def not_computable(self) -> tuple[Uncounted, ...]:
        """Return the requests that cannot be grouped or whose units cannot be told apart."""
        unnamed = _uncounted(self.long[~self.named], "no intent was logged")
        nobody = _uncounted(self.long[self.named & ~self.usable], "no user, session or trace id was logged")
        return tuple(u for u in (unnamed, nobody) if u.requests)

    def stands_out(self) -> NDArray[np.bool_]:
        """Return where an intent fails more than the others, at least half of the time, or for want of support."""
        found: NDArray[np.bool_] = self.unsupported > self.settings.gap_floor_events
        for rate, lift, q in zip(self.rates, self.lifts, self.lift_q, strict=True):
            found |= (q <= ALPHA) & (rate.value > lift.rest)
        return found | (self.rates[0].low >= 0.5)

    def ordinary(self, row: int) -> Ordinary:
        """Return an intent that does not stand out."""
        line = self.long.iloc[row]
        return Ordinary(bounded(line["intent"]), int(line["failures"]), self._rate_estimate(0, self.long, row))

    def gap(self, row: int, at: int, trends: Changes, errors: dict[str, pd.DataFrame]) -> Gap:
        """Return one gap; `at` is its row in `trends`."""
        line, s = self.long.iloc[row], self.settings
        status = _status(trends, at, int(self.short["successes"].iloc[row]), s.gap_floor_events)
        samples = frames.texts(line["sample_requests"]) if line["failing_units"] >= s.k_anonymity else ()
        return Gap(
            feature=bounded(line["intent"]),
            demand=int(line["failures"]),
            priority=_priority(int(line["failures"]), status, s.high_priority_demand),
            status=status,
            units=int(line["units"]),
            failing_units=int(line["failing_units"]),
            unit_kind=frames.text(line["unit_kind"]),
            requests=int(line["requests"]),
            unsupported=int(self.unsupported[row]),
            previous_demand=int(line["previous_failures"]),
            failure_rate=self._rate_estimate(0, self.long, row),
            trend=trends.trend(at),
            score=self._score(row, at, trends),
            windows={
                str(days): self._window(i, frame, row)
                for i, (days, frame) in enumerate(
                    ((s.suggestion_window_days, self.long), (s.gap_window_days, self.short))
                )
            },
            first_seen=frames.day(line["first_seen"]),
            last_seen=frames.day(line["last_seen"]),
            errors=_top_errors(errors.get(line["intent"])),
            samples=tuple(in_words(text, LONGEST) for text in samples),
            sample_event_ids=frames.texts(line["sample_event_ids"]),
        )

    def _rate_estimate(self, which: int, frame: pd.DataFrame, row: int) -> Estimate:
        return self.rates[which].estimate(row, int(_known(frame)[row]), "no request has a known outcome")

    def _window(self, which: int, frame: pd.DataFrame, row: int) -> Window:
        counts = {c: int(frame[c].iloc[row]) for c in _COUNTS if c != "successes"}
        lift = self.lifts[which].ratio.estimate(row, int(_known(frame)[row]), "no other intent has failed")
        return Window(
            **counts,
            failure_rate=self._rate_estimate(which, frame, row),
            rest_failure_rate=frames.number(self.lifts[which].rest[row]),
            lift=lift,
            lift_q=frames.number(self.lift_q[which][row]),
        )

    def _score(self, row: int, at: int, trends: Changes) -> Estimate:
        units, n = float(self.long["units"].iloc[row]), float(_known(self.long)[row])
        share = float(self.rates[0].value[row])
        center = np.log(units * share) + trends.factor[at]
        half = 1.959964 * np.sqrt(1 / units + (1 - share) / (n * share) + trends.factor_variance[at])
        return Estimate(float(np.exp(center)), int(n), float(np.exp(center - half)), float(np.exp(center + half)))


def _aligned(short: pd.DataFrame, long: pd.DataFrame) -> pd.DataFrame:
    counts = short.set_index("intent")[[*_COUNTS, *_BEFORE]]
    return counts.reindex(long["intent"], fill_value=0).reset_index()


def _known(frame: pd.DataFrame) -> Any:
    return (frame["successes"] + frame["failures"]).to_numpy()


def _base_rate(failures: int, successes: int) -> Estimate:
    known = failures + successes
    return wilson(failures, known).estimate(0, known, "no request has a known outcome")


def _rate(frame: pd.DataFrame) -> Intervals:
    return wilson(frame["failures"], _known(frame))


def _lift(frame: pd.DataFrame) -> Lift:
    return against_rest(frame["failures"], _known(frame))


def _trends(table: _Table, rows: NDArray[np.bool_]) -> Changes:
    exposure = float(table.short["requests"].sum())
    before = float(table.long["requests"].sum()) - exposure
    now = table.short["failures"].to_numpy()[rows]
    return changes(now, exposure, table.long["failures"].to_numpy()[rows] - now, before)


def _status(trends: Changes, at: int, successes: int, floor: int) -> GapStatus:
    if trends.up[at]:
        return GapStatus.GROWING if trends.before[at] else GapStatus.NEW
    if trends.down[at]:
        return GapStatus.FIXED if trends.now[at] == 0 and successes > floor else GapStatus.SHRINKING
    return GapStatus.STABLE if trends.steady[at] else GapStatus.UNKNOWN


def _priority(demand: int, status: GapStatus, high: int) -> Priority:
    if status is GapStatus.FIXED:
        return Priority.LOW
    return Priority.HIGH if demand > high else Priority.MEDIUM


def _errors_of(gap_errors: pd.DataFrame, settings: LearningSettings, as_of: date) -> pd.DataFrame:
    rows = frames.rows_of(gap_errors, as_of, ("window_days", "intent", "error_kind"))
    rows = rows[rows["window_days"] == settings.suggestion_window_days].reset_index(drop=True)
    rows[["failures", "units"]] = frames.counts(rows, ("failures", "units"))
    says = rows["error_kind"].astype(str).str.casefold()
    unsupported = np.zeros(len(rows), dtype=bool)
    for marker in UNSUPPORTED:
        unsupported |= says.str.contains(marker, regex=False).to_numpy(dtype=bool)
    return rows.assign(unsupported=np.where(unsupported, rows["failures"], 0))


def _top_errors(rows: pd.DataFrame | None) -> tuple[GapError, ...]:
    if rows is None:
        return ()
    top = rows.sort_values(["failures", "error_kind"], ascending=[False, True], kind="stable").head(TOP_ERRORS)
    return tuple(
        GapError(bounded(r["error_kind"]), int(r["failures"]), int(r["units"]), frames.texts(r["sample_event_ids"]))
        for r in frames.records(top)
    )


def _uncounted(rows: pd.DataFrame, reason: str) -> Uncounted:
    return Uncounted(reason, len(rows), int(rows["requests"].sum()), int(rows["failures"].sum()))


def _floor(settings: LearningSettings) -> str:
    return (
        f"at most {settings.gap_floor_events} failed requests, or fewer than {settings.gap_floor_units} users, "
        f"in {settings.suggestion_window_days} days"
    )


def _definitions(s: LearningSettings) -> dict[str, str]:
    rest = s.suggestion_window_days - s.gap_window_days
    return {
        "feature": "the logged intent of what users asked (root interactions)",
        "demand": f"failed requests in the last {s.suggestion_window_days} days",
        "priority": f"high above {s.high_priority_demand} failed requests, low once fixed, else medium",
        "gap": (
            f"more than {s.gap_floor_events} failed requests by at least {s.gap_floor_units} units in "
            f"{s.suggestion_window_days} days, and in that window or the last {s.gap_window_days} days it fails more "
            "often than all other intents together (Fisher's exact test, Benjamini–Hochberg), or at least half of the "
            f"time (lower bound), or more than {s.gap_floor_events} times for want of support"
        ),
        "failure_rate": "failed of the requests with a known outcome, with Wilson's 95 % interval",
        "unsupported": "failed requests whose error says that the thing is not supported",
        "trend": (
            f"failed requests per request of any kind in the last {s.gap_window_days} days over the {rest} days "
            f"before; {TEST}"
        ),
        "status": (
            "new: a rise from nothing; growing, shrinking: beyond chance; fixed: fallen to nothing while others "
            "succeed; stable: a doubling and a halving are both ruled out; else not enough data"
        ),
        "score": "units that asked x failure rate x trend, the trend drawn toward 1 by its uncertainty; for ranking",
        "samples": f"redacted texts of failed requests, where at least {s.k_anonymity} units failed",
    }
