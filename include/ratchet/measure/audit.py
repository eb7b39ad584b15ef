"""Recomputes who should have got which variant, and lists what the log says otherwise (R36).

Works on the log of any flag tool whose hash is known. What follows from a broken assignment belongs to `verdicts.py`;
sample ratios, to `unit_checks.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ratchet import frames
from ratchet.contracts import bucket_arrays
from ratchet.contracts.buckets import BUCKETINGS, NOBODY, Hash
from ratchet.contracts.estimates import as_record
from ratchet.contracts.experiments import TrialKind
from ratchet.contracts.names import bounded
from ratchet.contracts.splits import Split
from ratchet.errors import NotComputable

SHOWN, EXAMPLES = 20, 5
SEARCHED_SHARE = 0.01  # from this share of disagreements on, another way of bucketing is looked for
FITS_SHARE = 0.99  # and named where so many agree with it
LEAST_UNITS = 20  # fewer agree with a wrong one by chance
MASKED = r"\[[A-Z_]+(?::[0-9a-f]{12})?\]"  # what ingestion leaves of an id that looked personal
_COUNTS = ("units", "crossovers", "rebucketed", "exposed_after_outcome")


class AuditVerdict(StrEnum):
    """What the audit of a phase found."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    NOT_COMPUTABLE = "not computable"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A unit that met another variant than its bucket gives it."""

    unit_id: str
    logged: str
    expected: str
    first_exposed_at: str


@dataclass(frozen=True, slots=True)
class TrialAudit:
    """The audit of one phase.

    Attributes:
        trial_id: the experiment or rollout.
        phase: from 1 on.
        hash: the way of bucketing that was held against the log.
        verdict: what was found.
        reason: the same in words.
        checked: units first exposed in the last days whose bucket was computed.
        disagreeing: those of them that met another variant.
        masked: units left out since their ids were masked on arrival, after the assignment.
        fits: the way of bucketing that the log agrees with instead, '' where none was looked for or found.
        samples: disagreements, oldest first.
        units: all units of the phase.
        crossovers: those that met several variants.
        moved: those that lost the variant of an earlier phase although its share did not shrink; in an experiment, all
            whose variant changed with an edit.
        exposed_after_outcome: those with an outcome before they met the flag.
        examples: ids of units of the last days that crossed over, moved, or met the flag after an outcome.
    """

    trial_id: str
    phase: int
    hash: Hash
    verdict: AuditVerdict
    reason: str
    checked: int
    disagreeing: int | None
    masked: int
    fits: str
    samples: tuple[Disagreement, ...]
    units: int
    crossovers: int
    moved: int
    exposed_after_outcome: int
    examples: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class AuditResult:
    """The audit of every phase, by trial and phase."""

    as_of: date
    trials: tuple[TrialAudit, ...]

    def as_artifact(self) -> dict[str, Any]:
        """Return the audit's part of the artifacts."""
        return {"artifact": "audit", **as_record(self)}


def audit(assignments: pd.DataFrame, units: pd.DataFrame, expected: Iterable[Split], as_of: date) -> AuditResult:
    """Hold the log's assignments against the computed ones.

    Args:
        assignments: mart_experiment_assignments.
        units: mart_experiment_units.
        expected: the split of each phase.
        as_of: the night's day.
    """
    first_seen = frames.rows_of(assignments, as_of, ("trial_id", "phase")).sort_values(
        ["first_exposed_at", "unit_id"], kind="stable", ignore_index=True
    )
    totals = _totals(units, as_of)
    groups = dict(iter(first_seen.groupby(["trial_id", "phase"], sort=False)))
    splits = sorted(expected, key=lambda a: (a.trial_id, a.phase))
    before: dict[str, Split] = {}
    found = []
    for split in splits:
        rows = groups.get((split.trial_id, split.phase), first_seen.iloc[:0])
        found.append(_of_phase(split, before.get(split.trial_id), rows, totals))
        before[split.trial_id] = split
    return AuditResult(as_of, tuple(found))


def _of_phase(split: Split, before: Split | None, rows: pd.DataFrame, totals: pd.DataFrame) -> TrialAudit:
    by_bucket = rows[(rows["reason"] != "TARGETING").to_numpy(dtype=bool)]
    is_masked = by_bucket["unit_id"].astype(str).str.fullmatch(MASKED).to_numpy(dtype=bool)
    checked = by_bucket[~is_masked]
    why_not = _why_not(split, len(checked), int(is_masked.sum()))
    wrong, fits = (checked.iloc[:0], "") if why_not else _wrong(split, checked)
    verdict, reason = _verdict(why_not, len(checked), wrong, fits)
    return TrialAudit(
        trial_id=split.trial_id,
        phase=split.phase,
        hash=split.hash,
        verdict=verdict,
        reason=reason,
        checked=0 if why_not else len(checked),
        disagreeing=None if why_not else len(wrong),
        masked=int(is_masked.sum()),
        fits=fits,
        samples=tuple(_sample(row) for row in frames.records(wrong.head(SHOWN))),
        examples=_examples(split, before, rows),
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


def _wrong(split: Split, rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the rows that disagree, with the column `expected`, and the way of bucketing that fits instead."""
    unit_ids, logged = rows["unit_id"].astype(str).tolist(), rows["variant"].to_numpy(dtype=object)
    expected = _variants(split.hash, split, unit_ids, split.parts)
    is_wrong = expected != logged
    wrong = rows[is_wrong].assign(expected=expected[is_wrong])
    is_many = len(rows) >= LEAST_UNITS and len(wrong) > SEARCHED_SHARE * len(rows)
    return wrong, _fitting(split, unit_ids, logged) if is_many else ""


def _variants(
    hash_: Hash, split: Split, unit_ids: Sequence[str], order: Sequence[tuple[str, int]]
) -> NDArray[np.object_]:
    index = bucket_arrays.assign(hash_, split.salt, unit_ids, [weight for _, weight in order])
    names = np.array([*(name for name, _ in order), ""], dtype=object)  # the last one is nobody's
    return names[np.where(index == NOBODY, len(order), index)]


def _fitting(split: Split, unit_ids: Sequence[str], logged: Any) -> str:
    orders = (split.parts, split.parts[::-1])
    for hash_ in BUCKETINGS:
        for order in orders:
            if np.mean(_variants(hash_, split, unit_ids, order) == logged) >= FITS_SHARE:
                names = ", ".join(name for name, _ in order)
                return f"hash {hash_} with buckets in the order {names}"
    return ""


def _verdict(why_not: NotComputable | None, checked: int, wrong: pd.DataFrame, fits: str) -> tuple[AuditVerdict, str]:
    if why_not:
        return AuditVerdict.NOT_COMPUTABLE, why_not.reason
    if wrong.empty:
        return AuditVerdict.AGREES, f"all {checked:,} units met the variant of their bucket"
    ends = (wrong["first_exposed_at"].iloc[0], wrong["first_exposed_at"].iloc[-1])
    first, last = (pd.Timestamp(at).isoformat(" ", "minutes") for at in ends)
    when = f"at {first} UTC" if first == last else f"from {first} to {last} UTC"
    hint = f"; the log agrees with {fits}" if fits else ""
    words = f"{len(wrong):,} of {checked:,} units met another variant than that of their bucket, {when}{hint}"
    return AuditVerdict.DISAGREES, words


def _sample(row: dict[str, Any]) -> Disagreement:
    return Disagreement(
        unit_id=bounded(str(row["unit_id"])),
        logged=bounded(str(row["variant"])),
        expected=row["expected"],
        first_exposed_at=pd.Timestamp(row["first_exposed_at"]).isoformat(),
    )


def _totals(units: pd.DataFrame, as_of: date) -> pd.DataFrame:
    rows = frames.rows_of(units, as_of, ("trial_id", "phase", "dimension", "value", "variant"))
    rows = rows[(rows["dimension"] == "all").to_numpy(dtype=bool)]
    rows[list(_COUNTS)] = frames.counts(rows, _COUNTS)
    return rows.set_index(["trial_id", "phase"])


def _unit_totals(split: Split, before: Split | None, totals: pd.DataFrame) -> dict[str, int]:
    key = (split.trial_id, split.phase)
    rows = totals.loc[[key]] if key in totals.index else totals.iloc[:0]
    return {
        "units": int(rows["units"].sum()),
        "crossovers": int(rows["crossovers"].sum()),
        "moved": int(rows.loc[_may_not_move(split, before, rows), "rebucketed"].sum()),
        "exposed_after_outcome": int(rows["exposed_after_outcome"].sum()),
    }


def _examples(split: Split, before: Split | None, rows: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    found = {name: rows[name].to_numpy(dtype=bool) for name in ("crossover", "rebucketed", "exposed_after_outcome")}
    found["rebucketed"] &= _may_not_move(split, before, rows)
    ids = {
        name: tuple(bounded(str(unit)) for unit in rows["unit_id"][mask].head(EXAMPLES)) for name, mask in found.items()
    }
    return {
        "crossovers": ids["crossover"],
        "moved": ids["rebucketed"],
        "exposed_after_outcome": ids["exposed_after_outcome"],
    }


def _may_not_move(split: Split, before: Split | None, rows: pd.DataFrame) -> NDArray[np.bool_]:
    """Return whose change of variant is a finding.

    In a rollout it is none to gain the feature as it grows, or to lose it as it shrinks.
    """
    if split.kind is not TrialKind.ROLLOUT:
        return np.ones(len(rows), dtype=bool)
    has_grown = before is None or split.treated_share >= before.treated_share
    return ((rows["variant"] == split.control) == has_grown).to_numpy(dtype=bool)
