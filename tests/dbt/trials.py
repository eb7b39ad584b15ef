"""Trials, evaluations of their flags, and outcomes, with everything that a fact model has to tell apart."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

from ratchet.contracts.experiments import Trial, TrialKind
from ratchet.contracts.metrics import Direction, InteractionColumn, Metric, MetricKind, MetricSource

MORE, REQUESTS = Direction.INCREASE, MetricSource.INTERACTION
METRICS = (
    Metric("points", MetricKind.MEAN, MORE, winsor_share=0.2, covariate_days=2),
    Metric("won", MetricKind.PROPORTION, MORE, covariate_days=3),
    Metric("per_try", MetricKind.RATIO, MORE, winsor_share=0.2, covariate_days=3),
    Metric("typical", MetricKind.QUANTILE, MORE, quantile=0.5),
    Metric("failed", MetricKind.RATIO, MORE, REQUESTS, InteractionColumn.FAILURE, covariate_days=3),
    Metric("cost", MetricKind.MEAN, MORE, REQUESTS, InteractionColumn.COST_USD, winsor_share=0.1),
    Metric("wait", MetricKind.QUANTILE, MORE, REQUESTS, InteractionColumn.DURATION_MS, quantile=0.9),
    Metric("per_visit", MetricKind.RATIO, MORE, covariate_days=2, unit_type="session"),
    Metric("slow", MetricKind.RATIO, MORE, REQUESTS, InteractionColumn.DURATION_MS, covariate_days=2, above=900.0),
    Metric("asked", MetricKind.MEAN, MORE, REQUESTS, InteractionColumn.REQUESTS, covariate_days=1),
)
SWITCH = datetime(2026, 1, 7, 12, tzinfo=UTC)
LATER = datetime(2026, 1, 8, tzinfo=UTC)


def trial(name: str, phase: int = 1, **changes: Any) -> Trial:
    """Return a trial on flag f."""
    fields: dict[str, Any] = {
        "kind": TrialKind.EXPERIMENT,
        "flag_key": "f",
        "unit_type": "user",
        "variants": ("a", "b"),
        "metrics": METRICS,
        "conversion_days": 2,
    }
    return Trial(trial_id=name, phase=phase, **(fields | changes))


TRIALS = (
    trial("edited", 1, horizon_days=90, ends_at=SWITCH, outcomes_until=SWITCH),
    trial("edited", 2, horizon_days=90, starts_at=SWITCH),
    trial("short", variants=("a", "b", "c", "nobody"), horizon_days=2, starts_at=datetime(2026, 1, 5, tzinfo=UTC)),
    trial("split_only", kind=TrialKind.ROLLOUT, reason="SPLIT", conversion_days=7, weights=(0.75, 0.25)),
    trial("pairs", flag_key="g", unit_type="session", paired=True, variants=("a", "b", "c")),
    trial("absent", flag_key="no such flag"),
    trial("edited:after", variants=("b",), follows=("edited", 1), starts_at=LATER, conversion_days=9),
    trial("edited:recovery", kind=TrialKind.ROLLOUT, follows=("edited", 1), starts_at=LATER, conversion_days=1),
)


def flag_fields(rng: random.Random) -> dict[str, Any]:
    """Return an evaluation's own fields; units meet several variants, and flags of which no trial knows."""
    unit_type = rng.choice(["user", "user", "session"])
    return {
        "flag_key": rng.choice(["f", "f", "f", "g", "g", "other"]),
        "variant": rng.choice(["a", "a", "b", "b", "c"]),
        "unit_id": f"{unit_type[0]}{rng.randrange(12)}",
        "unit_type": unit_type,
        "reason": rng.choice(["SPLIT", "SPLIT", "SPLIT", None, "TARGETING", "DEFAULT", "ERROR"]),
        "release": rng.choice([None, "1.0"]),
    }


def outcome_fields(rng: random.Random) -> dict[str, Any]:
    """Return an outcome's own fields."""
    unit_type = rng.choice(["user", "user", "session"])
    metric = rng.choice(["points", "won", "per_try", "typical", "per_visit"])
    return {
        "metric": metric,
        "value": float(rng.random() < 0.3) if metric == "won" else round(rng.uniform(-1, 9), 4),
        "denominator": rng.choice([None, 2.0, 0.5]),
        "unit_id": f"{unit_type[0]}{rng.randrange(12)}",
        "unit_type": unit_type,
        "pair_id": rng.choice([None, *(f"p{k}" for k in range(4))]) if unit_type == "session" else None,
    }
