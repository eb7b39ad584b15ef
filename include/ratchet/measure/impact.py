"""Whether deployed fixes help: every one under judgement estimated, corrected together, and judged (R81, R82, R84).

Series, estimates and verdicts have modules of their own beside this one; what all fixes together brought belongs to
`ledger.py`, what a verdict sets in motion to `deploy/impacts.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from ratchet import frames
from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.experiments import Experiment
from ratchet.contracts.impacts import Deployment, Estimator, Impact, ImpactVerdict
from ratchet.errors import NotComputable
from ratchet.measure.experiments import ExperimentsResult
from ratchet.measure.impact_estimates import Measured, measure
from ratchet.measure.impact_series import Series, series_of
from ratchet.measure.impact_verdicts import Facts, Judged, Rules, judge
from ratchet.measure.readings import Comparison
from ratchet.measure.terms import Role
from ratchet.measure.verdicts import Verdict
from ratchet.statistics.arrays import ALPHA
from ratchet.statistics.comparisons import benjamini_hochberg
from ratchet.statistics.proportions import wilson

COLUMNS = ("improvement_id", "revision", "event_date", "cohort", "holds_fix", "attempts", "failures", "failed")
DEFINITIONS = {
    "verdict": "kept: surely fewer failures, corrected for all improvements judged in the window; rolled back: surely "
    "more failures, or no effect by the horizon; unmeasurable: what happened cannot be told, and the reason says why; "
    "undecided: until then",
    "estimator": "experiment: the fix was given to some and not to others by chance; difference in differences: "
    "against intents that no fixed error hits, where they moved alike before; interrupted time series: against the "
    "days before, with standard errors that allow for days that resemble each other (Newey-West)",
    "effect": "failed root interactions of the error per attempt, with the fix minus without it, among the intents "
    "that the error hits; a request that succeeds on its second try has not failed. The interval holds on all nights "
    "together, so that looking every night does no harm",
    "relative": "the effect as a share of the failures that were to be expected without the fix",
    "all_failures": "the same for failures of any kind in the same intents: a fix must not trade one error for another",
    "saved": "effect times the attempts with the fix: requests that did not fail",
    "q": "p-value of no effect, valid however often one looks, corrected for all improvements judged in the window "
    "(Benjamini-Hochberg)",
    "adoption": "share of the attempts since the deployment whose application had loaded a version that holds the fix; "
    "only those count",
    "regression_to_the_mean": "a fix is proposed when an error is bad, and what follows a bad week is better by "
    "itself: the days for which it was proposed are left out",
    "placebo_dates": "the same method on days on which nothing was deployed: it should find nothing as good there",
    "pre_trend": "whether failures were moving before the fix, or moved unlike those of the unaffected intents",
}


@dataclass(frozen=True, slots=True)
class Trialled:
    """What an experiment says of a fix: the change of its primary metric, signed so that above 0 is better."""

    experiment_id: str
    lift: Estimate
    p: float | None


@dataclass(frozen=True, slots=True)
class ImpactResult:
    """Every fix under judgement, as of a night."""

    as_of: date
    impacts: tuple[Impact, ...]

    def as_artifact(self) -> dict[str, Any]:
        """Return the part of `impact.json` that says what each fix did."""
        return {
            "artifact": "impact",
            "as_of": self.as_of.isoformat(),
            "reason": "" if self.impacts else "no deployed improvement is under judgement",
            "verdicts": {v.value: sum(i.verdict is v for i in self.impacts) for v in ImpactVerdict},
            "impacts": [_record(i) for i in self.impacts],
            "definitions": DEFINITIONS,
        }


def impacts(
    days: pd.DataFrame,
    deployments: Iterable[Deployment],
    rules: Rules,
    as_of: date,
    trialled: Mapping[str, Trialled] | None = None,
) -> ImpactResult:
    """Judge every fix that is under judgement.

    Args:
        days: mart_impact_days.
        deployments: fixes that were deployed within the window; those that are decided count only as tests.
        rules: of the settings.
        as_of: the night's day.
        trialled: what experiments say of a fix, by improvement.
    """
    known = sorted(deployments, key=lambda d: (d.deployed_on, d.improvement_id, d.revision))
    rows = frames.rows_of(days, as_of, COLUMNS)
    mine = dict(iter(rows.groupby(["improvement_id", "revision"])))
    looks = [_look(d, mine.get((d.improvement_id, d.revision)), rules, trialled or {}) for d in known if d.is_open]
    q = _corrected([look.p for look in looks], [d.p for d in known if not d.is_open])
    judged = (_impact(look, value, rules, as_of) for look, value in zip(looks, q, strict=True))
    return ImpactResult(as_of, tuple(judged))


def trialled(found: ExperimentsResult) -> dict[str, Trialled]:
    """Return what experiments say of fixes: those whose flag is called like the improvement, by improvement."""
    believed = (e for e in found.experiments if e.judgement.verdict is not Verdict.INVALID)
    known = [(e.experiment, [c for c in e.comparisons if c.role is Role.PRIMARY]) for e in believed]
    return {spec.flag_key: _trialled(spec, rows[0]) for spec, rows in known if rows}


def _trialled(spec: Experiment, primary: Comparison) -> Trialled:
    """Return the first treatment's primary metric; the later phase of an experiment counts."""
    return Trialled(spec.id, _scaled(primary.lift, spec.primary.direction.sign), primary.p)


@dataclass(frozen=True, slots=True)
class _Look:
    """Tonight's look at one fix."""

    deployment: Deployment
    series: Series
    own: Measured | None
    everything: Measured | None
    trialled: Trialled | None

    @property
    def p(self) -> float | None:
        if self.trialled is not None:
            return self.trialled.p
        return self.own.nightly.p if self.own and math.isfinite(self.own.nightly.p) else None


def _look(deployment: Deployment, rows: pd.DataFrame | None, rules: Rules, trialled: Mapping[str, Trialled]) -> _Look:
    empty = pd.DataFrame(columns=list(COLUMNS))
    series = series_of(empty if rows is None else rows, deployment)
    hit = bool(series.failed[~series.after].sum())
    options = (rules.impact_horizon_days, rules.impact_min_days)
    own = measure(series, *options) if hit else None
    everything = measure(series, *options, all_failures=True) if hit else None
    return _Look(deployment, series, own, everything, trialled.get(deployment.improvement_id))


def _corrected(open_p: Sequence[float | None], decided_p: Sequence[float | None]) -> list[float | None]:
    """Return the p-values of the open ones corrected for all that were judged in the window."""
    values = [float("nan") if p is None else p for p in (*open_p, *decided_p)]
    if not values:
        return []
    return [float(q) if math.isfinite(q) else None for q in benjamini_hochberg(values)[: len(open_p)]]


def _impact(look: _Look, q: float | None, rules: Rules, as_of: date) -> Impact:
    series, own = look.series, look.own
    counted = own.counted if own else np.ones(len(series.days), dtype=bool)
    before, after = counted & ~series.after, series.after
    facts = Facts(
        look.deployment,
        own,
        look.everything,
        q,
        days_before=int(before.sum()),
        days_with=int(after.sum()),
        failed_before=int(series.failed[~series.after].sum()),
        others=series.others,
    )
    judged = _by_experiment(look, q, as_of) or judge(facts, as_of, rules)
    attempts = float(series.attempts[after].sum())
    effect = _effect(own, int(attempts), judged.reason)
    return Impact(
        deployment=look.deployment,
        verdict=judged.verdict,
        reason=judged.reason,
        harm=judged.harm,
        estimator=Estimator.EXPERIMENT if look.trialled else own.estimator if own else None,
        before=_share(series.failed[before], series.attempts[before], "no day before that counts"),
        with_fix=_share(series.failed[after], series.attempts[after], "no request had the fix"),
        effect=effect,
        relative=_relative(look, effect),
        all_failures=_effect(look.everything, int(attempts), judged.reason),
        saved=_scaled(effect, -attempts),
        p=look.p,
        q=q,
        days_with=facts.days_with,
        adoption=_share(attempts, attempts + series.others, "no request since the deployment"),
        checks=own.checks if own else (),
        days=series.shown(counted),
    )


def _by_experiment(look: _Look, q: float | None, as_of: date) -> Judged | None:
    """Return what an experiment on the fix decides; None without one, or while it says nothing."""
    found = look.trialled
    if found is None:
        return None
    better, worse = (found.lift.low or 0.0) > 0, (found.lift.high or 0.0) < 0
    if worse:
        return Judged(ImpactVerdict.ROLLED_BACK, f"worse in its experiment {found.experiment_id}", harm=True)
    if better and q is not None and q <= ALPHA:
        return Judged(ImpactVerdict.KEPT, f"better in its experiment {found.experiment_id}")
    if as_of < look.deployment.measured_until:
        return Judged(ImpactVerdict.UNDECIDED, f"its experiment {found.experiment_id} has not decided yet")
    return Judged(ImpactVerdict.ROLLED_BACK, f"its experiment {found.experiment_id} shows no effect")


def _effect(found: Measured | None, n: int, reason: str) -> Estimate:
    if found is None:
        return Estimate(NotComputable(reason), n)
    return Estimate(found.change.value, n, _bound(found.nightly.low), _bound(found.nightly.high))


def _relative(look: _Look, effect: Estimate) -> Estimate:
    if look.trialled is not None:
        return look.trialled.lift
    expected = look.own.expected if look.own else 0.0
    if not expected > 0:
        return Estimate(NotComputable("no failures were to be expected"), effect.n)
    return _scaled(effect, 1 / expected)


def _scaled(estimate: Estimate, factor: float) -> Estimate:
    if estimate.number is None:
        return estimate
    ends = [None if x is None else x * factor for x in (estimate.low, estimate.high)]
    low, high = ends if factor > 0 else reversed(ends)
    return Estimate(estimate.number * factor + 0.0, estimate.n, low, high)


def _share(hits: Any, n: Any, reason: str) -> Estimate:
    total, of = float(np.sum(hits)), float(np.sum(n))
    return wilson(min(total, of), of).estimate(0, of, reason)


def _bound(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _record(impact: Impact) -> dict[str, Any]:
    record: dict[str, Any] = as_record(impact)
    return {**record.pop("deployment"), **record}
