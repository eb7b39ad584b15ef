from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

DAY = date(2026, 11, 20)


@dataclass(frozen=True)
class Rules:
    gap_window_days: int = 7
    suggestion_window_days: int = 30
    gap_floor_events: int = 5
    gap_floor_units: int = 2
    high_priority_demand: int = 20
    error_floor: int = 10
    min_feedback_count: int = 10
    k_anonymity: int = 5
    rephrase_window_s: float = 120.0
    rephrase_similarity: float = 0.8


@pytest.fixture
def rules():
    return Rules


def frame(defaults, rows):
    """Return rows as a mart's frame, with the types DuckDB gives them."""
    made = pd.DataFrame([defaults | row for row in rows], columns=list(defaults))
    for name, value in defaults.items():
        if isinstance(value, date):
            made[name] = pd.to_datetime(made[name]).astype("datetime64[us]")
        elif isinstance(value, int):
            made[name] = made[name].astype("int64")
        elif isinstance(value, tuple):
            made[name] = [np.array(v, dtype=object) for v in made[name]]
    return made


@pytest.fixture
def gaps():
    """Return a mart_feature_gaps of intents: requests, failures in 30 days, then the same in 7."""

    def build(*intents, **extra):
        rows = []
        for name, long, short, units in intents:
            for days, (requests, failures) in ((30, long), (7, short)):
                row = {"window_days": days, "intent": name, "requests": requests, "failures": failures}
                row |= {"successes": requests - failures, "units": min(units, requests)}
                row |= {"failing_units": min(units, failures)} | extra
                rows.append(row)
        return frame(GAP, rows)

    return build


GAP = {
    "as_of": DAY,
    "window_days": 7,
    "intent": "",
    "unit_kind": "user",
    "requests": 0,
    "successes": 0,
    "failures": 0,
    "unknown": 0,
    "units": 0,
    "failing_units": 0,
    "previous_requests": 0,
    "previous_failures": 0,
    "first_seen": date(2026, 10, 25),
    "last_seen": DAY,
    "sample_event_ids": ("e1", "e2"),
    "sample_requests": ("please do it",),
}
GAP_ERROR = {
    "as_of": DAY,
    "window_days": 30,
    "intent": "",
    "error_kind": "",
    "failures": 0,
    "units": 0,
    "sample_event_ids": ("e1",),
}
ERROR = {
    "as_of": DAY,
    "fingerprint": "0",
    "fingerprint_version": 2,
    "error_type": "RateLimitError",
    "message_template": "rate limit for <id>",
    "frames": ("charge(jobs.pay)",),
    "culprit": "/pay",
    "kinds": 1,
    "sample_message": "rate limit for gpt-4o",
    "occurrences": 0,
    "previous_occurrences": 0,
    "occurrences_total": 0,
    "units": 0,
    "unit_kind": "user",
    "interactions": 0,
    "handled": 0,
    "first_seen": date(2026, 10, 1),
    "last_seen": DAY,
    "returned_on": None,
    "first_at": None,
    "change_id": None,
    "change_kind": None,
    "change_target": None,
    "change_before": None,
    "change_after": None,
    "change_at": None,
    "apis": ("openai",),
    "http_statuses": (429,),
    "sample_event_ids": ("x1",),
    "days": 7,
    "exposure_days": 7,
    "previous_exposure_days": 28,
}


@pytest.fixture
def gap_errors():
    return lambda *rows: frame(GAP_ERROR, rows)


@pytest.fixture
def errors():
    return lambda *rows: frame(ERROR, rows)


FEEDBACK = {
    "as_of": DAY,
    "window_days": 30,
    "intent": "",
    "kind": "rating",
    "rater": "user",
    "feedback": 0,
    "scored": 0,
    "low": 0,
    "score_sum": 0.0,
    "score_sumsq": 0.0,
    "unknown_action": 0,
    "units": 0,
    "rating_sum": 0.0,
    "rating_n": 0,
}
RESPONSE = {
    "as_of": DAY,
    "window_days": 30,
    "intent": "",
    "agent_tier": "",
    "requests": 0,
    "requests_with_feedback": 0,
}
COMMENT = {
    "as_of": DAY,
    "intent": "",
    "rank": 1,
    "event_id": "f1",
    "score": 0.0,
    "comment": "",
    "interaction_id": "i1",
}


@pytest.fixture
def feedback():
    """Return a mart_feedback of rows that give their scores."""

    def build(*rows):
        made = []
        for row in rows:
            scores = row["scores"]
            counted = {"feedback": len(scores), "scored": len(scores), "low": sum(s < 5 for s in scores)}
            counted |= {"score_sum": sum(scores), "score_sumsq": sum(s * s for s in scores), "units": len(scores)}
            made.append(counted | {k: v for k, v in row.items() if k != "scores"})
        return frame(FEEDBACK, made)

    return build


@pytest.fixture
def response():
    return lambda *rows: frame(RESPONSE, rows)


@pytest.fixture
def comments():
    return lambda *rows: frame(COMMENT, rows)


HEALTH = {
    "as_of": DAY,
    "metric_date": DAY,
    "service": "",
    "requests": 0,
    "successes": 0,
    "failures": 0,
    "unknown": 0,
    "errors": 0,
    "api_calls": 0,
    "api_failures": 0,
    "heartbeats": 0,
    "heartbeats_up": 0,
    "scored": 0,
    "low": 0,
    "duration_n": 0,
    "duration_p50_ms": float("nan"),
    "duration_p95_ms": float("nan"),
    "duration_p99_ms": float("nan"),
}
USAGE = {
    "as_of": DAY,
    "window_days": 7,
    "level": "root",
    "dimension": "all",
    "value": "all",
    "requests": 0,
    "successes": 0,
    "failures": 0,
    "unknown": 0,
    "units": 0,
    "duration_n": 0,
    "duration_p50_ms": float("nan"),
    "duration_p95_ms": float("nan"),
    "duration_p99_ms": float("nan"),
    "timed_out": 0,
    "token_n": 0,
    "input_tokens": 0,
    "output_tokens": 0,
    "cost_n": 0,
    "cost_usd": 0.0,
    "quality_n": 0,
    "satisfaction_n": 0,
}
USAGE |= {f"{m}_p{q}": float("nan") for m in ("quality", "satisfaction") for q in ("05", "50", "95")}
USAGE |= {f"{m}_p{q}{u}": float("nan") for m, u in (("tokens", ""), ("cost", "_usd")) for q in (50, 95, 99)}


@pytest.fixture
def health():
    return lambda *rows: frame(HEALTH, rows)


HOURLY = {
    "as_of": DAY,
    "metric_hour": datetime.fromisoformat("2026-11-20"),
    "service": "",
    "requests": 0,
    "successes": 0,
    "failures": 0,
    "errors": 0,
    "api_calls": 0,
    "api_failures": 0,
    "heartbeats": 0,
    "heartbeats_up": 0,
    "answered_minutes": 0,
    "up_minutes": 0,
    "down_minutes": 0,
    "duration_n": 0,
    "duration_p50_ms": float("nan"),
    "duration_p95_ms": float("nan"),
    "duration_p99_ms": float("nan"),
}
FAILURES = {
    "as_of": DAY,
    "metric_hour": datetime.fromisoformat("2026-11-20"),
    "service": "",
    "error_kind": "",
    "status_code": "",
    "sample_error": "",
    "failures": 1,
    "minutes": 1,
}


@pytest.fixture
def hourly():
    return lambda *rows: frame(HOURLY, rows)


@pytest.fixture
def failures():
    return lambda *rows: frame(FAILURES, rows)


@pytest.fixture
def usage():
    return lambda *rows: frame(USAGE, rows)
