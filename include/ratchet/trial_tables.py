"""The trials of a night as the tables that dbt reads: `run.trials`, `run.trial_variants` and `run.trial_metrics`.

Which trials there are belongs to `phases.py` and `deploy/rollouts.py`; writing the tables to `warehouse.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from ratchet.contracts.experiments import Trial

Rows = list[tuple[Any, ...]]

COLUMNS = {
    "trials": (
        "trial_id varchar not null, phase integer not null, kind varchar not null, flag_key varchar not null,"
        " unit_type varchar not null, control varchar not null, reason varchar, starts_at timestamp, ends_at timestamp,"
        " outcomes_until timestamp, horizon_days integer, conversion_days integer not null, is_paired boolean not null,"
        " primary key (trial_id, phase)"
    ),
    "trial_variants": (
        "trial_id varchar not null, phase integer not null, variant varchar not null, position integer not null,"
        " weight double, primary key (trial_id, phase, variant)"
    ),
    "trial_metrics": (
        "trial_id varchar not null, phase integer not null, metric varchar not null, metric_kind varchar not null,"
        " source varchar not null, source_metric varchar not null, winsor_share double,"
        " covariate_days integer not null, logged_type varchar not null, threshold double,"
        " primary key (trial_id, phase, metric)"
    ),
}


def rows(trials: Iterable[Trial]) -> dict[str, Rows]:
    """Return the rows of each table, in order of trial and phase."""
    ordered = sorted(trials, key=lambda t: (t.trial_id, t.phase))
    return {
        "trials": [_trial(trial) for trial in ordered],
        "trial_variants": [row for trial in ordered for row in _variants(trial)],
        "trial_metrics": [row for trial in ordered for row in _metrics(trial)],
    }


def _trial(trial: Trial) -> tuple[Any, ...]:
    return (
        *(trial.trial_id, trial.phase, trial.kind.value, trial.flag_key, trial.unit_type, trial.control, trial.reason),
        *(_plain(t) for t in (trial.starts_at, trial.ends_at, trial.outcomes_until)),
        *(trial.horizon_days, trial.conversion_days, trial.paired),
    )


def _variants(trial: Trial) -> Rows:
    weights = trial.weights or (None,) * len(trial.variants)
    pairs = zip(trial.variants, weights, strict=True)
    return [(trial.trial_id, trial.phase, variant, i, weight) for i, (variant, weight) in enumerate(pairs)]


def _metrics(trial: Trial) -> Rows:
    return [
        (
            *(trial.trial_id, trial.phase, metric.name, metric.kind.value, metric.source.value),
            *(metric.column.value if metric.column else metric.name, metric.winsor_share, metric.covariate_days),
            *(metric.unit_type or trial.unit_type, metric.above),
        )
        for metric in trial.metrics
    ]


def _plain(when: datetime | None) -> datetime | None:
    """Return an instant as the warehouse keeps it: UTC without saying so."""
    return when.replace(tzinfo=None) if when is not None else None
