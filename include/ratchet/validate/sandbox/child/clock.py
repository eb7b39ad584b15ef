"""Time that passes only when somebody waits: results do not depend on the wall clock, and waits cost none.

`time` and the event loop's selector are replaced. `datetime.now()` and what waits on a lock read the real clock: the
allow-list refuses them.
"""

from __future__ import annotations

import selectors
import time
from typing import Any

EPOCH_S = 1_000_000_000  # 2001-09-09, the same in every run


class Clock:
    """The seconds since the run began, moved on by whoever sleeps.

    It counts from nought, so that an event loop, which compares to the nanosecond, finds its timers due.
    """

    def __init__(self) -> None:
        self.passed_s = 0.0

    def time(self) -> float:
        """Return the virtual time in seconds since the epoch."""
        return EPOCH_S + self.passed_s

    def monotonic(self) -> float:
        """Return the seconds that have passed."""
        return self.passed_s

    def sleep(self, seconds: float) -> None:
        """Let time pass; nobody waits."""
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        self.passed_s += seconds


def install(clock: Clock) -> None:
    """Put a virtual clock in the place of the real one."""
    counts = {"time": clock.time, "monotonic": clock.monotonic, "perf_counter": clock.monotonic}
    for name, count in counts.items():
        setattr(time, name, count)
        setattr(time, f"{name}_ns", lambda count=count: int(count() * 1e9))
    vars(time)["sleep"] = clock.sleep
    vars(selectors)["DefaultSelector"] = _selector(clock)


def _selector(clock: Clock) -> type[selectors.BaseSelector]:
    class VirtualSelector(selectors.SelectSelector):
        def select(self, timeout: float | None = None) -> Any:
            ready = super().select(0 if timeout is not None else None)
            if not ready and timeout:
                clock.sleep(max(timeout, 0.0))
            return ready

    return VirtualSelector
