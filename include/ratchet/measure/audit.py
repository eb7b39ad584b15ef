"""Recomputes who should have got which variant, and lists what the log says otherwise (R36).

Works on the log of any flag tool whose hash is known. What follows from a broken assignment belongs to `verdicts.py`;
sample ratios, to `unit_checks.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ratchet import frames
from ratchet.contracts import bucket_arrays
from ratchet.contracts.audits import AuditResult, AuditVerdict, Disagreement, TrialAudit
from ratchet.contracts.buckets import BUCKETINGS, NOBODY, Hash
from ratchet.contracts.experiments import TrialKind
from ratchet.contracts.names import bounded
from ratchet.contracts.splits import Split
from ratchet.errors import NotComputable

SHOWN, EXAMPLES = 20, 5
SEARCHED_SHARE = 0.01  # from this share of disagreements on, another way of bucketing is looked for
FITS_SHARE = 0.99  # and named where so many agree with it
LEAST_UNITS = 20  # fewer agree with a wrong one by chance
MASKED = r"\[[A-Z_]+(?::[0-9a-f]{12})?\]"  # what ingestion leaves of an id that looked personal
_FLAWS = {"crossover": "crossovers", "rebucketed": "moved", "exposed_after_outcome": "exposed_after_outcome"}
_COUNTS = ("units", "crossovers", "rebucketed", "exposed_after_outcome")

Names = NDArray[np.object_]
Places = NDArray[np.int64]
Times = NDArray[np.datetime64]
Totals = dict[tuple[str, int], list[tuple[str, dict[str, int]]]]  # (trial, phase) -> (variant, counts)


def audit(assignments: pd.DataFrame, units: pd.DataFrame, expected: Iterable[Split], as_of: date) -> AuditResult:
    """Hold the log's assignments against the computed ones.

    Args:
        assignments: mart_experiment_assignments.
        units: mart_experiment_units.
        expected: the split of each phase.
        as_of: the night's day.
    """
    log, totals = _Log(assignments, as_of), _totals(units, as_of)
    before: dict[str, Split] = {}
    found = []
    for split in sorted(expected, key=lambda each: (each.trial_id, each.phase)):
        found.append(_of_phase(split, before.get(split.trial_id), log, totals))
        before[split.trial_id] = split
    return AuditResult(as_of, tuple(found))


class _Log:
    """The units of the night as arrays, oldest exposure first, and where each phase's stand."""

    def __init__(self, assignments: pd.DataFrame, as_of: date) -> None:
        rows = frames.rows_of(assignments, as_of, ("trial_id", "phase"))
        rows = rows.sort_values(["first_exposed_at", "unit_id"], kind="stable", ignore_index=True)
        self.units = rows["unit_id"].astype(str).to_numpy(dtype=object)
        self.variants = rows["variant"].to_numpy(dtype=object)
        self.exposed_at = rows["first_exposed_at"].to_numpy(dtype="datetime64[us]")
        self.has_bucket = (rows["reason"] != "TARGETING").to_numpy(dtype=bool)
        self.is_masked = rows["unit_id"].astype(str).str.fullmatch(MASKED).to_numpy(dtype=bool)
        self.flaws = {name: rows[name].to_numpy(dtype=bool) for name in _FLAWS}
        self.phases = dict(rows.groupby(["trial_id", "phase"], sort=False).indices)

    def of(self, split: Split) -> Places:
        """Return where the units of a phase stand."""
        return np.asarray(self.phases.get((split.trial_id, split.phase), []), dtype=np.int64)


def _of_phase(split: Split, before: Split | None, log: _Log, totals: Totals) -> TrialAudit:
    rows = log.of(split)
    by_bucket = rows[log.has_bucket[rows]]
    checked, masked = by_bucket[~log.is_masked[by_bucket]], int(log.is_masked[by_bucket].sum())
    why_not = _why_not(split, len(checked), masked)
    expected = log.variants[checked] if why_not else _variants(split.hash, split, log.units[checked], split.parts)
    wrong = np.flatnonzero(expected != log.variants[checked])
    fits = _fitting(split, log, checked, len(wrong))
    verdict, reason = _verdict(why_not, len(checked), log.exposed_at[checked[wrong]], fits)
    return TrialAudit(
        trial_id=split.trial_id,
        phase=split.phase,
        hash=split.hash,
        verdict=verdict,
        reason=reason,
        checked=0 if why_not else len(checked),
        disagreeing=None if why_not else len(wrong),
        masked=masked,
        fits=fits,
        samples=tuple(_sample(log, checked[at], expected[at]) for at in wrong[:SHOWN]),
        examples=_examples(split, before, log, rows),
        **_unit_totals(split, before, totals),
    )


def _why_not(split: Split, checked: int, masked: int) -> NotComputable | None:
    if split.hash not in BUCKETINGS:
        return NotComputable("the way of bucketing is not known (hash: none)")
    if not checked and masked:
        return NotComputable(
            f"the ids of all {masked:,} units were masked on arrival, after the assignment; the client's id_key hashes "
            "them before it"
        )
    return None if checked else NotComputable("no unit met the flag for the first time in the last seven landing days")


def _variants(hash_: Hash, split: Split, units: Names, order: Sequence[tuple[str, int]]) -> Names:
    index = bucket_arrays.assign(hash_, split.salt, units.tolist(), [weight for _, weight in order])
    names = np.array([*(name for name, _ in order), ""], dtype=object)  # the last one is nobody's
    return names[np.where(index == NOBODY, len(order), index)]


def _fitting(split: Split, log: _Log, checked: Places, wrong: int) -> str:
    """Return the way of bucketing that the log agrees with, where enough disagree with the one that was said."""
    if len(checked) < LEAST_UNITS or wrong <= SEARCHED_SHARE * len(checked):
        return ""
    for hash_ in BUCKETINGS:
        for order in (split.parts, split.parts[::-1]):
            drawn = _variants(hash_, split, log.units[checked], order)
            if np.mean(drawn == log.variants[checked]) >= FITS_SHARE:
                return f"hash {hash_} with buckets in the order {', '.join(name for name, _ in order)}"
    return ""


def _verdict(why_not: NotComputable | None, checked: int, wrong_at: Times, fits: str) -> tuple[AuditVerdict, str]:
    if why_not:
        return AuditVerdict.NOT_COMPUTABLE, why_not.reason
    if not len(wrong_at):
        return AuditVerdict.AGREES, f"all {checked:,} units met the variant of their bucket"
    first, last = (pd.Timestamp(at).isoformat(" ", "minutes") for at in (wrong_at[0], wrong_at[-1]))
    when = f"at {first} UTC" if first == last else f"from {first} to {last} UTC"
    hint = f"; the log agrees with {fits}" if fits else ""
    words = f"{len(wrong_at):,} of {checked:,} units met another variant than that of their bucket, {when}{hint}"
    return AuditVerdict.DISAGREES, words


def _sample(log: _Log, at: int, expected: str) -> Disagreement:
    exposed_at = pd.Timestamp(log.exposed_at[at]).isoformat()
    return Disagreement(bounded(log.units[at]), bounded(str(log.variants[at])), expected, exposed_at)


def _examples(split: Split, before: Split | None, log: _Log, rows: Places) -> dict[str, tuple[str, ...]]:
    found = {name: log.flaws[column][rows] for column, name in _FLAWS.items()}
    found["moved"] = found["moved"] & _may_not_move(split, before, log.variants[rows])
    return {name: tuple(bounded(unit) for unit in log.units[rows[mask]][:EXAMPLES]) for name, mask in found.items()}


def _totals(units: pd.DataFrame, as_of: date) -> Totals:
    """Return for every phase its variants with their counts."""
    rows = frames.rows_of(units, as_of, ("trial_id", "phase", "dimension", "value", "variant"))
    rows = rows[(rows["dimension"] == "all").to_numpy(dtype=bool)]
    counted = frames.records(frames.counts(rows, _COUNTS))
    found: Totals = {}
    keys = zip(rows["trial_id"], rows["phase"], rows["variant"], strict=True)
    for (trial, phase, variant), counts in zip(keys, counted, strict=True):
        found.setdefault((trial, int(phase)), []).append((variant, counts))
    return found


def _unit_totals(split: Split, before: Split | None, totals: Totals) -> dict[str, int]:
    rows = totals.get((split.trial_id, split.phase), [])
    is_finding = _may_not_move(split, before, np.array([variant for variant, _ in rows], dtype=object))
    return {
        "units": sum(counts["units"] for _, counts in rows),
        "crossovers": sum(counts["crossovers"] for _, counts in rows),
        "moved": sum(counts["rebucketed"] for (_, counts), yes in zip(rows, is_finding, strict=True) if yes),
        "exposed_after_outcome": sum(counts["exposed_after_outcome"] for _, counts in rows),
    }


def _may_not_move(split: Split, before: Split | None, variants: Names) -> NDArray[np.bool_]:
    """Return whose change of variant is a finding.

    In a rollout it is none to gain the feature as it grows, or to lose it as it shrinks.
    """
    if split.kind is not TrialKind.ROLLOUT:
        return np.ones(len(variants), dtype=bool)
    has_grown = before is None or split.treated_share >= before.treated_share
    return np.asarray((variants == split.control) == has_grown, dtype=bool)
