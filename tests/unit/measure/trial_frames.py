"""Marts of experiments built from unit values, in the form the dbt models give them."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from ratchet.contracts.experiments import Arm, Experiment, Guardrail
from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.phases import phases as phases_of
from ratchet.statistics.quantiles import GROWTH

NIGHT = date(2026, 3, 28)
START = NIGHT - timedelta(days=20)

CONVERTED = Metric("converted", MetricKind.PROPORTION, Direction.INCREASE)
SPENT = Metric("spent", MetricKind.MEAN, Direction.INCREASE)
FAILED = Metric("failed", MetricKind.PROPORTION, Direction.DECREASE)
WAIT = Metric("wait", MetricKind.QUANTILE, Direction.DECREASE, quantile=0.9)


def experiment(name="exp", primary=CONVERTED, guardrails=(), arms=("control", "treatment"), **changes):
    weights = changes.pop("weights", [1] * len(arms))
    given = {
        "id": name, "hypothesis": "it helps", "flag_key": f"{name}_flag", "unit_type": "user",
        "arms": tuple(Arm(a, w) for a, w in zip(arms, weights, strict=True)), "salt": name, "hash": "flagd",
        "primary": primary, "guardrails": tuple(Guardrail(m, margin) for m, margin in guardrails),
        "secondaries": (), "mde": 0.1, "horizon_days": 28, "start": START, "conversion_days": 1,
    }  # fmt: skip
    return Experiment(**given | changes)


def phases(*specs, as_of=NIGHT, seen=(), **named):
    return phases_of(specs, seen, as_of, **named)


def sums(y, d=None, x=None):
    """Return the mart's sums of one arm and metric from unit values."""
    y = np.asarray(y, dtype=float)
    d, x = (
        np.ones_like(y) if v is None else np.asarray(v, dtype=float) for v in (d, np.zeros_like(y) if x is None else x)
    )
    cap = np.quantile(y, 0.99) if len(y) else 0.0
    w = np.minimum(y, cap)
    bucket = np.ceil(np.log(y[y > 0]) / np.log(GROWTH)).astype(int)
    where, counts = np.unique(bucket, return_counts=True)
    return {
        "units": len(y), "units_with_value": len(y), "observations": len(y),
        "sum_y": y.sum(), "sum_yy": (y**2).sum(), "sum_d": d.sum(), "sum_dd": (d**2).sum(), "sum_yd": (y * d).sum(),
        "sum_x": x.sum(), "sum_xx": (x**2).sum(), "sum_xy": (x * y).sum(), "sum_xd": (x * d).sum(),
        "winsor_cap": cap, "winsor_sum_y": w.sum(), "winsor_sum_yy": (w**2).sum(), "winsor_sum_yd": (w * d).sum(),
        "winsor_sum_xy": (w * x).sum(), "pairs": 0, "pair_sum": 0.0, "pair_sum_squares": 0.0,
        "pairs_higher": 0, "pairs_lower": 0,
        "histogram_buckets": where.tolist(), "histogram_counts": counts.tolist(),
    }  # fmt: skip


def fact(trial, variant, metric, as_of=NIGHT, phase=1, **columns):
    return {"as_of": as_of, "trial_id": trial, "phase": phase, "variant": variant, "metric": metric} | columns


def facts(rows):
    return pd.DataFrame(list(rows))


def units(counts, trial="exp", phase=1, as_of=NIGHT, days=20, **flaws):
    """Return mart_experiment_units: the counts of each variant overall and spread evenly over the days before."""
    rows = []
    for variant, n in counts.items():
        own = {"as_of": as_of, "trial_id": trial, "phase": phase, "variant": variant}
        none = {"crossovers": 0, "rebucketed": 0, "exposed_after_outcome": 0}
        rows.append(own | {"dimension": "all", "value": "", "units": n} | none | flaws.get(variant, {}))
        for i in range(days):
            day = as_of - timedelta(days=days - 1 - i)
            share = n * (i + 1) // days - n * i // days
            rows.append(own | {"dimension": "day", "value": day.isoformat(), "units": share} | none)
    return pd.DataFrame(rows)


def binary(hits, n):
    return np.repeat([1.0, 0.0], [hits, n - hits])
