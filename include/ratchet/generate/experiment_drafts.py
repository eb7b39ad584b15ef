"""The draft of the experiment that tells whether a proposed change helps, as its file would hold it.

What is to be tried belongs to the generator that asks for a draft; the rules of experiments belong to `registry.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ratchet import registry
from ratchet.contracts.agents import MARGIN
from ratchet.contracts.improvements import State
from ratchet.errors import SettingsError

HORIZON_DAYS = 28
GUARDED = 0.1  # how much worse a guarded metric may get, of its mean


def draft(
    kind: str, about: Sequence[str], hypothesis: str, arm: str, metrics: Mapping[str, tuple[str, str]]
) -> dict[str, Any]:
    """Return an experiment of two equal arms, `control` and another.

    Args:
        kind: what is tried, in one word; ids begin with it.
        about: what the id is made from, so that the same change always has the same id.
        hypothesis: one sentence.
        arm: the name of the other arm.
        metrics: name -> column of an interaction and direction; the first is the primary one, the others are guarded.
    """
    digest = hashlib.sha256("\x1f".join(about).encode(errors="surrogatepass")).hexdigest()[:12]
    primary, *guarded = metrics
    return {
        "id": f"{kind}-{digest}",
        "hypothesis": hypothesis,
        "flag_key": f"{kind}-{digest}",
        "arms": [{"name": "control", "weight": 50}, {"name": arm, "weight": 50}],
        "hash": "flagd",
        "primary": primary,
        "guardrails": [{"metric": name, "margin": GUARDED} for name in guarded],
        "metrics": {
            name: {"kind": "ratio", "direction": direction, "source": "interaction", "column": column}
            for name, (column, direction) in metrics.items()
        },
        "mde": MARGIN,
        "horizon_days": HORIZON_DAYS,
    }


def checked(experiment: dict[str, Any]) -> tuple[State, str]:
    """Return whether a draft is an experiment that the registry takes: the design check of its type."""
    try:
        registry.parse(experiment, {}, experiment["id"])
    except SettingsError as error:
        return State.PROPOSED, f"its design does not hold: {error}"
    return State.VALIDATED, "its design holds; what it does is told by the experiment alone"
