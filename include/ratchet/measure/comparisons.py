"""Every treatment arm against its control, all experiments and metrics in one pass over arrays.

Each interval is a confidence sequence tuned to the planned sample, so that looking every night costs nothing. Verdicts
belong to `verdicts.py`, the objects a report reads to `experiments.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from ratchet import frames
from ratchet.contracts.experiments import Design
from ratchet.contracts.metrics import Metric, MetricKind
from ratchet.measure.arms import KEYS, arm_moments, counted, numbers
from ratchet.measure.terms import Cell, Role, Terms, cells_of, terms_of
from ratchet.measure.verdicts import Outcome
from ratchet.phases import Phase
from ratchet.statistics.arrays import LEVEL, Array, Intervals, divide
from ratchet.statistics.confidence_sequences import always_valid_p, information, multiplier
from ratchet.statistics.corrections import benjamini_hochberg_within, holm, holm_levels
from ratchet.statistics.differences import Difference, absolute, beyond, lift_interval, relative
from ratchet.statistics.moments import Moments
from ratchet.statistics.pairs import paired

UNPLANNED = 10_000.0  # units a sequence is tuned to where nothing says how many are planned


@dataclass(frozen=True, slots=True)
class Plan:
    """The units of control and one treatment together that the MDE of the primary metric needs, one comparison a row.

    Attributes:
        units: the sequence is tuned to them; as planned in the spec, else as the control's data ask for.
        fixed: what a single look at the end would need; NaN where not computable.
        sequential: what looking every night needs; NaN where not computable.
        detectable: relative effect that the present sample finds with the promised power; NaN where not computable.
    """

    units: Array
    fixed: Array
    sequential: Array
    detectable: Array


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Treatment arms against control, one a row, in the order of phases, metrics and arms.

    Attributes:
        cells: of all metrics; `cell` points into them.
        cell: the metric of each row.
        arm: position of the treatment among the arms of its experiment.
        control: the control's values.
        treatment: the treatment's.
        control_units: units of the control, with a value or not.
        treatment_units: units of the treatment.
        difference: absolute, its interval the confidence sequence.
        lift: relative to control, likewise.
        fixed_lift: the 95 % interval that holds for a single look only.
        fixed_p: the p-value that holds for a single look only.
        p: two-sided p-value that holds at every look.
        adjusted_p: corrected: Holm over arms, over guardrails beyond their margin; BH over secondaries.
        outcome: what the interval says.
        plan: the units it needs.
        pairs: complete pairs, those in which the treatment is higher, and those in which it is lower; 0 if unpaired.
    """

    cells: tuple[Cell, ...]
    cell: NDArray[np.int64]
    arm: NDArray[np.int64]
    control: Moments
    treatment: Moments
    control_units: Array
    treatment_units: Array
    difference: Intervals
    lift: Intervals
    fixed_lift: Intervals
    fixed_p: Array
    p: Array
    adjusted_p: Array
    outcome: NDArray[np.object_]
    plan: Plan
    pairs: tuple[Array, Array, Array]


def compare(mart: pd.DataFrame, phases: Sequence[Phase], as_of: date) -> Comparisons:
    """Compare every arm with its control.

    Args:
        mart: mart_experiments.
        phases: those to compare.
        as_of: the night's day.
    """
    cells = tuple(cells_of(phases))
    rows, cell, arm = _rows(mart, phases, cells, as_of)
    values = arm_moments(rows, [_compared(phases, cells[c]) for c in cell], cell)
    here = np.flatnonzero(arm > 0)
    base = here - arm[here]  # the arms of a cell stand together, control first
    terms = terms_of(phases, cells, cell[here], arm[here])
    single = _single_values(rows, np.array([c.metric.kind is not MetricKind.RATIO for c in cells], dtype=bool)[cell])
    terms = replace(terms, pairable=terms.pairable & single[base] & single[here])
    sides = _sides(values.take(base), values.take(here), rows.iloc[here], terms.pairable)
    units = counted(rows, "units")
    n = np.where(terms.pairable, 2 * sides.pairs[0], units[base] + units[here])
    return _compared_all(cells, cell[here], arm[here], terms, sides, n, (units[base], units[here]))


def _single_values(rows: pd.DataFrame, is_mean: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether a row's metric is a mean of units: a ratio is one where each unit has one value."""
    units = counted(rows, "units")
    ones = (numbers(rows, "sum_d") == units) & (numbers(rows, "sum_dd") == units)
    found: NDArray[np.bool_] = is_mean | ones
    return found


def _compared(phases: Sequence[Phase], cell: Cell) -> Metric:
    """Return the metric as it is compared: pairs are compared as they are."""
    if phases[cell.position].experiment.design is Design.PAIRED:
        return replace(cell.metric, winsor_share=None, covariate_days=0)
    return cell.metric


def _rows(
    mart: pd.DataFrame, phases: Sequence[Phase], cells: Sequence[Cell], as_of: date
) -> tuple[pd.DataFrame, NDArray[np.int64], NDArray[np.int64]]:
    """Return the mart's row of every metric and arm, empty where it has none, with its cell and the arm's position."""
    wanted = [
        (number, arm, phases[c.position].trial.trial_id, phases[c.position].trial.phase, variant.name, c.metric.name)
        for number, c in enumerate(cells)
        for arm, variant in enumerate(phases[c.position].experiment.arms)
    ]
    layout = pd.DataFrame(wanted, columns=["cell", "arm", *KEYS])
    rows = layout.merge(frames.rows_of(mart, as_of, KEYS), on=list(KEYS), how="left", validate="one_to_one")
    return rows, rows["cell"].to_numpy(dtype=np.int64), rows["arm"].to_numpy(dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both sides of each comparison; `freedom` is that of pairs, NaN where units are independent."""

    control: Moments
    treatment: Moments
    covariance: Array
    freedom: Array
    pairs: tuple[Array, Array, Array]

    @property
    def difference(self) -> Difference:
        plain = absolute(self.control, self.treatment, self.covariance)
        return replace(plain, freedom=np.where(np.isnan(self.freedom), plain.freedom, self.freedom))


def _sides(control: Moments, treatment: Moments, rows: pd.DataFrame, pairable: NDArray[np.bool_]) -> _Sides:
    """Return both sides, the treatment's value being the control's plus the mean difference where units are paired."""
    n = np.where(pairable, counted(rows, "pairs"), 0.0)
    sums = [numbers(rows, name) for name in ("pair_sum", "pair_sum_squares")]
    found = paired(sums[0], sums[1], n, control, treatment)
    value = np.where(pairable, control.value + found.difference.value, treatment.value)
    only = tuple(np.where(pairable, counted(rows, name), 0.0) for name in ("pairs_higher", "pairs_lower"))
    return _Sides(
        control=control,
        treatment=replace(treatment, value=value),
        covariance=np.where(pairable, found.covariance, 0.0),
        freedom=np.where(pairable, found.difference.freedom, np.nan),
        pairs=(n, only[0], only[1]),
    )


def _compared_all(
    cells: tuple[Cell, ...],
    cell: NDArray[np.int64],
    arm: NDArray[np.int64],
    terms: Terms,
    sides: _Sides,
    n: Array,
    units: tuple[Array, Array],
) -> Comparisons:
    difference = sides.difference
    plan = _plan(terms, difference, sides.control, n, cell)
    u = information(n, plan.units, terms.arm_alpha)
    p = always_valid_p(difference.z, u)
    level, adjusted = _corrected(terms, cell, p)
    reach = multiplier(u, level)
    harm, guarded = _guardrails(terms, sides, u)
    single = relative(sides.control, sides.treatment)
    return Comparisons(
        cells=cells,
        cell=cell,
        arm=arm,
        control=sides.control,
        treatment=sides.treatment,
        control_units=units[0],
        treatment_units=units[1],
        difference=difference.within(reach),
        lift=lift_interval(sides.control, sides.treatment, reach, sides.covariance),
        fixed_lift=_single_look(single, sides, difference),
        fixed_p=difference.p(),
        p=p,
        adjusted_p=np.where(terms.role == Role.GUARDRAIL.value, harm, adjusted),
        outcome=_outcomes(terms, difference.z, reach, adjusted, harm, guarded),
        plan=plan,
        pairs=sides.pairs,
    )


def _single_look(single: Difference, sides: _Sides, difference: Difference) -> Intervals:
    """Return the interval of one look: by the delta method, for pairs by Fieller's, which knows their covariance."""
    independent = single.interval(LEVEL)
    together = lift_interval(
        sides.control, sides.treatment, special.stdtrit(difference.freedom, (1 + LEVEL) / 2), sides.covariance
    )
    is_paired = ~np.isnan(sides.freedom)
    bounds = [np.where(is_paired, getattr(together, end), getattr(independent, end)) for end in ("low", "high")]
    return Intervals(independent.value, *bounds)


def _plan(terms: Terms, difference: Difference, control: Moments, n: Array, cell: NDArray[np.int64]) -> Plan:
    """Return the samples; those of the primary metric hold for every metric of the same arm.

    Where the spec plans no units, the sequence is tuned to the next power of two of what the MDE asks for: tuning needs
    no more precision, and a boundary that moved with every night's data would be no sequence any more.
    """
    primary = terms.role == Role.PRIMARY.value
    unit_variance = n * difference.error**2
    effect = terms.mde * np.abs(control.value)
    fixed, sequential = (divide(drift**2 * unit_variance, effect**2) for drift in terms.drifts[:2])
    detectable = divide(terms.drifts[2] * difference.error, np.abs(control.value))
    columns = [np.where(primary & (difference.error > 0), v, np.nan) for v in (fixed, sequential, detectable)]
    fixed, sequential, detectable = (_of_primary(v, primary, terms) for v in columns)
    needed = np.exp2(np.round(np.log2(np.where(sequential > 0, sequential, UNPLANNED))))
    return Plan(np.where(np.isnan(terms.planned), needed, terms.planned), fixed, sequential, detectable)


def _of_primary(values: Array, primary: NDArray[np.bool_], terms: Terms) -> Array:
    """Return the primary metric's value of the same phase and arm for every row."""
    key = terms.position * (terms.arm.max(initial=0) + 1) + terms.arm
    table = np.full(int(key.max(initial=-1)) + 1, np.nan)
    table[key[primary]] = values[primary]
    found: Array = table[key]
    return found


def _corrected(terms: Terms, cell: NDArray[np.int64], p: Array) -> tuple[Array, Array]:
    """Return the level of each interval and the corrected p-values: Holm over arms, BH over secondaries."""
    primary, secondary = (terms.role == role.value for role in (Role.PRIMARY, Role.SECONDARY))
    alone = np.where(primary, p, np.nan)
    level = holm_levels(alone, cell, terms.alpha)
    beside = benjamini_hochberg_within(np.where(secondary, p, np.nan), terms.position)
    return level, np.where(primary, holm(alone, cell), beside)


def _guardrails(terms: Terms, sides: _Sides, u: Array) -> tuple[Array, Array]:
    """Return the p-values of harm beyond the margin (Holm over an arm's guardrails), and z at the margin.

    `z > reach` is non-inferiority: the whole interval lies on the good side of the margin.
    """
    z = terms.sign * beyond(sides.control, sides.treatment, -terms.sign * terms.margin, sides.covariance)
    guardrail = terms.role == Role.GUARDRAIL.value
    raw = np.where(guardrail & ~np.isnan(z), np.where(z < 0, always_valid_p(z, u), 1.0), np.nan)
    family = terms.position * (terms.arm.max(initial=0) + 1) + terms.arm
    return holm(raw, family), z


def _outcomes(
    terms: Terms, z: Array, reach: Array, adjusted: Array, harm: Array, guarded: Array
) -> NDArray[np.object_]:
    """Return what each interval says: the primary's at the level of its arm, a guardrail's against its margin."""
    primary, guardrail = (terms.role == role.value for role in (Role.PRIMARY, Role.GUARDRAIL))
    clear = np.where(primary, np.abs(z) > reach, adjusted <= terms.alpha)
    good = terms.sign * z > 0
    known = np.where(guardrail, ~np.isnan(guarded), ~np.isnan(z))
    cases = [
        (~known, Outcome.NOT_COMPUTABLE),
        (guardrail & (guarded > reach), Outcome.SAFE),
        (guardrail & (harm <= terms.alpha), Outcome.HARMED),
        (~guardrail & clear & good, Outcome.BETTER),
        (~guardrail & clear & ~good, Outcome.WORSE),
    ]
    names = np.array([Outcome.UNDECIDED, *(outcome for _, outcome in cases)], dtype=object)
    which = np.select([case for case, _ in cases], list(range(1, len(cases) + 1)), default=0)
    found: NDArray[np.object_] = names[which]
    return found
