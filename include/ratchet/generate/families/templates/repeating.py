"""Repeat an operation that failed for a moment."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import tenacity

ERROR_NAME: Final[str] = "ExampleError"
STATUSES: Final[list[int]] = []
WORDS: Final[list[str]] = []
ATTEMPTS: Final[int] = 3
FIRST_WAIT_S: Final[float] = 1.0
LONGEST_WAIT_S: Final[float] = 10.0
JITTER_S: Final[float] = 0.5
BUDGET_S: Final[float] = 30.0

Params = dict[str, Any]
BACKOFF: Final = tenacity.wait_combine(
    tenacity.wait_exponential(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S),
    tenacity.wait_random(0, JITTER_S),
)


def is_it(error: BaseException) -> bool:
    """Return whether an error is the one that was logged."""
    status = getattr(error, "status_code", None)
    if STATUSES and isinstance(status, int) and status not in STATUSES:
        return False
    said = str(error).lower()
    named = type(error).__name__ == ERROR_NAME
    return named and (not WORDS or any(word in said for word in WORDS))


def asked_s(error: BaseException | None) -> float:
    """Return how long the service asks to wait, 0 where it does not say."""
    asked = getattr(error, "retry_after_s", None) or getattr(error, "retry_after", None)
    if isinstance(asked, int | float):
        return float(asked)
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    said = str(headers.get("retry-after") or headers.get("Retry-After") or "")
    return float(said) if said.isdecimal() else 0.0


def wait_s(state: tenacity.RetryCallState) -> float:
    """Return the seconds to wait: those fitted from the log, or more when asked to."""
    error = state.outcome.exception() if state.outcome else None
    return max(asked_s(error), BACKOFF(state))


def policy(acted: Callable[[], None]) -> dict[str, Any]:
    """Return when to repeat, when to stop, and how long to wait between."""
    return {
        "retry": tenacity.retry_if_exception(is_it),
        "wait": wait_s,
        "stop": tenacity.stop_any(
            tenacity.stop_after_attempt(ATTEMPTS),
            tenacity.stop_before_delay(BUDGET_S),
        ),
        "before_sleep": lambda state: acted(),
        "reraise": True,
    }


def retrying(
    acted: Callable[[], None],
    sleep: Callable[[float], None] = time.sleep,
) -> tenacity.Retrying:
    """Return what repeats a call; `sleep` is given by tests."""
    return tenacity.Retrying(sleep=sleep, **policy(acted))


def apply(
    call: Callable[[Params], Any],
    params: Params,
    acted: Callable[[], None],
) -> Any:
    """Call the operation, and again while it fails as it did in the log."""
    return retrying(acted)(call, params)


async def apply_async(
    call: Callable[[Params], Awaitable[Any]],
    params: Params,
    acted: Callable[[], None],
) -> Any:
    """Do the same as `apply` with an operation that is awaited."""
    return await tenacity.AsyncRetrying(**policy(acted))(call, params)
