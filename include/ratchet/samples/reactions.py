"""What follows an answer: feedback of every kind, validators' findings, support tickets.

The answers themselves are in `interactions.py`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ratchet.samples.catalogue import intents, load
from ratchet.samples.frames import SHARED, Array, ids, later, numbers, pick, texts, whole
from ratchet.samples.plan import Plan
from ratchet.samples.requests import FAILURE
from ratchet.samples.words import fill, mixed

KINDS = ("behaviour", "thumb", "rating", "score", "comment")
ACTIONS = (
    "deleted_immediately",
    "immediate_retry",
    "edited_output",
    "used_as_is",
    "saved_to_favorites",
    "shared_with_team",
    "pinned_to_sidebar",  # unknown on purpose
)
TRANSLATION_DROP = 3.6
_KIND_SHARES = (0.42, 0.26, 0.20, 0.06, 0.06)
_DAY_MS = 86_400_000


def feedback(plan: Plan, requests: pd.DataFrame, roots: pd.DataFrame, index: int) -> pd.DataFrame:
    """Return what people thought of some answers, seconds to hours later."""
    rng = plan.rng("feedback", index)
    failed = requests["outcome"].to_numpy() == FAILURE
    person = _people(requests)
    given = np.flatnonzero((rng.random(len(roots)) < np.where(failed, 0.24, 0.13)) & person)
    root, size = roots.iloc[given], len(given)
    felt = _felt(plan, requests.iloc[given], rng)
    kind = rng.choice(len(KINDS), size, p=_KIND_SHARES)
    delay = np.where(kind == 3, rng.uniform(1, 6, size) * 3.6e6, rng.lognormal(np.log(40_000), 1.2, size))
    after = later(root["occurred_at"].to_numpy(), root["duration_ms"].to_numpy() + np.minimum(delay, 0.9 * _DAY_MS))
    frame = pd.DataFrame(
        {
            "event_id": ids("fb_", rng, size),
            "occurred_at": after,
            **{name: root[name].array for name in SHARED},
            "service": root["service"].array,
            "release": root["release"].array,
            "environment": root["environment"].array,
            "interaction_id": root["event_id"].array,
            "kind": pick(KINDS, kind),
        }
    )
    _write_judgement(frame, felt, kind, rng)
    frame["comment"] = _comments(requests["intent"].to_numpy()[given], felt, kind, rng)
    raters = np.where(kind == 3, rng.choice([1, 2], size, p=[0.25, 0.75]), 0)
    frame["rater"] = pick(("user", "expert", "evaluator"), raters)
    frame["rater_id"] = pick(("r_expert_1", "r_judge_2"), raters - 1)
    frame["_intent"] = requests["intent"].to_numpy()[given]
    return frame


def _people(requests: pd.DataFrame) -> Array:
    """Return whether a person asked; a script neither judges nor writes to support."""
    people: Array = np.array([intent.role != "automation" for intent in intents()])[requests["intent"]]
    return people


def _felt(plan: Plan, requests: pd.DataFrame, rng: np.random.Generator) -> Array:
    """Return how good each answer felt on the scale from 0 to 10, before it is pressed into a form."""
    names = [intent.name for intent in intents()]
    code = requests["intent"].to_numpy()
    mean = np.array([intent.score for intent in intents()])[code]
    worse = (code == names.index("translate_text")) & (requests["when"].to_numpy() >= plan.prompt_change)
    mean = mean - TRANSLATION_DROP * worse
    supported = np.array([intent.weight > 0 for intent in intents()])[code]
    mean = np.where((requests["outcome"].to_numpy() == FAILURE) & supported, 2.6, mean)
    return np.clip(rng.normal(mean, 1.9), 0, 10)


def _write_judgement(frame: pd.DataFrame, felt: Array, kind: Array, rng: np.random.Generator) -> None:
    size = len(frame)
    action = np.searchsorted([1.5, 4.0, 6.8, 9.0, 9.5], felt)
    action = np.where(rng.random(size) < 0.05, ACTIONS.index("pinned_to_sidebar"), action)
    up = felt + rng.normal(0, 1.0, size) > 5
    frame["rating"] = numbers(np.clip(np.round(1 + felt / 2.5), 1, 5), 0, kind == 2)
    frame["thumb"] = pick(("down", "up"), np.where(kind == 1, up.astype(int), -1))
    frame["action"] = pick(ACTIONS, np.where(kind == 0, action, -1))
    frame["score"] = numbers(felt * 10, 1, kind == 3)
    frame["score_min"] = numbers(np.zeros(size), 0, kind == 3)
    frame["score_max"] = numbers(np.full(size, 100.0), 0, kind == 3)


def _comments(intent: Array, felt: Array, kind: Array, rng: np.random.Generator) -> Array:
    """Return words: always for a comment, often beside a rating or a thumb that is clear."""
    said, catalogue = load("machines")["comments"], intents()
    wordy = (kind == 4) | (np.isin(kind, (1, 2)) & ((felt < 4) | (felt > 9)) & (rng.random(len(felt)) < 0.4))
    own = np.array([each.label in said for each in catalogue])[intent]
    gap = np.array([each.role.startswith("gap") for each in catalogue])[intent]
    names = list(said)
    low = np.where(gap, names.index("gap"), names.index("bad"))
    own_code = np.array([names.index(each.label) if each.label in said else 0 for each in catalogue])[intent]
    topic = np.where(felt >= 6, names.index("good"), np.where(own & (rng.random(len(felt)) < 0.7), own_code, low))
    out = np.full(len(felt), None, dtype=object)
    for code, name in enumerate(names):
        rows = np.flatnonzero(wordy & (topic == code))
        out[rows] = mixed(said[name], len(rows), rng)
    return out


def validations(plan: Plan, requests: pd.DataFrame, roots: pd.DataFrame, index: int) -> pd.DataFrame:
    """Return what validators found in generated code, analyses and long texts; other answers are not validated."""
    rng = plan.rng("validations", index)
    checked = np.array([i.task_type in ("code", "analysis") and i.weight > 0 for i in intents()])[requests["intent"]]
    rows = np.flatnonzero(checked & (requests["outcome"].to_numpy() != FAILURE) & (rng.random(len(roots)) < 0.8))
    root, size = roots.iloc[rows], len(rows)
    code = (root["task_type"] == "code").to_numpy()
    languages = ("Python", "SQL", "TypeScript", "spreadsheet", "text")
    found = rng.choice(4, size, p=(0.55, 0.25, 0.13, 0.07))
    return pd.DataFrame(
        {
            "event_id": ids("va_", rng, size),
            "occurred_at": later(root["occurred_at"].to_numpy(), root["duration_ms"].to_numpy() + 400),
            **{name: root[name].array for name in SHARED},
            "service": pick(("assistant-api",), np.zeros(size)),
            "release": root["release"].array,
            "environment": root["environment"].array,
            "interaction_id": root["event_id"].array,
            "language": pick(languages, np.where(code, rng.integers(0, 3, size), rng.integers(3, 5, size))),
            "syntax_errors": whole(rng.poisson(0.06, size), code),
            "style_issues": whole(rng.poisson(0.8, size)),
            "security_warnings": whole(rng.poisson(0.05, size), code),
            "test_coverage": numbers(rng.beta(5, 2, size), 3, code & (rng.random(size) < 0.6)),
            "doc_score": numbers(np.clip(rng.normal(70, 15, size), 0, 100), 1),
            "overall_score": numbers(np.clip(rng.normal(84, 9, size) - 9 * found, 0, 100), 1),
            "findings": _findings(found, rng),
        }
    )


def _findings(found: Array, rng: np.random.Generator) -> Array:
    pool = mixed(load("machines")["findings"], 400, rng)
    picks = rng.integers(0, len(pool), (len(found), 3)).tolist()
    return texts(
        [f"[{','.join(pool[i] for i in row[:count])}]" for row, count in zip(picks, found.tolist(), strict=True)]
    )


def tickets(plan: Plan, requests: pd.DataFrame, roots: pd.DataFrame, index: int) -> pd.DataFrame:
    """Return support tickets of users who failed, and their resolution one or two days later."""
    rng = plan.rng("tickets", index)
    failed = (requests["outcome"].to_numpy() == FAILURE) & _people(requests)
    rows = np.flatnonzero(failed & (rng.random(len(roots)) < 0.03))
    root, size = roots.iloc[rows], len(rows)
    opened = pd.DataFrame(
        {
            "event_id": ids("ti_", rng, size),
            "occurred_at": later(root["occurred_at"].to_numpy(), rng.uniform(2, 90, size) * 60_000),
            "user_id": root["user_id"].array,
            "service": pick(("helpdesk",), np.zeros(size)),
            "environment": root["environment"].array,
            "ticket_id": texts(fill("T-<n6>", size, rng)),
            "status": pick(("opened", "resolved"), np.zeros(size)),
            "intent": root["intent"].array,
        }
    )
    solved = opened[rng.random(size) < 0.85]
    resolved = solved.assign(
        event_id=ids("ti_", rng, len(solved)),
        occurred_at=later(solved["occurred_at"].to_numpy(), rng.uniform(0.2, 2.0, len(solved)) * _DAY_MS),
        status=pick(("opened", "resolved"), np.ones(len(solved))),
    )
    return pd.concat([opened, resolved], ignore_index=True)
