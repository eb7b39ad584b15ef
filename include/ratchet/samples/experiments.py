"""Flag evaluations and outcomes: an experiment with a true effect, one without any, and a rollout in stages.

A unit's bucket is MurmurHash3 (32 bit) of the flag's key followed by the unit's id, as flagd's fractional evaluation
does it, so that an audit can compute every assignment again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ratchet.contracts import bucket_arrays
from ratchet.contracts.buckets import Hash
from ratchet.samples.catalogue import intents
from ratchet.samples.frames import SHARED, Array, ids, later, numbers, pick
from ratchet.samples.people import People
from ratchet.samples.plan import Plan
from ratchet.samples.requests import FAILURE

ROLLOUT_STAGES = ((0.0, 5), (0.25, 25), (0.6, 75))  # share of the period, percentage from then on: still under way
REASONS = ("SPLIT", "TARGETING", "DEFAULT", "ERROR")
DEFAULT_SHARE, ERROR_SHARE = 0.008, 0.002


@dataclass(frozen=True, slots=True)
class Trial:
    """An experiment or a rollout.

    Attributes:
        flag: its flag.
        variants: control first.
        intents: the intents on which it is evaluated; none means all.
        metric: the metric of its outcomes.
        means: true mean of the metric for control and treatment.
        binary: whether the metric is 0 or 1.
        stages: the treatment's percentages over time.
    """

    flag: str
    variants: tuple[str, str]
    intents: tuple[str, ...]
    metric: str
    means: tuple[float, float]
    binary: bool
    stages: tuple[tuple[float, int], ...] = ((0.0, 50),)

    def percentages(self, plan: Plan, when: Array) -> Array:
        """Return the treatment's percentage in force at each instant."""
        starts = np.array([plan.instant(share) for share, _ in self.stages])
        stage = np.searchsorted(starts, when, side="right") - 1
        return np.array([percentage for _, percentage in self.stages])[np.maximum(stage, 0)]


TRIALS = (
    Trial(
        "summary_prompt",
        ("control", "structured"),
        ("summarise_document", "summarise_thread"),
        "summary_accepted",
        (0.60, 0.68),
        True,
    ),
    Trial(
        "sidebar_layout",
        ("control", "compact"),
        ("search_files", "find_person", "list_tasks"),
        "seconds_to_click",
        (6.0, 6.0),
        False,
    ),
    Trial(
        "smart_search",
        ("off", "on"),
        ("answer_question", "prepare_meeting"),
        "answer_useful",
        (0.70, 0.73),
        True,
        ROLLOUT_STAGES,
    ),
)


def treatments(people: People, trial: Trial, percentages: Array, users: Array) -> Array:
    """Return whether the treatment's percentage covers each user; it has the lowest buckets, so nobody leaves it."""
    drawn = bucket_arrays.numbers(Hash.FLAGD, trial.flag, people.user_ids).astype(np.uint64)
    return (drawn[users] * np.uint64(100) >> np.uint64(32)) < percentages


def evaluations(
    plan: Plan, people: People, requests: pd.DataFrame, roots: pd.DataFrame, index: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the flag evaluations and the outcomes of a day; the variant served is in `_treated`."""
    pairs = [_trial_day(plan, people, trial, requests, roots, index) for trial in TRIALS]
    flags = pd.concat([pair[0] for pair in pairs], ignore_index=True)
    return flags, pd.concat([pair[1] for pair in pairs], ignore_index=True)


def _trial_day(
    plan: Plan, people: People, trial: Trial, requests: pd.DataFrame, roots: pd.DataFrame, index: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = plan.rng(trial.flag, index)
    names = [intent.name for intent in intents()]
    scope = np.isin(requests["intent"], [names.index(name) for name in trial.intents])
    rows = np.flatnonzero(scope)
    user, root = requests["user"].to_numpy()[rows], roots.iloc[rows]
    tester = people.internal[user] & (len(trial.stages) > 1)
    inside = treatments(people, trial, trial.percentages(plan, root["occurred_at"].to_numpy()), user)
    chance = rng.random(len(rows))
    reason = np.where(tester, 1, 0)
    reason = np.where(chance < DEFAULT_SHARE, 2, np.where(chance < DEFAULT_SHARE + ERROR_SHARE, 3, reason))
    treated = (tester | inside) & (reason < 2)
    failed = requests["outcome"].to_numpy()[rows] == FAILURE
    flags = _flag_frame(people, trial, root, user, treated, reason, rng)
    return flags, _outcome_frame(people, trial, root[~failed], user[~failed], treated[~failed], rng)


def _flag_frame(
    people: People,
    trial: Trial,
    root: pd.DataFrame,
    user: Array,
    treated: Array,
    reason: Array,
    rng: np.random.Generator,
) -> pd.DataFrame:
    size = len(root)
    return pd.DataFrame(
        {
            "event_id": ids("fl_", rng, size),
            "occurred_at": later(root["occurred_at"].to_numpy(), rng.uniform(0, 4, size)),
            **{name: root[name].array for name in SHARED},
            "service": root["service"].array,
            "release": root["release"].array,
            "environment": root["environment"].array,
            "flag_key": pick([each.flag for each in TRIALS], np.full(size, TRIALS.index(trial))),
            "variant": pick(_values([v for each in TRIALS for v in each.variants]), _variant_codes(trial, treated)),
            "unit_id": pick(people.user_ids, user),
            "unit_type": pick(("user",), np.zeros(size)),
            "reason": pick(REASONS, reason),
            "_treated": treated,
            "_user": user,
        }
    )


def _values(values: list[str]) -> list[str]:
    return sorted(set(values))


def _variant_codes(trial: Trial, treated: Array) -> Array:
    known = _values([v for each in TRIALS for v in each.variants])
    return np.where(treated, known.index(trial.variants[1]), known.index(trial.variants[0]))


def _outcome_frame(
    people: People, trial: Trial, root: pd.DataFrame, user: Array, treated: Array, rng: np.random.Generator
) -> pd.DataFrame:
    size = len(root)
    mean = np.where(treated, trial.means[1], trial.means[0])
    value = (rng.random(size) < mean).astype(float) if trial.binary else rng.lognormal(np.log(mean) - 0.18, 0.6)
    return pd.DataFrame(
        {
            "event_id": ids("ou_", rng, size),
            "occurred_at": later(
                root["occurred_at"].to_numpy(), root["duration_ms"].to_numpy() + rng.uniform(2e3, 6e4, size)
            ),
            **{name: root[name].array for name in SHARED},
            "service": root["service"].array,
            "release": root["release"].array,
            "environment": root["environment"].array,
            "metric": pick([each.metric for each in TRIALS], np.full(size, TRIALS.index(trial))),
            "value": numbers(value, 3),
            "unit_id": pick(people.user_ids, user),
            "unit_type": pick(("user",), np.zeros(size)),
            "interaction_id": root["event_id"].array,
            "_treated": treated,
            "_user": user,
        }
    )
