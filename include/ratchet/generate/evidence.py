"""What every proposal of `generate/` shares: its first state, and words for numbers.

The findings themselves belong to `analyze/`.
"""

from __future__ import annotations

from ratchet.contracts.improvements import State

_KINDS = {"user": "user", "session": "session", "trace": "request"}


def first_state(confidence: float, threshold: float) -> tuple[State, str]:
    """Return the state that evidence above its floor gives, and why.

    Args:
        confidence: as the type's rule defines it.
        threshold: `improvement_confidence_threshold`.
    """
    if confidence >= threshold:
        return State.VALIDATED, f"confidence {confidence:.2f} reaches the threshold of {threshold:.2f}"
    return State.PROPOSED, f"confidence {confidence:.2f} is below the threshold of {threshold:.2f}"


def people(n: int, kind: str) -> str:
    """Return a number of units in words."""
    return counted(n, _KINDS.get(kind, "unit"))


def counted(n: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def out_of_ten(share: float) -> str:
    """Return a share as people say it."""
    tenths = round(share * 10)
    if 0 < tenths < 10:
        return f"{tenths} in 10"
    return "nearly all" if tenths else "fewer than 1 in 20"
