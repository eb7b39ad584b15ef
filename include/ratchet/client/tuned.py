"""Timeouts, batch sizes, circuit breakers and limits as they are published, else safe values (R42, R73-R76).

No call raises because of a file that is missing, damaged or older than its expiry. Reading the file belongs to
`adaptive.py`.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence, Sized
from datetime import datetime
from statistics import fmean, pstdev
from typing import Any

from ratchet.client import forks
from ratchet.client.adaptive import Adaptive
from ratchet.client.breaker import CircuitBreaker, Rule
from ratchet.client.complaints import Complaints
from ratchet.client.limiter import Limiter
from ratchet.client.token_bucket import Rate, TokenBucket
from ratchet.contracts.adaptive import Setting, complexity_name, default_timeout_s

AMPLE, ENOUGH = 70.0, 50.0  # per cent free of both CPU and memory
_SHARE_OF_BATCH = ((AMPLE, 0.8), (ENOUGH, 0.5), (-math.inf, 0.2))


class Tuned:
    """What holds now, by target."""

    def __init__(self, current: Callable[[], Adaptive], complaints: Complaints, clock: Callable[[], datetime]) -> None:
        """Hold nothing yet.

        Args:
            current: the settings of the version in force.
            complaints: where it is counted that they have expired.
            clock: the time now, UTC.
        """
        self._current, self._complaints, self._clock = current, complaints, clock
        self._lock = threading.Lock()
        self._breakers: dict[str, CircuitBreaker] = {}
        self._limiters: dict[str, Limiter] = {}
        self._buckets: dict[str, TokenBucket] = {}
        forks.watch(self)

    def timeout_for(self, task: Any, complexity: float | None, size: float | None) -> float:
        """Return seconds: what was measured, else the default times (1 + 0.5 c) (1 + 0.1 ln(1 + size))."""
        kind, complexity, size = _features(task, complexity, size)
        known, held = self._value(Setting.TIMEOUT, kind)
        own = held.get(complexity_name(complexity)) if complexity is not None else None
        found = own if own is not None else held.get("all_s")
        if found is None:
            found = default_timeout_s(known.defaults.timeout_default_s, complexity or 0.0, size)
        return min(max(found, known.defaults.timeout_min_s), known.defaults.timeout_max_s)

    def batch_size(self, tasks: Any, resources: Any, task: str) -> int:
        """Return how many tasks to take at once: what was measured, less where resources are short."""
        features = [_features(each, None, None) for each in tasks] if isinstance(tasks, Sequence) else []
        known, held = self._value(Setting.BATCH_SIZE, task or (features[0][0] if features else ""))
        low, high = known.defaults.bounds(Setting.BATCH_SIZE)
        share = _share_of_batch(resources)
        size = (
            held["size"] * min(1.0, share / 0.8) if "size" in held else high * share * _care([f[1] for f in features])
        )
        waiting = len(tasks) if isinstance(tasks, Sized) else tasks if isinstance(tasks, int) else math.inf
        return int(max(1, min(max(low, size), high, waiting)))

    def circuit_breaker(self, api: str, counts: Callable[[Exception], bool] | None) -> CircuitBreaker:
        """Return the one circuit breaker of an API."""
        with self._lock:
            if api not in self._breakers:
                self._breakers[api] = CircuitBreaker(lambda: self._rule(api), counts)
            return self._breakers[api]

    def limiter(self, service: str) -> Limiter:
        """Return the one limiter of a service."""
        with self._lock:
            if service not in self._limiters:
                self._limiters[service] = Limiter(lambda: self._limit(service))
            return self._limiters[service]

    def rate_limiter(self, api: str, processes: int) -> TokenBucket:
        """Return the one bucket of an API; the first call decides among how many processes its rate is divided."""
        with self._lock:
            if api not in self._buckets:
                self._buckets[api] = TokenBucket(lambda: self._rate(api, max(1, processes)))
            return self._buckets[api]

    def after_fork(self) -> None:
        """Give a forked child a lock that nobody holds."""
        self._lock = threading.Lock()

    def _rule(self, api: str) -> Rule:
        known, held = self._value(Setting.CIRCUIT_BREAKER, api)
        numbers = {**known.defaults.value(Setting.CIRCUIT_BREAKER), **held}
        return Rule(max(1, int(numbers["failures"])), numbers["recovery_s"])

    def _limit(self, service: str) -> int:
        known, held = self._value(Setting.CONCURRENCY, service)
        return int({**known.defaults.value(Setting.CONCURRENCY), **held}["limit"])

    def _rate(self, api: str, processes: int) -> Rate:
        held = self._value(Setting.RATE_LIMIT, api)[1]
        if not {"per_minute", "burst"} <= held.keys():
            return Rate()
        return Rate(held["per_minute"] / processes, held["burst"] / processes)

    def _value(self, setting: Setting, target: str) -> tuple[Adaptive, Mapping[str, float]]:
        """Return the settings in force, and the numbers of one; both empty where they have expired."""
        found, today = self._current(), self._clock().date()
        if today >= found.expires_on:
            self._complaints.note("settings_expired", f"the published settings ended on {found.expires_on}")
            return Adaptive(), {}
        value = found.values.get((setting, target))
        if value is not None and today >= value.expires_on:
            self._complaints.note("settings_expired", f"a published {setting} ended on {value.expires_on}")
            value = None
        return found, value.numbers if value is not None else {}


def _features(task: Any, complexity: Any, size: Any) -> tuple[str, float | None, float]:
    """Return type, complexity and size of a task that is a name, a mapping or an object with the fields of an event."""
    given = task if isinstance(task, Mapping) else getattr(task, "__dict__", {})
    kind = task if isinstance(task, str) else given.get("task_type")
    complexity = _finite(given.get("complexity") if complexity is None else complexity)
    size = _finite(given.get("size") if size is None else size)
    bounded = None if complexity is None else min(max(complexity, 0.0), 1.0)
    return str(kind or ""), bounded, max(size or 0.0, 0.0)


def _share_of_batch(resources: Any) -> float:
    """Return the share of the largest batch that the scarcer of CPU and memory allows; the middle one if unknown."""
    given = resources if isinstance(resources, Mapping) else getattr(resources, "__dict__", {})
    free = [_finite(given.get(name)) for name in ("cpu_percent_free", "memory_percent_free")]
    known = [f for f in free if f is not None]
    least = min(known) if known else (AMPLE if resources is None else ENOUGH) + 1
    return next(share for floor, share in _SHARE_OF_BATCH if least > floor)


def _care(complexities: Sequence[float | None]) -> float:
    known = [c for c in complexities if c is not None]
    if not known:
        return 1.0
    return (0.7 if fmean(known) > 0.7 else 1.0) * (0.8 if 1 - pstdev(known) < 0.3 else 1.0)


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
