"""Settings that adapt to what was measured: their names, and the safe values an application starts from (R73-R76).

`published/settings.json` holds them. What is learned belongs to `analyze/tuning/`, who publishes it to `deploy/`, who
reads it to `client/`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from ratchet.contracts.estimates import Estimate, as_record

SETTINGS_FILE = "settings.json"
EXPIRES_AFTER = timedelta(days=14)  # without a newer night an application goes back to its safe values
HEALS_FOR = timedelta(days=14)  # a value that heals goes back by itself unless it was kept before
COMPLEXITY_BINS = 4
_MIDDLES = tuple((quarter + 0.5) / COMPLEXITY_BINS for quarter in range(COMPLEXITY_BINS))
Numbers = Mapping[str, float]  # the parts of a value by name
Target = tuple["Setting", str]


class Setting(StrEnum):
    """What can be set, and what its target is."""

    TIMEOUT = "timeout"  # of a task type: `all_s`, `complexity_0_s` to `complexity_3_s`
    CIRCUIT_BREAKER = "circuit_breaker"  # of an API: `failures`, `recovery_s`
    CONCURRENCY = "concurrency"  # of a service: `limit`
    BATCH_SIZE = "batch_size"  # of a task type: `size`
    RATE_LIMIT = "rate_limit"  # of an API: `per_minute`, `burst`; without them nothing is held back


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where nothing was learned, and the bounds of what may be; the settings of the same names."""

    timeout_default_s: float = 30.0
    timeout_min_s: float = 1.0
    timeout_max_s: float = 300.0
    batch_size_min: float = 1
    batch_size_max: float = 100
    concurrency_min: float = 1
    concurrency_max: float = 64
    breaker_failures: float = 5
    breaker_recovery_s: float = 60.0
    calls_per_minute_min: float = 1
    calls_per_minute_max: float = 60_000

    @classmethod
    def of(cls, settings: Any) -> Defaults:
        """Return the defaults that the settings of the same names say."""
        return cls(**{f.name: getattr(settings, f.name) for f in fields(cls)})

    def value(self, setting: Setting) -> Mapping[str, float]:
        """Return what holds for any target."""
        return {
            Setting.TIMEOUT: {"all_s": self.timeout_default_s}
            | {complexity_name(c): round(default_timeout_s(self.timeout_default_s, c), 3) for c in _MIDDLES},
            Setting.CIRCUIT_BREAKER: {"failures": self.breaker_failures, "recovery_s": self.breaker_recovery_s},
            Setting.CONCURRENCY: {"limit": self.concurrency_max},
            Setting.BATCH_SIZE: {"size": self.batch_size_max},
            Setting.RATE_LIMIT: {},
        }[setting]

    def bounds(self, setting: Setting) -> tuple[float, float]:
        """Return the least and the most of a setting; of a circuit breaker those of its recovery time in seconds."""
        return {
            Setting.TIMEOUT: (self.timeout_min_s, self.timeout_max_s),
            Setting.CIRCUIT_BREAKER: (1.0, self.timeout_max_s),
            Setting.CONCURRENCY: (self.concurrency_min, self.concurrency_max),
            Setting.BATCH_SIZE: (self.batch_size_min, self.batch_size_max),
            Setting.RATE_LIMIT: (self.calls_per_minute_min, self.calls_per_minute_max),
        }[setting]


def complexity_name(complexity: float) -> str:
    """Return the name of the timeout of tasks of a complexity from 0 to 1."""
    return f"complexity_{min(COMPLEXITY_BINS - 1, int(complexity * COMPLEXITY_BINS))}_s"


def default_timeout_s(default_s: float, complexity: float, size: float = 0.0) -> float:
    """Return what is waited for a task nobody has measured: `default (1 + 0.5 c) (1 + 0.1 ln(1 + size))` seconds."""
    return default_s * (1 + 0.5 * complexity) * (1 + 0.1 * math.log1p(size))


@dataclass(frozen=True, slots=True)
class Trial:
    """A value that was deployed and is not yet judged.

    Attributes:
        improvement_id: of its improvement.
        before: the value that it replaced.
        since: the first day on which it was in force.
        heals: whether it is to heal something, so that it is judged from the first night on.
        verdict: `kept`, `rolled_back` or `unmeasurable`; '' while it is too early.
        reason: why.
    """

    improvement_id: str
    before: Numbers
    since: date
    verdict: str = ""
    reason: str = ""
    heals: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """What was decided about settings before a night.

    Attributes:
        in_force: what the application has; where there is nothing the defaults hold.
        waiting: values that were proposed and neither deployed nor refused.
        undone: values that were refused or taken back, not to be proposed again.
        deployed: how often a value of the target was deployed.
        trials: values that are to be judged.
        last: the first day of the value that was deployed last, in force or not.
    """

    in_force: Mapping[Target, Numbers] = field(default_factory=dict)
    waiting: Mapping[Target, tuple[Numbers, ...]] = field(default_factory=dict)
    undone: Mapping[Target, tuple[Numbers, ...]] = field(default_factory=dict)
    deployed: Mapping[Target, int] = field(default_factory=dict)
    trials: Mapping[Target, Trial] = field(default_factory=dict)
    last: Mapping[Target, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReplayDay:
    """What a day of the log would have lost with today's value and with the proposed one, in the setting's own unit."""

    day: date
    today: float
    proposed: float


@dataclass(frozen=True, slots=True)
class Tuned:
    """What was learned about one setting of one target.

    Attributes:
        setting: which one.
        target: whose; from the log, so hostile.
        today: the value that holds.
        proposed: a better value, None where there is none.
        reason: why, or why not, in words.
        calls: what it stands on.
        cut: calls that were logged and not kept for replay.
        last_seen: the last day of the log with the target.
        loss: what is counted in the replay, in words.
        days: the replay, empty where nothing could be fitted.
        wins: share of the days on which the two values differ that the proposed one wins, n those days.
        fitted: what the value was fitted to, one row a level.
        trial: today's value under judgement, None where it was judged or never deployed.
    """

    setting: Setting
    target: str
    today: Numbers
    proposed: Numbers | None
    reason: str
    calls: int
    cut: int
    last_seen: date
    loss: str
    days: tuple[ReplayDay, ...]
    wins: Estimate
    fitted: tuple[Mapping[str, Any], ...]
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class TuningResult:
    """Every setting of a night, those with a better value first.

    Attributes:
        as_of: the night's day.
        settings: one a setting and target.
        left_out: setting -> targets beyond those with the most calls.
    """

    as_of: date
    settings: tuple[Tuned, ...]
    left_out: Mapping[str, int]

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `tuning.json`: settings, and what they were fitted to and replayed on, as tables."""
        better = sum(s.proposed is not None for s in self.settings)
        return {
            "artifact": "tuning",
            "as_of": self.as_of.isoformat(),
            "reason": "" if better else "no setting does better than today's on the log",
            "better": better,
            "left_out": dict(self.left_out),
            "settings": [_row(s) for s in self.settings],
            "days": [_of(s) | as_record(day) for s in self.settings if s.wins.n for day in s.days],
            "levels": [_of(s) | dict(level) for s in self.settings for level in s.fitted],
            "definitions": _DEFINITIONS,
        }


def in_words(setting: Setting, numbers: Numbers) -> str:
    """Return a value as people say it, such as `12 s` or `5 failures in a row and 60 s`."""
    if setting is Setting.TIMEOUT:
        return _timeout_in_words(numbers)
    if setting is Setting.CIRCUIT_BREAKER:
        return f"{numbers['failures']:g} failures in a row and {numbers['recovery_s']:g} s"
    if setting is Setting.RATE_LIMIT:
        return f"{numbers['per_minute']:g} a minute, {numbers['burst']:g} at once" if numbers else "no limit"
    return f"{numbers['limit']:g} at once" if setting is Setting.CONCURRENCY else f"{numbers['size']:g} at a time"


def _timeout_in_words(numbers: Numbers) -> str:
    quarters = {value for name, value in numbers.items() if name != "all_s"} - {numbers["all_s"]}
    if not quarters:
        return f"{numbers['all_s']:g} s"
    low, high = min(numbers.values()), max(numbers.values())
    return f"{numbers['all_s']:g} s ({low:.3g} s to {high:.3g} s by complexity)"


def _of(tuned: Tuned) -> dict[str, Any]:
    return {"setting": tuned.setting.value, "target": tuned.target}


def _row(tuned: Tuned) -> dict[str, Any]:
    proposed, trial = tuned.proposed, tuned.trial
    return _of(tuned) | {
        "today": in_words(tuned.setting, tuned.today),
        "proposed": in_words(tuned.setting, proposed) if proposed else None,
        "value": dict(proposed) if proposed else None,
        "reason": tuned.reason,
        "calls": tuned.calls,
        "cut": tuned.cut,
        "last_seen": tuned.last_seen.isoformat(),
        "loss": tuned.loss,
        "lost_today": sum(day.today for day in tuned.days) if tuned.days else None,
        "lost_then": sum(day.proposed for day in tuned.days) if tuned.days else None,
        "wins": as_record(tuned.wins),
        "judged": trial.verdict if trial else None,
        "judged_reason": trial.reason if trial else "",
    }


_DEFINITIONS = {
    "timeout": "least loss at or above the distribution-free 95/95 upper bound of how long calls take (n >= 59)",
    "circuit_breaker": "failures in a row and seconds with the least loss when the calls are replayed in their order",
    "batch_size": "the smallest batch whose throughput is within 5 % of the best",
    "concurrency": "where a limit that follows latency settles on the mean times of calls by how many were in flight",
    "rate_limit": "the most calls a minute of which surely at most 2 % are throttled, and how many of them at once",
    "wins": "share of the days on which the two values differ that the proposed one wins, with Wilson's interval",
    "days": "what each day of the log would have lost with today's value and with the proposed one",
}
