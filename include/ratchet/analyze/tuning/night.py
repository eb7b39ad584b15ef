"""All settings of a night: every target's value fitted and replayed against today's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from ratchet.analyze.tuning import batches, breakers, limits, rates, timeouts
from ratchet.analyze.tuning.fits import FEWEST_DAYS, LEAST_GAIN, Rows, columns_of, replay
from ratchet.contracts.adaptive import Defaults, History, Numbers, Setting, Trial, Tuned, TuningResult
from ratchet.contracts.estimates import Estimate
from ratchet.errors import NotComputable
from ratchet.frames import rows_of

FITS: Mapping[Setting, ModuleType] = {
    Setting.TIMEOUT: timeouts,
    Setting.CIRCUIT_BREAKER: breakers,
    Setting.BATCH_SIZE: batches,
    Setting.CONCURRENCY: limits,
    Setting.RATE_LIMIT: rates,
}
LONGEST_TRIAL_DAYS = 27
_KEY = ("setting", "target", "event_date", "level", "failed", "upper_ms", "at_once")


def tune(frame: pd.DataFrame, history: History, defaults: Defaults, as_of: date) -> TuningResult:
    """Return every setting of the targets in the mart, with a better value where the replay finds one.

    A value that waits for its deployment stays the proposal as long as it does better than today's; one that was
    refused or taken back is not proposed again.

    Args:
        frame: `mart_tuning`.
        history: what was decided before.
        defaults: what holds where nothing was decided, and the bounds.
        as_of: the night's day.
    """
    rows = rows_of(frame, as_of, _KEY)
    columns = columns_of(rows)
    setting, target, seen = (rows[name].to_numpy() for name in ("setting", "target", "targets"))
    ends = [*np.flatnonzero((setting[1:] != setting[:-1]) | (target[1:] != target[:-1])) + 1, len(rows)]
    parts = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False) if end > start]
    named = [(Setting(str(setting[part.start])), str(target[part.start]), part) for part in parts]
    found = [_tuned(each, name, Rows.of(columns, part), history, defaults) for each, name, part in named]
    shown = Counter(each for each, *_ in named)
    left_out = {each.value: int(seen[part.start]) - shown[each] for each, _, part in named}
    return TuningResult(as_of, tuple(sorted(found, key=_rank)), {k: n for k, n in left_out.items() if n})


def _tuned(setting: Setting, target: str, rows: Rows, history: History, defaults: Defaults) -> Tuned:
    fits = FITS[setting]
    today = history.in_force.get((setting, target), defaults.value(setting))
    fitted = fits.fit(rows, today, defaults)
    nothing = Tuned(
        setting=setting,
        target=target,
        today=today,
        proposed=None,
        reason="",
        calls=rows.calls,
        cut=rows.cut,
        last_seen=rows.dates[-1],
        loss=fits.LOSS,
        days=(),
        wins=Estimate(NotComputable("nothing to compare"), 0),
        fitted=fitted.levels,
        trial=_judged(fits, rows, today, history.trials.get((setting, target)), defaults),
    )
    if isinstance(fitted.numbers, NotComputable):
        return replace(nothing, reason=fitted.numbers.reason)
    tried = [*history.waiting.get((setting, target), ()), fitted.numbers]
    undone = history.undone.get((setting, target), ())
    compared = [_compared(nothing, fits, rows, numbers, defaults) for numbers in tried if numbers not in undone]
    if not compared:
        return replace(nothing, reason="the better value was refused or taken back before")
    return next((c for c in compared if c.proposed is not None), compared[-1])


def _compared(found: Tuned, fits: Any, rows: Rows, numbers: Numbers, defaults: Defaults) -> Tuned:
    """Return the setting with the value as its proposal, or why the value is none."""
    today, then = (fits.losses(rows, each, defaults) for each in (found.today, numbers))
    days, wins = replay(rows.dates, today, then)
    found = replace(found, days=days, wins=wins)
    lost, saved = float(np.sum(today)), float(np.sum(today - then))
    if numbers == found.today:
        return replace(found, reason="today's value is the best one")
    if wins.number is None:
        return replace(found, reason="another value would have acted as today's does, on every day")
    if saved < LEAST_GAIN * abs(lost) or saved <= 0:
        return replace(
            found, reason=f"today's value is as good: less than {LEAST_GAIN:.0%} of what is lost could be saved"
        )
    if wins.n < FEWEST_DAYS:
        return replace(found, reason=f"the values differ on {wins.n} days of the {FEWEST_DAYS} that are needed")
    said = f"wins on {round(wins.number * wins.n)} of the {wins.n} days on which the values differ"
    if wins.number <= 0.5:
        return replace(found, reason=f"another value {said}")
    return replace(found, proposed=numbers, reason=f"it {said}")


def _judged(fits: Any, rows: Rows, today: Numbers, trial: Trial | None, defaults: Defaults) -> Trial | None:
    """Judge a value that is in force by the days since: against the one it replaced, once enough of them differ."""
    if trial is None:
        return None
    since = np.array([day >= trial.since for day in rows.dates])
    verdict, reason = fits.measured(rows, since)
    if verdict:
        return replace(trial, verdict=verdict, reason=reason)
    now, before = (fits.losses(rows, each, defaults)[since] for each in (today, trial.before))
    differ = int(np.sum(now != before))
    if trial.heals and differ and float(np.sum(now)) > float(np.sum(before)):
        said = f"replayed on {differ} days since, it loses more than the value before"
        return replace(trial, verdict="rolled_back", reason=said)
    if differ >= FEWEST_DAYS:
        wins = float(np.sum(now)) <= float(np.sum(before))
        said = f"replayed on {differ} days since, it loses {'no more' if wins else 'more'} than the value before"
        return replace(trial, verdict="kept" if wins else "rolled_back", reason=said)
    if len(rows.dates) and (rows.dates[-1] - trial.since).days >= LONGEST_TRIAL_DAYS:
        return replace(trial, verdict="unmeasurable", reason=f"it acted otherwise than before on {differ} days only")
    return trial


def _rank(found: Tuned) -> tuple[bool, str, int, str]:
    return found.proposed is None, found.setting.value, -found.calls, found.target
