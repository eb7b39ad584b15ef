"""Comparing those who had different work: effects adjusted for the mix of cases, and drawn toward each other.

Which effects are compared, and by which strata, belongs to `analyze/agents/`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, stats
from scipy.sparse import csgraph

from ratchet.statistics.arrays import LEVEL, Array, Intervals, column, divide

_GRID = 200  # of the standard deviations between groups that are averaged over
_WIDEST = 4.0  # of these, in standard deviations of the effects themselves


@dataclass(frozen=True, slots=True)
class Adjusted:
    """The effect of each group against the mean of all, had all had the same cases.

    Attributes:
        effects: with their intervals; NaN for a group that shares no stratum with the others.
        covariance: of the effects, zero where they are NaN.
        p: two-sided, of no effect.
        mean: of all values of the groups that can be compared.
    """

    effects: Intervals
    covariance: Array
    p: Array
    mean: float

    def difference(self, first: int, second: int, level: float = LEVEL) -> tuple[float, float, float, float]:
        """Return by how much a group is above another one, with its interval and p-value; NaN where it is not known."""
        value = float(self.effects.value[first] - self.effects.value[second])
        c = self.covariance
        spread = float(np.sqrt(max(0.0, c[first, first] + c[second, second] - 2 * c[first, second])))
        half = float(stats.norm.ppf((1 + level) / 2)) * spread
        p = float(2 * stats.norm.sf(abs(value) / spread)) if spread > 0 else float("nan")
        return value, value - half, value + half, p


def adjusted(
    stratum: ArrayLike, group: ArrayLike, n: ArrayLike, total: ArrayLike, squares: ArrayLike, groups: int
) -> Adjusted:
    """Return the effects of groups on a mean, adjusted for strata by an additive model.

    `x = stratum + group + noise`, by least squares with the strata swept out: with observed sums O, sums expected by
    the mean of each stratum E, and `A = diag(n) - Σ n_i n_i' / N_i`, the effects are `A⁺ (O - E)` (Frisch, Waugh &
    Lovell), centred so that their mean over all values is 0. Their variance is `A⁺ (Σ s²_i A_i) A⁺`, with the variance
    s²_i of single values within a stratum and group, so that strata may scatter differently.

    Args:
        stratum: the stratum of each cell, any whole numbers.
        group: the group of each cell, 0 to `groups` - 1.
        n: values of each cell.
        total: their sum.
        squares: sum of their squares.
        groups: how many there are.
    """
    names, at = np.unique(np.atleast_1d(np.asarray(stratum)), return_inverse=True)
    who = np.atleast_1d(np.asarray(group)).astype(np.intp)
    shape = (len(names), groups)
    counts, sums, powers = (_table(at, who, v, shape) for v in (n, total, squares))
    kept = _comparable(counts)
    counts, sums, powers = (np.where(kept, v, 0.0) for v in (counts, sums, powers))
    whole = counts.sum(axis=1)
    means = np.nan_to_num(divide(sums.sum(axis=1), whole))
    scores = (sums - counts * means[:, None]).sum(axis=0)
    weights, spread = _information(counts, np.ones(len(names))), _information(counts, _variances(counts, sums, powers))
    inverse = np.linalg.pinv(weights, rcond=1e-10, hermitian=True)
    effects, covariance = inverse @ scores, inverse @ spread @ inverse
    share = np.nan_to_num(divide(counts.sum(axis=0), whole.sum()))
    centre = np.eye(groups) - np.ones((groups, 1)) * share
    effects, covariance = centre @ effects, centre @ covariance @ centre.T
    return _result(effects, covariance, kept, float(np.nan_to_num(divide(sums.sum(), whole.sum()))[0]))


def _table(at: NDArray[np.intp], who: NDArray[np.intp], values: ArrayLike, shape: tuple[int, int]) -> Array:
    found = np.zeros(shape)
    np.add.at(found, (at, who), column(values))
    return found


def _comparable(counts: Array) -> NDArray[np.bool_]:
    """Return which groups are linked with most others through strata that they share."""
    strata, groups = counts.shape
    linked = sparse.csr_matrix(counts > 0)
    graph = sparse.bmat([[None, linked], [linked.T, None]])
    _, part = csgraph.connected_components(graph, directed=False)
    parts = part[strata:]
    inside = [parts == p for p in np.unique(parts)]
    best = max(inside, key=lambda own: (own.sum() > 1, counts[:, own].sum())) if inside else np.zeros(groups, bool)
    return best if best.sum() > 1 else np.zeros(groups, dtype=bool)


def _information(counts: Array, weight: Array) -> Array:
    share = np.where(counts.sum(axis=1)[:, None] > 0, counts / np.maximum(counts.sum(axis=1), 1e-300)[:, None], 0.0)
    found: Array = np.diag((weight[:, None] * counts).sum(axis=0)) - (weight[:, None] * share).T @ counts
    return found


def _variances(counts: Array, sums: Array, powers: Array) -> Array:
    """Return the variance of single values within the groups of each stratum; that of all where one has too few."""
    within = np.maximum(0, powers - np.nan_to_num(np.where(counts > 0, sums**2 / np.maximum(counts, 1e-300), 0)))
    freedom = np.maximum(0, counts - 1).sum(axis=1)
    pooled = float(np.nan_to_num(divide(within.sum(), freedom.sum()))[0])
    own, prior = within.sum(axis=1), 4.0  # a stratum of a few alike values is not without variance
    found: Array = (own + prior * pooled) / (freedom + prior)
    return found


def _result(effects: Array, covariance: Array, kept: NDArray[np.bool_], mean: float) -> Adjusted:
    spread = np.sqrt(np.maximum(0.0, np.diag(covariance)))
    known = kept & (spread > 0)
    half = stats.norm.ppf((1 + LEVEL) / 2) * spread
    value, low, high = (np.where(known, v, np.nan) for v in (effects, effects - half, effects + half))
    p = np.where(known, 2 * stats.norm.sf(np.abs(effects) / np.where(known, spread, 1.0)), np.nan)
    return Adjusted(Intervals(value, low, high), np.where(np.outer(known, known), covariance, 0.0), p, mean)


def drawn_together(effects: ArrayLike, variances: ArrayLike, level: float = LEVEL) -> Intervals:
    """Return effects drawn toward zero by what all of them say about how far true ones lie apart.

    Normal effects around zero whose standard deviation is not known but averaged over, each value weighted by how well
    it explains all effects (the hierarchical model of Rubin 1981; Gelman 2013, 5.4, with a uniform prior): unlike a
    plug-in estimate, the interval does not vanish where the estimate is 0.

    Args:
        effects: NaN where there is none.
        variances: of each effect.
        level: confidence level.
    """
    effects, variances = column(effects), column(variances)
    known = np.isfinite(effects) & (variances > 0)
    if not known.any():
        return Intervals(*(np.full(len(effects), np.nan) for _ in range(3)))
    x, v = effects[known], variances[known]
    tau = np.linspace(0.0, _WIDEST * float(np.sqrt(np.mean(x**2) + np.mean(v))), _GRID)[:, None] ** 2
    loglik = -0.5 * (np.log(tau + v) + x**2 / (tau + v)).sum(axis=1)
    weight = np.exp(loglik - loglik.max())
    weight /= weight.sum()
    kept = tau / (tau + v)
    mean = (weight[:, None] * kept * x).sum(axis=0)
    spread = np.sqrt((weight[:, None] * (kept * v + (kept * x) ** 2)).sum(axis=0) - mean**2)
    half = stats.norm.ppf((1 + level) / 2) * spread
    return Intervals(*(_spread_out(known, found) for found in (mean, mean - half, mean + half)))


def _spread_out(known: NDArray[np.bool_], values: Array) -> Array:
    found = np.full(len(known), np.nan)
    found[known] = values
    return found
