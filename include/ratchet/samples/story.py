"""Tells what was planted, counted from the events themselves: gaps, errors, bad experiences, experiments, incidents.

Windows end with the last day, when everything has landed; a unit is the user.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ratchet.samples import indexing
from ratchet.samples.catalogue import faults, intents
from ratchet.samples.experiments import ROLLOUT_STAGES, TRIALS, Trial
from ratchet.samples.interactions import DEGRADED_FACTOR, MODELS
from ratchet.samples.machines import SKEWED_HOST
from ratchet.samples.plan import Plan
from ratchet.samples.requests import FAILURE, SUCCESS, UNKNOWN

WINDOWS = (7, 30)
GAP_KINDS = {"gap_growing": "growing", "gap_steady": "steady", "gap_fixed": "fixed", "gap_new": "new"}
_CAUSES = {  # error type: (change that began it, change that ended it)
    "MissingParameterError": ("chg_release_240", None),
    "KeyError": (None, "chg_release_231"),
    "ConnectorNotFoundError": (None, "chg_outlook"),
}


def told(plan: Plan, frames: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Return the planted truths as they stand in `truth.json`."""
    requests = frames["requests"]
    roles = {name: _role(requests, name) for name in ("gap_unnamed", "rare", "automation")}
    return {
        "intents": [_intent(plan, requests, number) for number in range(len(intents()))],
        "gaps": [_gap(plan, requests, number) for number, i in enumerate(intents()) if i.role in GAP_KINDS],
        "implicit_gaps": [
            _demand(plan, roles["gap_unnamed"], "podcast", "no intent is logged and nothing fails: only words show it")
        ],
        "not_gaps": [
            _demand(plan, roles["automation"], "refresh_dashboard", "one user, the same words on a clock"),
            _demand(plan, roles["rare"], "convert_to_braille", "at most five requests in thirty days"),
        ],
        "retries": int(requests["_retry"].sum()),
        "errors": [
            _error(plan, frames["errors"], error_type) for error_type in sorted({f.error_type for f in faults()})
        ],
        "feedback": [_feedback(plan, frames["feedback"], number) for number in range(len(intents()))],
        "bad_experiences": _bad_experiences(plan, frames["feedback"]),
        "experiments": [_trial(plan, trial, frames) for trial in TRIALS if len(trial.stages) == 1],
        "rollouts": [_trial(plan, trial, frames) | _stages(plan) for trial in TRIALS if len(trial.stages) > 1],
        "rate_limits": indexing.told(plan, frames["indexing"]),
        "incidents": _incidents(plan),
        "changes": _changes(frames["changes"]),
    }


def _role(requests: pd.DataFrame, role: str) -> pd.DataFrame:
    return requests[requests["_intent"] == next(n for n, i in enumerate(intents()) if i.role == role)]


def _window(plan: Plan, frame: pd.DataFrame, days: int) -> pd.DataFrame:
    return frame[frame["day"] >= plan.days - days]


def _counts(frame: pd.DataFrame) -> dict[str, int]:
    outcome = frame["_outcome"]
    return {
        "requests": len(frame),
        "successes": int((outcome == SUCCESS).sum()),
        "failures": int((outcome == FAILURE).sum()),
        "unknown": int((outcome == UNKNOWN).sum()),
        "units": int(frame["unit"].nunique()),
        "failing_units": int(frame.loc[outcome == FAILURE, "unit"].nunique()),
    }


def _intent(plan: Plan, requests: pd.DataFrame, number: int) -> dict[str, Any]:
    own = requests[requests["_intent"] == number]
    windows = {str(days): _counts(_window(plan, own, days)) for days in WINDOWS}
    return {"intent": intents()[number].name, "label": intents()[number].label, "windows": windows}


def _gap(plan: Plan, requests: pd.DataFrame, number: int) -> dict[str, Any]:
    intent = intents()[number]
    own = requests[requests["_intent"] == number]
    fixed = intent.role == "gap_fixed"
    return {
        "intent": intent.name,
        "kind": GAP_KINDS[intent.role],
        "error_type": next(f.error_type for f in faults() if f.key == intent.fault),
        "first_day": _first_day(plan, own),
        "fixed_on": _shown(plan.outlook_added) if fixed else None,
        "fixed_by": "chg_outlook" if fixed else None,
        "windows": {str(days): _counts(_window(plan, own, days)) for days in WINDOWS},
        "daily": _daily(plan, own),
    }


def _demand(plan: Plan, own: pd.DataFrame, label: str, why: str) -> dict[str, Any]:
    windows = {str(days): _counts(_window(plan, own, days)) for days in WINDOWS}
    return {"label": label, "why": why, "windows": windows, "daily": _daily(plan, own)}


def _daily(plan: Plan, own: pd.DataFrame) -> list[dict[str, Any]]:
    return [{"date": plan.date_of(day), **_counts(rows)} for day, rows in _by_day(own)]


def _by_day(frame: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    return [(day, frame[frame["day"] == day]) for day in sorted(set(frame["day"].tolist()))]


def _first_day(plan: Plan, own: pd.DataFrame) -> Any:
    return plan.date_of(int(own["day"].min())) if len(own) else None


def _shown(moment: np.datetime64) -> str:
    return f"{np.datetime_as_string(moment, unit='s')}Z"


def _error(plan: Plan, errors: pd.DataFrame, error_type: str) -> dict[str, Any]:
    own = errors[errors["error_type"] == error_type]
    fault = next(f for f in faults() if f.error_type == error_type)
    began, ended = _CAUSES.get(error_type, (None, None))
    return {
        "error_type": error_type,
        "template": fault.message,
        "events": len(own),
        "handled": int(own["handled"].sum()),
        "units": int(own["unit"].nunique()),
        "first_day": _first_day(plan, own),
        "last_day": plan.date_of(int(own["day"].max())) if len(own) else None,
        "began_with": began,
        "ended_with": ended,
        "fix": fault.fix,
        "daily": [
            {"date": plan.date_of(day), "events": len(rows), "handled": int(rows["handled"].sum())}
            for day, rows in _by_day(own)
        ],
    }


def _satisfaction(frame: pd.DataFrame) -> dict[str, Any]:
    scored = frame["score"].dropna()
    return {
        "feedback": len(frame),
        "scored": len(scored),
        "low": int((scored < 5).sum()),
        "mean_score": float(scored.mean()) if len(scored) else None,
        "unknown_action": int(((frame["kind"] == "behaviour") & frame["score"].isna()).sum()),
    }


def _feedback(plan: Plan, feedback: pd.DataFrame, number: int) -> dict[str, Any]:
    own = feedback[feedback["_intent"] == number]
    windows = {str(days): _satisfaction(_window(plan, own, days)) for days in WINDOWS}
    return {"intent": intents()[number].name, "label": intents()[number].label, "windows": windows}


def _bad_experiences(plan: Plan, feedback: pd.DataFrame) -> list[dict[str, Any]]:
    numbers = {intent.name: number for number, intent in enumerate(intents())}
    chart = feedback[feedback["_intent"] == numbers["create_chart"]]
    words = feedback[feedback["_intent"] == numbers["translate_text"]]
    change = int((plan.prompt_change.astype("datetime64[D]") - np.datetime64(plan.start, "D")).astype(int))
    return [
        {"intent": "create_chart", "since": plan.start, "caused_by": None, "after": _satisfaction(chart)},
        {
            "intent": "translate_text",
            "since": plan.date_of(change),
            "caused_by": "chg_translate_prompt_4",
            "before": _satisfaction(words[words["day"] < change]),
            "after": _satisfaction(words[words["day"] > change]),
        },
    ]


def _trial(plan: Plan, trial: Trial, frames: dict[str, pd.DataFrame]) -> dict[str, Any]:
    flags = frames["flags"][frames["flags"]["flag_key"] == trial.flag]
    outcomes = frames["outcomes"][frames["outcomes"]["metric"] == trial.metric]
    exposed = flags[flags["reason"].isin(("SPLIT", "TARGETING"))]
    arms = []
    for treated, variant in enumerate(trial.variants):
        seen, measured = exposed[exposed["_treated"] == bool(treated)], outcomes[outcomes["_treated"] == bool(treated)]
        arms.append(
            {
                "variant": variant,
                "true_mean": trial.means[treated],
                "exposures": len(seen),
                "users": int(seen["_user"].nunique()),
                "outcomes": len(measured),
                "mean": float(measured["value"].mean()) if len(measured) else None,
            }
        )
    return {
        "flag_key": trial.flag,
        "metric": trial.metric,
        "intents": list(trial.intents),
        "assignment": "murmur3_32(flag_key + unit_id) * 100 >> 32, below the percentage is the treatment",
        "true_lift": trial.means[1] / trial.means[0] - 1,
        "evaluations": len(flags),
        "arms": arms,
    }


def _stages(plan: Plan) -> dict[str, Any]:
    return {
        "stages": [
            {"from": _shown(plan.instant(share)), "percentage": percentage} for share, percentage in ROLLOUT_STAGES
        ]
    }


def _incidents(plan: Plan) -> list[dict[str, Any]]:
    outage, slow = plan.outage, plan.degradation
    story: list[dict[str, Any]] = [
        {
            "kind": "outage",
            "target": "search",
            "from": _shown(outage[0]),
            "to": _shown(outage[1]),
            "change": "chg_incident_search",
        },
        {
            "kind": "slow_model",
            "target": MODELS[-1],
            "from": _shown(slow[0]),
            "to": _shown(slow[1]),
            "factor": DEGRADED_FACTOR,
        },
    ]
    if plan.ugly_day < plan.days - 1:
        day = plan.date_of(plan.ugly_day)
        story.append(
            {
                "kind": "clock_ahead",
                "target": SKEWED_HOST,
                "from": f"{day}T14:00:00Z",
                "to": f"{day}T15:00:00Z",
                "days": 1,
            }
        )
    return story


def _changes(changes: pd.DataFrame) -> list[dict[str, Any]]:
    rows = changes.sort_values(["occurred_at", "event_id"])
    at = [_shown(moment) for moment in rows["occurred_at"].to_numpy()]
    rest = rows[["event_id", "kind", "target"]].to_dict("records")
    return [{**{str(key): value for key, value in row.items()}, "at": when} for row, when in zip(rest, at, strict=True)]
