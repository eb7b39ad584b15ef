"""The audit finds every planted disagreement, names the hash that fits instead, and says where it cannot tell."""

import json
import re
import time
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from ratchet import files
from ratchet.contracts import bucket_arrays
from ratchet.contracts.audits import AuditVerdict
from ratchet.contracts.buckets import BUCKETINGS, Hash
from ratchet.contracts.experiments import TrialKind
from ratchet.contracts.rollouts import Assignment
from ratchet.contracts.splits import Split, of_experiment, of_rollout, percentage_split
from ratchet.log import redaction
from ratchet.measure.audit import MASKED, SHOWN, audit

from .trial_frames import NIGHT, experiment

START = pd.Timestamp("2026-03-20T08:00:00")
SPLIT = Split("exp", 1, TrialKind.EXPERIMENT, "control", Hash.FLAGD, "salt.", (("treatment", 1), ("control", 1)))


def served(split, unit_ids, **columns):
    """Return mart_experiment_assignments as the split gives it."""
    index = bucket_arrays.assign(split.hash, split.salt, unit_ids, split.weights)
    rows = {
        "as_of": NIGHT,
        "trial_id": split.trial_id,
        "phase": split.phase,
        "unit_id": unit_ids,
        "variant": np.array(split.variants, dtype=object)[index],
        "reason": "SPLIT",
        "first_exposed_at": START + pd.to_timedelta(np.arange(len(unit_ids)), unit="s"),
        "crossover": False,
        "rebucketed": False,
        "exposed_after_outcome": False,
    }
    return pd.DataFrame(rows | columns)


def totals(*rows):
    names = ("trial_id", "phase", "variant", "units", "crossovers", "rebucketed", "exposed_after_outcome")
    frame = pd.DataFrame([dict(zip(names, row, strict=True)) for row in rows], columns=names)
    return frame.assign(as_of=NIGHT, dimension="all", value="")


def users(n=500):
    return [f"user-{i}" for i in range(n)]


def one(assignments, split=SPLIT, units=None):
    (found,) = audit(assignments, totals() if units is None else units, [split], NIGHT).trials
    return found


@pytest.mark.parametrize("hash_", sorted(BUCKETINGS))
def test_a_sound_log_agrees(hash_):
    split = replace(SPLIT, hash=hash_)
    found = one(served(split, users()), split)
    assert (found.verdict, found.checked, found.disagreeing) == (AuditVerdict.AGREES, 500, 0)
    assert found.reason == "all 500 units met the variant of their bucket"


def test_every_planted_disagreement_is_found_and_the_oldest_are_listed():
    log = served(SPLIT, users(5000))
    planted = np.random.default_rng(1).choice(5000, 37, replace=False)
    other = {"treatment": "control", "control": "treatment"}
    log.loc[planted, "variant"] = log.loc[planted, "variant"].map(other)
    found = one(log.sample(frac=1, random_state=2))
    assert (found.verdict, found.disagreeing, found.fits) == (AuditVerdict.DISAGREES, 37, "")
    oldest = np.sort(planted)[:SHOWN]
    assert [s.unit_id for s in found.samples] == [f"user-{i}" for i in oldest]
    assert [s.logged for s in found.samples] == log.loc[oldest, "variant"].tolist()
    assert all(s.expected == other[s.logged] for s in found.samples)
    first, last = (START + timedelta(seconds=int(planted[at])) for at in (planted.argmin(), planted.argmax()))
    assert found.reason == (
        "37 of 5,000 units met another variant than that of their bucket, "
        f"from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
    )
    assert found.samples[0].first_exposed_at == (START + timedelta(seconds=int(oldest[0]))).isoformat()


@pytest.mark.parametrize("hash_", [h for h in sorted(BUCKETINGS) if h != Hash.FLAGD])
def test_the_hash_that_the_log_agrees_with_is_named(hash_):
    found = one(served(replace(SPLIT, hash=hash_), users()))
    assert found.verdict is AuditVerdict.DISAGREES
    assert found.fits == f"hash {hash_} with buckets in the order treatment, control"
    assert found.fits in found.reason


def test_arms_in_another_order_are_named():
    split = replace(SPLIT, parts=(("control", 3), ("treatment", 1)))
    found = one(served(split, users()), replace(split, parts=split.parts[::-1]))
    assert found.fits == "hash flagd with buckets in the order control, treatment"


def test_another_salt_disagrees_with_everything_and_fits_nothing():
    found = one(served(replace(SPLIT, salt="other"), users(4000)))
    assert found.disagreeing == pytest.approx(2000, abs=150)
    assert found.fits == ""


def test_ids_that_were_masked_on_arrival_are_left_out_and_counted():
    ids = [f"maria{i}@example.com" for i in range(100)]
    log = served(SPLIT, ids + users(50))
    log.loc[:99, "unit_id"] = [f"[EMAIL:{i:012x}]" for i in range(100)]
    found = one(log)
    assert (found.verdict, found.checked, found.masked) == (AuditVerdict.AGREES, 50, 100)
    found = one(log.iloc[:100])
    assert (found.verdict, found.checked, found.disagreeing, found.masked) == (
        AuditVerdict.NOT_COMPUTABLE,
        0,
        None,
        100,
    )
    assert "masked on arrival, after the assignment" in found.reason


def test_what_ingestion_masks_is_what_the_audit_leaves_out():
    for kind in redaction.KINDS:
        assert re.fullmatch(MASKED, f"[{kind.upper()}:0123456789ab]")
    assert not re.fullmatch(MASKED, "[user]")


def test_an_unknown_hash_and_an_empty_log_are_not_computable():
    found = one(served(SPLIT, users()), replace(SPLIT, hash=Hash.NONE))
    assert (found.verdict, found.reason) == (
        AuditVerdict.NOT_COMPUTABLE,
        "the way of bucketing is not known (hash: none)",
    )
    found = one(served(SPLIT, users()).iloc[:0])
    assert found.verdict is AuditVerdict.NOT_COMPUTABLE
    assert "no unit met the flag" in found.reason
    assert one(served(SPLIT, users()).assign(as_of=NIGHT - timedelta(days=1))).verdict is AuditVerdict.NOT_COMPUTABLE


def test_members_of_groups_have_no_bucket():
    log = served(SPLIT, users(), reason="TARGETING", variant="treatment")
    assert one(log).verdict is AuditVerdict.NOT_COMPUTABLE
    assert one(pd.concat([log, served(SPLIT, ["a", "b"])])).checked == 2


def test_crossovers_and_outcomes_before_exposure_are_counted_and_shown():
    log = served(SPLIT, users(10))
    log.loc[[2, 5], "crossover"] = True
    log.loc[3, "exposed_after_outcome"] = True
    log.loc[4, "rebucketed"] = True
    found = one(log, units=totals(("exp", 1, "control", 900, 7, 3, 2), ("exp", 1, "treatment", 950, 1, 0, 0)))
    assert (found.units, found.crossovers, found.moved, found.exposed_after_outcome) == (1850, 8, 3, 2)
    assert found.examples == {
        "crossovers": ("user-2", "user-5"),
        "moved": ("user-4",),
        "exposed_after_outcome": ("user-3",),
    }


def ramp(*percentages):
    return [
        replace(
            SPLIT, trial_id="r", kind=TrialKind.ROLLOUT, control="off", phase=n, parts=percentage_split("on", "off", p)
        )
        for n, p in enumerate(percentages, 1)
    ]


def test_a_ramp_may_only_give_and_a_roll_back_only_take():
    units = totals(
        *[("r", phase, variant, 100, 0, moved, 0) for phase, variant, moved in (
            (1, "on", 0), (1, "off", 0), (2, "on", 20), (2, "off", 3), (3, "on", 2), (3, "off", 50),
        )]
    )  # fmt: skip
    found = audit(served(SPLIT, []), units, ramp(5, 25, 0), NIGHT).trials
    assert [trial.moved for trial in found] == [0, 3, 2]


def test_a_sound_ramp_contains_the_stage_before():
    stages = ramp(5, 25, 75, 100)
    ids = users(2000)
    shown = [set(np.array(ids)[served(stage, ids)["variant"] == "on"]) for stage in stages]
    assert shown[0] < shown[1] < shown[2] < shown[3] == set(ids)
    found = audit(pd.concat([served(stage, ids) for stage in stages]), totals(), stages, NIGHT).trials
    assert [trial.verdict for trial in found] == [AuditVerdict.AGREES] * 4


def test_hostile_ids_are_data():
    ids = ["", "\x00", "a\x00b", "😀", "[EMAIL]x", "=cmd()", "x" * 5000, "\u2028", "[EMAIL:123456789abc] "]
    found = one(served(SPLIT, ids))
    assert (found.verdict, found.checked) == (AuditVerdict.AGREES, len(ids))
    log = served(SPLIT, ["x" * 5000])
    other = log.assign(variant=log["variant"].map({"treatment": "control", "control": "treatment"}))
    assert len(one(other).samples[0].unit_id) <= 300


def test_the_order_of_rows_changes_nothing():
    log = pd.concat([served(split, users(300)) for split in ramp(5, 25)])
    log["variant"] = log["variant"].where(log.index % 7 > 0, "off")
    results = [audit(log.sample(frac=1, random_state=seed), totals(), ramp(5, 25), NIGHT) for seed in range(3)]
    assert results[0] == results[1] == results[2]
    assert results[0].as_artifact()["trials"][1]["verdict"] == "disagrees"
    assert json.loads(files.to_json(results[0].as_artifact()))["as_of"] == NIGHT.isoformat()


def test_the_split_of_specs():
    arms = {"arms": ("control", "a", "b"), "weights": [5, 3, 2]}
    split = of_experiment(experiment(**arms))
    assert (split.parts, split.control, split.salt) == ((("a", 3), ("b", 2), ("control", 5)), "control", "exp")
    assert of_experiment(experiment(**arms, hash=Hash.GROWTHBOOK_V1)).variants == ("control", "a", "b")
    assert of_experiment(experiment(**arms, bucket_order=("b", "control", "a"))).parts[1] == ("control", 5)
    assignment = Assignment("f", ("off", "on"), "", "user", Hash.FLAGD)
    split = of_rollout("r", assignment, 2, 5.0)
    assert (split.phase, split.salt, split.parts, split.treated_share) == (2, "f", (("on", 1), ("off", 19)), 0.05)


@pytest.mark.parametrize(
    ("percentage", "weights"), [(0, (0, 1)), (100, (1, 0)), (25, (1, 3)), (0.1, (1, 999)), (33.333, (33333, 66667))]
)
def test_percentages_are_whole_weights(percentage, weights):
    assert tuple(weight for _, weight in percentage_split("on", "off", percentage)) == weights


def test_a_thousand_phases_are_audited_in_seconds():
    splits = [replace(SPLIT, trial_id=f"t{number:04}", salt=f"t{number}.") for number in range(1000)]
    log = pd.concat([served(split, users(30)) for split in splits])
    begun = time.process_time()
    found = audit(log, totals(), splits, NIGHT).trials
    assert time.process_time() - begun < 8  # well below a second alone on a machine
    assert {(trial.verdict, trial.checked) for trial in found} == {(AuditVerdict.AGREES, 30)}


def test_many_units_are_checked_at_once():
    log = served(SPLIT, [f"3f2b8c1e-user-{i}" for i in range(200_000)])
    begun = time.process_time()
    assert one(log).checked == 200_000
    assert time.process_time() - begun < 10  # about half a second; one unit at a time takes a multiple
