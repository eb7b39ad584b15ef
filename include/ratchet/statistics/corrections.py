"""Corrections for looking at several tests, within many groups at once.

One family over a whole column is `comparisons.benjamini_hochberg`. scipy and statsmodels correct one family a call; a
thousand experiments of a few tests each are corrected here in one, and equal theirs family by family.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ratchet.statistics.arrays import Array, column


def holm(p: ArrayLike, group: ArrayLike) -> Array:
    """Return p-values adjusted so that a group errs at all with the stated probability.

    `max over j ≤ i of p(j) (m - j + 1)` (Holm 1979); a NaN stays NaN and does not count as a test.

    Args:
        p: p-values, one test a row.
        group: which tests belong together.
    """
    family = _Families.of(p, group)
    return family.back(np.minimum(1.0, np.maximum.accumulate(family.p * family.left, axis=1)))


def holm_levels(p: ArrayLike, group: ArrayLike, alpha: ArrayLike) -> Array:
    """Return the level at which Holm's procedure tests each hypothesis, so that an interval can agree with it.

    `α / (m - j + 1)` for the j-th smallest p-value while all before it were rejected, and the level of the first that
    was not for all after it: an interval at this level leaves out 0 exactly where Holm rejects. α where p is NaN.

    Args:
        p: p-values, one test a row.
        group: which tests belong together.
        alpha: error level of the group, one value or one a row.
    """
    family = _Families.of(p, group)
    whole = np.broadcast_to(column(alpha), column(p).shape)
    level = family.table(whole) / family.left
    kept = np.maximum.accumulate(family.p > level, axis=1)
    frozen = np.concatenate([np.zeros((len(kept), 1), dtype=bool), kept[:, :-1]], axis=1)
    first = np.take_along_axis(level, kept.argmax(axis=1)[:, None], axis=1) if level.size else level
    return family.back(np.where(frozen, first, level), whole)


def benjamini_hochberg_within(p: ArrayLike, group: ArrayLike) -> Array:
    """Return p-values adjusted for the false discovery rate of each group; a NaN does not count as a test.

    `min over j ≥ i of p(j) m / j` (Benjamini & Hochberg 1995).
    """
    family = _Families.of(p, group)
    raw = np.where(np.isnan(family.p), np.inf, family.p * family.size / family.rank)
    adjusted = np.minimum.accumulate(raw[:, ::-1], axis=1)[:, ::-1]
    return family.back(np.minimum(1.0, adjusted))


@dataclass(frozen=True, slots=True)
class _Families:
    """The known p-values as a table, one family a row, smallest first, NaN where a family has no more.

    `cells` are the positions in the column and in the table; `rank` counts from 1, `left` down to 1.
    """

    p: Array
    size: Array
    cells: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]
    length: int

    @classmethod
    def of(cls, p: ArrayLike, group: ArrayLike) -> _Families:
        values = column(p)
        _, family = np.unique(np.atleast_1d(np.asarray(group)), return_inverse=True)
        order = np.lexsort((values, family))
        order = order[~np.isnan(values[order])]
        sizes = np.bincount(family[order])
        position = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        cells = (order, family[order], position)
        empty = cls(
            np.full((len(sizes), int(sizes.max(initial=0))), np.nan), column(sizes)[:, None], cells, len(values)
        )
        return replace(empty, p=empty.table(values))

    @property
    def rank(self) -> Array:
        return np.arange(1, self.p.shape[1] + 1, dtype=np.float64)[None, :]

    @property
    def left(self) -> Array:
        return np.maximum(1.0, self.size - self.rank + 1)

    def table(self, values: Array) -> Array:
        found = np.full(self.p.shape, np.nan)
        found[self.cells[1], self.cells[2]] = values[self.cells[0]]
        return found

    def back(self, table: Array, otherwise: ArrayLike = np.nan) -> Array:
        result = np.array(np.broadcast_to(column(otherwise), self.length), dtype=np.float64)
        result[self.cells[0]] = table[self.cells[1], self.cells[2]]
        return result
