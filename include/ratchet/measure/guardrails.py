"""Whether a feature keeps its guardrails, looked at every night: shown to be safe, shown to do harm, or neither yet.

What follows from that for a rollout belongs to `rollouts.py`, the verdict on an experiment to `verdicts.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from ratchet.contracts.estimates import Estimate
from ratchet.contracts.experiments import Guardrail
from ratchet.contracts.metrics import MetricKind
from ratchet.contracts.rollout_verdicts import Finding, GuardrailResult
from ratchet.errors import NotComputable
from ratchet.statistics.arrays import Array, divide
from ratchet.statistics.confidence_sequences import multiplier_one_sided, tuned_information
from ratchet.statistics.differences import beyond, lift_interval
from ratchet.statistics.moments import Moments, mean_moments, proportion_moments, ratio_moments

POWER = 0.8
_SUMS = ("units", "sum_y", "sum_yy", "sum_d", "sum_dd", "sum_yd")


def planned_error(margin: float, alpha: float) -> float:
    """Return the standard error (relative to control) at which a harmless feature is found to be safe in 80 %.

    `margin / (k + z(0.8))`, k being the one-sided multiplier where it is tuned: there the sequence is narrowest. It
    depends on nothing but the plan.
    """
    reach = float(multiplier_one_sided(tuned_information(2 * alpha), alpha)[0])
    return margin / (reach + float(stats.norm.ppf(POWER)))


def judge_guardrails(
    guardrails: Sequence[Guardrail], control: pd.DataFrame, treatment: pd.DataFrame, alpha: float, days: float
) -> tuple[GuardrailResult, ...]:
    """Judge every guardrail by non-inferiority under an asymptotic confidence sequence.

    With z the standard errors between the treatment and the margin (`differences.beyond`, positive on the good side):
    safe where z > k(α), harm where z < -k(α/m), m being the number of guardrails (Bonferroni: any of them can stop a
    rollout, but all of them must be safe, which needs no correction). k is the one-sided multiplier at the information
    `u* (planned error / error)²`, a normal mixture in the scale of the lift (Waudby-Smith et al. 2024, B.1).

    Args:
        guardrails: at least one.
        control: a row a metric (index) with `units` and the sums of `mart_experiments`; one may be missing.
        treatment: the same for the feature.
        alpha: error level of each statement.
        days: length of the phase, for the days that are left.
    """
    first, second = _moments(guardrails, control), _moments(guardrails, treatment)
    sign = np.array([float(g.metric.direction.sign) for g in guardrails])
    margin = np.array([g.margin for g in guardrails])
    with np.errstate(invalid="ignore", divide="ignore"):
        z = sign * beyond(first, second, -sign * margin)
        error = divide(_error(first, second, 1 - sign * margin), np.abs(first.value))
        u = tuned_information(2 * alpha) * divide(_planned(guardrails, alpha), error) ** 2
        safe_at, harm_at = multiplier_one_sided(u, alpha), multiplier_one_sided(u, alpha / len(guardrails))
        lift = lift_interval(first, second, safe_at)
    known = np.isfinite(z) & np.isfinite(safe_at) & (error > 0)
    more = _more_days(error, margin, alpha, days)
    return tuple(
        GuardrailResult(
            metric=g.metric.name,
            direction=g.metric.direction,
            margin=g.margin,
            finding=_finding(bool(known[i]), float(z[i]), float(safe_at[i]), float(harm_at[i])),
            control=_number(first.value[i]),
            treatment=_number(second.value[i]),
            lift=lift.estimate(i, np.nan_to_num(first.n[i] + second.n[i]), _why_not(first, second, i))
            if known[i]
            else Estimate(NotComputable(_why_not(first, second, i)), int(np.nan_to_num(first.n[i] + second.n[i]))),
            more_days=_number(more[i]) if known[i] else None,
        )
        for i, g in enumerate(guardrails)
    )


def _planned(guardrails: Sequence[Guardrail], alpha: float) -> Array:
    return np.array([planned_error(g.margin, alpha) for g in guardrails])


def _moments(guardrails: Sequence[Guardrail], rows: pd.DataFrame) -> Moments:
    names = [g.metric.name for g in guardrails]
    sums = rows.reindex(index=names, columns=list(_SUMS)).astype(float)
    sums = sums.where(np.isfinite(sums))
    units, y, yy, d, dd, yd = (sums[name].to_numpy() for name in _SUMS)
    kinds = np.array([g.metric.kind for g in guardrails])
    by_kind = [
        (MetricKind.PROPORTION, proportion_moments(y, units)),
        (MetricKind.MEAN, mean_moments(y, yy, units)),
        (MetricKind.RATIO, ratio_moments(y, yy, d, dd, yd, units)),
    ]
    chosen = [kinds == kind for kind, _ in by_kind]
    value, variance = (
        np.select(chosen, [getattr(m, part) for _, m in by_kind], np.nan) for part in ("value", "variance")
    )
    return Moments(value, variance, units)


def _error(first: Moments, second: Moments, rho: Array) -> Array:
    found: Array = np.sqrt(second.error_squared + rho**2 * first.error_squared)
    return found


def _finding(known: bool, z: float, safe_at: float, harm_at: float) -> Finding:
    if not known:
        return Finding.NOT_COMPUTABLE
    if z < -harm_at:
        return Finding.HARM
    return Finding.SAFE if z > safe_at else Finding.OPEN


def _why_not(first: Moments, second: Moments, row: int) -> str:
    if not (first.n[row] > 0 and second.n[row] > 0):
        return "an arm has no units"
    if not (math.isfinite(first.value[row]) and math.isfinite(second.value[row])):
        return "an arm has no values"
    if first.value[row] == 0:
        return "the value without the feature is 0, so that nothing can be relative to it"
    return "no unit differs from another"


def _more_days(error: Array, margin: Array, alpha: float, days: float) -> Array:
    """Return the days until a harmless feature is safe with 50 %: information grows with time."""
    reach = multiplier_one_sided(tuned_information(2 * alpha), alpha)
    return np.maximum(0.0, days * ((error * reach / margin) ** 2 - 1))


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
