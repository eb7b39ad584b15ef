"""What people think of the answers, on one scale, and where they are not satisfied (R26, R27, R28).

The tasks that follow belong to `generate/tasks.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ratchet import frames
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.names import LONGEST, bounded, in_words
from ratchet.contracts.satisfaction import (
    FeedbackResult,
    IntentFeedback,
    Overall,
    Pattern,
    ResponseRate,
    Sign,
    Source,
    Ungrouped,
)
from ratchet.contracts.settings import LearningSettings
from ratchet.statistics.arrays import ALPHA
from ratchet.statistics.comparisons import benjamini_hochberg
from ratchet.statistics.means import bounded_mean_interval, pooled_variance, shrink
from ratchet.statistics.proportions import against_rest, wilson
from ratchet.statistics.words import distinctive

FLOOR = 5
LOW = 5.0
TOP_SCORE = 10.0
MACHINES = ("evaluator",)
SAMPLES = 3
_COUNTS = ("feedback", "scored", "low", "unknown_action", "units", "rating_n")
_SUMS = ("score_sum", "score_sumsq", "rating_sum")
_KEY = ("window_days", "intent", "kind", "rater")
_NO_SCORE = "no score was given"
_NO_REQUEST = "no request was logged"
_LEAST_VARIANCE = 0.01  # scores are no finer than a tenth of a point


def find_patterns(
    feedback: pd.DataFrame,
    response: pd.DataFrame,
    comments: pd.DataFrame,
    settings: LearningSettings,
    as_of: date,
) -> FeedbackResult:
    """Judge every intent by its scores and name those that people are not satisfied with.

    Args:
        feedback: mart_feedback.
        response: mart_feedback_response.
        comments: mart_feedback_comments.
        settings: floors, windows and k-anonymity.
        as_of: the night's day.
    """
    rows = frames.rows_of(feedback, as_of, _KEY)
    rows[list(_COUNTS)] = frames.counts(rows, _COUNTS)
    rows[list(_SUMS)] = rows[list(_SUMS)].astype("float64").fillna(0.0)
    answered = _answered(response, as_of)
    window = settings.suggestion_window_days
    table, lately = _tables(rows, answered, (window, settings.gap_window_days))
    scored = int(table.n.sum())
    enough = scored >= settings.min_feedback_count
    return FeedbackResult(
        as_of=as_of,
        reason="" if enough else f"{scored} scores in {window} days; {settings.min_feedback_count} are needed",
        window_days=window,
        overall=tuple(_overall(rows, answered, days) for days in (settings.gap_window_days, window)),
        patterns=_patterns((table, lately), _comments(comments, as_of), settings.k_anonymity) if enough else (),
        intents=tuple(table.judged(row) for row in np.flatnonzero(table.above_floor).tolist()),
        sources=_sources(rows[rows["window_days"] == window]),
        response=_response(answered[answered["window_days"] == window]),
        below_floor=table.ungrouped(table.named & ~table.above_floor, f"fewer than {FLOOR} scores"),
        without_intent=table.ungrouped(~table.named, "the interaction has no intent or was not logged"),
        definitions=_definitions(settings),
    )


class _Intents:
    """The people's scores by intent within one window, with every statistic as a column."""

    def __init__(self, people: pd.DataFrame, answered: pd.DataFrame, window_days: int) -> None:
        self.window_days = window_days
        self.totals = frames.sums(people, ("intent",), ("feedback", "scored", "low", "score_sum", "score_sumsq"))
        self.names = self.totals.index.to_numpy(dtype=object)
        self.units = people.groupby("intent")["units"].max().reindex(self.totals.index, fill_value=0).to_numpy()
        self.requests = _added(answered).reindex(self.totals.index, fill_value=0)
        self.by_kind = people[people["low"] > 0].groupby(["intent", "kind"])["low"].sum()
        self.n, self.low = self.totals["scored"].to_numpy(), self.totals["low"].to_numpy()
        self.named: NDArray[np.bool_] = self.names != ""
        self.above_floor = self.named & (self.n >= FLOOR)
        self.share, self.lift = wilson(self.low, self.n), against_rest(self.low, self.n)
        self.tested = np.where(self.above_floor, self.lift.p, np.nan)
        self.q = self.tested
        self.mean = bounded_mean_interval(self.totals["score_sum"], self.n, 0, TOP_SCORE)
        self.response = wilson(self.requests["requests_with_feedback"], self.requests["requests"])
        self.shrunk = self._shrunk()

    def _shrunk(self) -> dict[int, Estimate]:
        rows = np.flatnonzero(self.named & (self.n > 0))
        if not len(rows):
            return {}
        columns = [self.totals[c].to_numpy()[rows] for c in ("score_sum", "score_sumsq", "scored")]
        single = np.nan_to_num(pooled_variance(*columns), nan=(TOP_SCORE / 2) ** 2)
        found = shrink(self.mean.value[rows], max(single, _LEAST_VARIANCE) / self.n[rows]).means
        inside = replace(found, low=np.maximum(found.low, 0), high=np.minimum(found.high, TOP_SCORE))
        return {row: inside.estimate(at, self.n[row], _NO_SCORE) for at, row in enumerate(rows.tolist())}

    def judged(self, row: int) -> IntentFeedback:
        """Return one intent in full."""
        name, n = self.names[row], int(self.n[row])
        kinds = self.by_kind.loc[name] if name in self.by_kind.index.get_level_values(0) else {}
        return IntentFeedback(
            intent=bounded(name),
            feedback=int(self.totals["feedback"].iloc[row]),
            scored=n,
            low=int(self.low[row]),
            units=int(self.units[row]),
            mean=self.mean.estimate(row, n, _NO_SCORE),
            shrunk_mean=self.shrunk[row],
            low_share=self.share.estimate(row, n, _NO_SCORE),
            lift=self.lift.ratio.estimate(row, n, "no other intent has a low score"),
            lift_q=frames.number(self.q[row]),
            response_rate=self.response.estimate(row, int(self.requests["requests"].iloc[row]), _NO_REQUEST),
            low_by_kind={str(kind): int(low) for kind, low in kinds.items()},
        )

    def signs(self, row: int) -> tuple[Sign, ...]:
        """Return why an intent is a pattern; nothing where it is none."""
        if not self.above_floor[row] or self.low[row] < FLOOR:
            return ()
        worse = self.q[row] <= ALPHA and self.share.value[row] > self.lift.rest[row]
        high = self.shrunk[row].high
        found = ((Sign.WORSE_THAN_REST, worse), (Sign.LOW_ON_THE_SCALE, high is not None and high < LOW))
        return tuple(sign for sign, holds in found if holds)

    def ungrouped(self, rows: NDArray[np.bool_], reason: str) -> Ungrouped:
        """Return how many scores lie in rows that are not judged."""
        return Ungrouped(reason, int(rows.sum()), int(self.n[rows].sum()))


def _tables(rows: pd.DataFrame, answered: pd.DataFrame, windows: tuple[int, int]) -> tuple[_Intents, _Intents]:
    """Return the intents of both windows, their p-values adjusted together."""
    people = rows[~rows["rater"].isin(MACHINES)]
    long, short = (
        _Intents(people[people["window_days"] == days], answered[answered["window_days"] == days], days)
        for days in windows
    )
    adjusted = benjamini_hochberg(np.concatenate([long.tested, short.tested]))
    long.q, short.q = adjusted[: len(long.tested)], adjusted[len(long.tested) :]
    return long, short


def _patterns(tables: Iterable[_Intents], comments: pd.DataFrame, k_anonymity: int) -> tuple[Pattern, ...]:
    found: dict[str, Pattern] = {}
    for table in tables:  # the long window first: it holds more evidence
        for row, name in enumerate(table.names.tolist()):
            if name not in found and (signs := table.signs(row)):
                found[name] = _pattern(table, row, signs, comments, k_anonymity)
    return tuple(sorted(found.values(), key=lambda p: (p.feedback.shrunk_mean.number or 0.0, p.intent)))


def _pattern(table: _Intents, row: int, signs: tuple[Sign, ...], comments: pd.DataFrame, k_anonymity: int) -> Pattern:
    feedback = table.judged(row)
    own = comments["intent"] == table.names[row]
    here, elsewhere = comments[own], comments[~own]
    shown = feedback.units >= k_anonymity
    return Pattern(
        intent=feedback.intent,
        window_days=table.window_days,
        signs=signs,
        feedback=feedback,
        rest_low_share=frames.number(table.lift.rest[row]),
        words=distinctive(here["comment"], elsewhere["comment"]) if shown else (),
        samples=tuple(in_words(c, LONGEST) for c in here["comment"].head(SAMPLES)) if shown else (),
        sample_event_ids=tuple(here["event_id"].head(SAMPLES).astype(str)),
    )


def _comments(comments: pd.DataFrame, as_of: date) -> pd.DataFrame:
    rows = frames.rows_of(comments, as_of, ("intent", "rank"))
    low = rows["score"].astype("float64") < LOW
    said = rows["comment"].map(lambda c: bool(frames.text(c).strip())).astype(bool)
    return rows[low & said].reset_index(drop=True)


def _answered(response: pd.DataFrame, as_of: date) -> pd.DataFrame:
    rows = frames.rows_of(response, as_of, ("window_days", "intent", "agent_tier"))
    columns = ("requests", "requests_with_feedback")
    rows[list(columns)] = frames.counts(rows, columns)
    return rows


def _added(answered: pd.DataFrame) -> pd.DataFrame:
    return frames.sums(answered, ("intent",), ("requests", "requests_with_feedback"))


def _overall(rows: pd.DataFrame, answered: pd.DataFrame, days: int) -> Overall:
    people = rows[(rows["window_days"] == days) & ~rows["rater"].isin(MACHINES)]
    asked = answered[answered["window_days"] == days]
    requests, n = int(asked["requests"].sum()), int(people["scored"].sum())
    answers = wilson(int(asked["requests_with_feedback"].sum()), requests)
    return Overall(
        window_days=days,
        feedback=int(people["feedback"].sum()),
        scored=n,
        mean=bounded_mean_interval(people["score_sum"].sum(), n, 0, TOP_SCORE).estimate(0, n, _NO_SCORE),
        low_share=wilson(int(people["low"].sum()), n).estimate(0, n, _NO_SCORE),
        response_rate=answers.estimate(0, requests, _NO_REQUEST),
    )


def _sources(long: pd.DataFrame) -> tuple[Source, ...]:
    totals = frames.sums(long, ("kind", "rater"), (*_COUNTS, *_SUMS)).reset_index()
    means = bounded_mean_interval(totals["score_sum"], totals["scored"], 0, TOP_SCORE)
    shares = wilson(totals["low"], totals["scored"])
    ratings = bounded_mean_interval(totals["rating_sum"], totals["rating_n"], 1, 5)
    return tuple(
        Source(
            kind=line["kind"],
            rater=line["rater"],
            **{c: int(line[c]) for c in ("feedback", "scored", "unknown_action")},
            mean=means.estimate(row, line["scored"], _NO_SCORE),
            low_share=shares.estimate(row, line["scored"], _NO_SCORE),
            raw_rating=ratings.estimate(row, line["rating_n"], _NO_SCORE) if line["rating_n"] else None,
        )
        for row, line in enumerate(frames.records(totals))
    )


def _response(answered: pd.DataFrame) -> tuple[ResponseRate, ...]:
    rows = answered.sort_values(["requests", "intent", "agent_tier"], ascending=[False, True, True], ignore_index=True)
    rates = wilson(rows["requests_with_feedback"], rows["requests"])
    return tuple(
        ResponseRate(
            intent=bounded(line["intent"]),
            agent_tier=bounded(line["agent_tier"]),
            requests=int(line["requests"]),
            requests_with_feedback=int(line["requests_with_feedback"]),
            rate=rates.estimate(row, line["requests"], _NO_REQUEST),
        )
        for row, line in enumerate(frames.records(rows))
    )


def _definitions(s: LearningSettings) -> dict[str, str]:
    return {
        "score": (
            "0 to 10, whatever it was given as: rating r is 2.5 (r - 1), thumb 10 or 0, score linear between its "
            "bounds, behaviour by the contract's table; unknown behaviour has no score and is counted"
        ),
        "raters": "users and experts; evaluators (machines) are listed under sources and stand in no other figure",
        "low": f"a score below {LOW:g}",
        "mean": "plain average with an interval that holds for any spread of scores",
        "shrunk_mean": "average drawn toward that of all intents by its uncertainty (empirical Bayes, normal)",
        "low_share": "low of all scores, with Wilson's 95 % interval",
        "lift": (
            "low share over that of all other intents together; Fisher's exact test, false discovery rate held at 5 % "
            "(Benjamini–Hochberg)"
        ),
        "pattern": (
            f"at least {FLOOR} low scores in {s.suggestion_window_days} or in {s.gap_window_days} days, and in that "
            "window either a low share above the rest beyond chance or a shrunk mean whose upper bound is below "
            f"{LOW:g}; nothing is judged below {s.min_feedback_count} scores in {s.suggestion_window_days} days"
        ),
        "response_rate": "requests with feedback of all requests: those who answer may differ from those who do not",
        "units": "at least so many distinct units gave feedback",
        "words": (
            "words that low comments hold more often than those on other intents (log-odds with an informative "
            "Dirichlet prior, z at least 1.96), counted once a comment"
        ),
        "samples": f"redacted comments with low scores, where at least {s.k_anonymity} units gave feedback",
    }
