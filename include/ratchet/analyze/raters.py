"""How far raters agree who judged the same thing: what their scores are worth as evidence (R26).

The statistic belongs to `statistics/agreement.py`, what their scores say to `feedback.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from ratchet import frames
from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.names import bounded
from ratchet.errors import NotComputable
from ratchet.statistics.agreement import Distance, krippendorff_alpha
from ratchet.statistics.proportions import wilson

KEPT_SETS = 5000
GROUPS = 50
DEFINITIONS = {
    "agreement": (
        "of raters who name themselves (`rater_id`) and judged the same thing in 30 days, each once: Krippendorff's "
        "alpha of their scores by the square of the difference, and of their verdicts as equal or not (with three "
        "raters nearly Fleiss' kappa); 1 is full agreement, 0 is chance; jackknife interval over things"
    ),
    "unanimous": "things on which all raters gave the same score, with Wilson's 95 % interval",
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the raters of one kind agree on one question.

    Attributes:
        kind: form of the feedback.
        rater: user, expert or evaluator.
        question: what they were asked, '' where not logged.
        items: things that several judged.
        ratings: their ratings.
        alpha: Krippendorff's alpha, by the square of the difference of scores.
        alpha_nominal: the same, by whether they are equal.
        unanimous: share of things on which all gave the same score.
    """

    kind: str
    rater: str
    question: str
    items: int
    ratings: int
    alpha: Estimate
    alpha_nominal: Estimate
    unanimous: Estimate


def agreements(sets: pd.DataFrame, as_of: date) -> list[dict[str, Any]]:
    """Return how far raters agree, those with the most things judged first.

    Args:
        sets: mart_rater_agreement.
        as_of: the night's day.
    """
    rows = frames.rows_of(sets, as_of, ("kind", "rater", "question", "items"))
    found = [_agreement(group) for _, group in rows.groupby(["kind", "rater", "question"], sort=True)]
    found.sort(key=lambda a: (-a.items, a.kind, a.rater, a.question))
    return [as_record(each) for each in found[:GROUPS]]


def _agreement(group: pd.DataFrame) -> Agreement:
    kind, rater, question = (str(group[name].iloc[0]) for name in ("kind", "rater", "question"))
    scores = [tuple(float(score) for score in each) for each in group["scores"]]
    items = [int(n) for n in group["items"]]
    n = sum(items)
    same = sum(count for each, count in zip(scores, items, strict=True) if len(set(each)) == 1)
    whole = int(group["patterns"].max()) <= KEPT_SETS
    cut = Estimate(NotComputable(f"more than {KEPT_SETS:,} different sets of scores"), n)
    interval, nominal = (krippendorff_alpha(scores, items, d) if whole else cut for d in Distance)
    return Agreement(
        kind=kind,
        rater=rater,
        question=bounded(question),
        items=n,
        ratings=sum(len(each) * count for each, count in zip(scores, items, strict=True)),
        alpha=interval,
        alpha_nominal=nominal,
        unanimous=wilson(same, n).estimate(0, n, "nothing was judged by several raters"),
    )
