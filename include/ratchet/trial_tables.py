"""The trials of a night as the tables that dbt reads: `run.trials`, `run.trial_variants` and `run.trial_metrics`.

Which trials there are belongs to `phases.py` and `deploy/rollouts.py`; writing the tables to `warehouse.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from ratchet.contracts.experiments import Trial

Rows = list[tuple[Any, ...]]
SETTLE_DAYS = 7  # after its last outcome a trial waits so long for events that land late

COLUMNS = {
    "trials": (
        "trial_id varchar not null, phase integer not null, kind varchar not null, flag_key varchar not null,"
        " unit_type varchar not null, control varchar not null, reason varchar, starts_at timestamp, ends_at timestamp,"
        " outcomes_until timestamp, horizon_days integer, conversion_days integer not null, is_paired boolean not null,"
        " follows_trial varchar, follows_phase integer, is_pooled boolean not null,"
        " landed_until date not null,"
        " primary key (trial_id, phase)"
    ),
    "carried": (
        "trial_id varchar not null, phase integer not null, computed_as_of date not null, primary key (trial_id, phase)"
    ),
    "closed": (
        "trial_id varchar not null, phase integer not null, facts_hash varchar not null, computed_as_of date not null"
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


def rows(trials: Iterable[Trial], closed: Mapping[str, date] = MappingProxyType({})) -> dict[str, Rows]:
    """Return the rows of each table, in order of trial and phase.

    Args:
        trials: of the night.
        closed: the last landing day that counts, by group of trials that are closed.
    """
    ordered = sorted(trials, key=lambda t: (t.trial_id, t.phase))
    return {
        "trials": [_trial(trial, closed.get(trial.group, date.max)) for trial in ordered],
        "trial_variants": [row for trial in ordered for row in _variants(trial)],
        "trial_metrics": [row for trial in ordered for row in _metrics(trial)],
    }


def closed_groups(
    trials: Iterable[Trial], first_exposures: Mapping[tuple[str, int], datetime], as_of: date
) -> dict[str, date]:
    """Return the groups of trials that are closed, each with the last landing day that counts.

    A group closes as a whole, since its later phases look back at earlier ones: `SETTLE_DAYS` after the last outcome of
    any of them. What lands after that changes nothing any more, so that its facts are the same on every later night.

    Args:
        trials: of the night.
        first_exposures: by trial and phase, of those that say no start; a trial without any is open.
        as_of: the night's day.
    """
    ends: dict[str, list[date | None]] = {}
    for trial in trials:
        ends.setdefault(trial.group, []).append(trial.ends_on(first_exposures.get((trial.trial_id, trial.phase))))
    settled = {g: max(e) + timedelta(days=SETTLE_DAYS) for g, found in ends.items() if (e := _all_known(found))}
    return {group: day for group, day in settled.items() if day <= as_of}


def is_exposed(trial: Trial, evaluation: Sequence[Any]) -> bool:
    """Return whether an evaluation (flag, unit type, variant, reason, ...) exposes a unit of a trial."""
    flag, unit_type, variant, reason = evaluation[:4]
    same = (flag, unit_type) == (trial.flag_key, trial.unit_type) and variant in trial.variants
    return same and trial.reason in (None, reason)


def _all_known(days: Sequence[date | None]) -> list[date]:
    known = [day for day in days if day is not None]
    return known if len(known) == len(days) else []


def _trial(trial: Trial, landed_until: date) -> tuple[Any, ...]:
    return (
        *(trial.trial_id, trial.phase, trial.kind.value, trial.flag_key, trial.unit_type, trial.control, trial.reason),
        *(_plain(t) for t in (trial.starts_at, trial.ends_at, trial.outcomes_until)),
        *(trial.horizon_days, trial.conversion_days, trial.paired, *(trial.follows or (None, None))),
        *(trial.pools, landed_until),
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
