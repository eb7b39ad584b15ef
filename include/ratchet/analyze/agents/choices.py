"""Which model for which intent: quality, cost and latency on the same cases, and who is beaten in all three (R80).

What is proposed from it, always an experiment, belongs to `generate/choices.py`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from ratchet.analyze.agents.league import effects_of
from ratchet.contracts.agents import MARGIN, Choice, ModelFigures
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.names import bounded
from ratchet.errors import NotComputable
from ratchet.statistics.case_mix import Adjusted

LEAST = 30  # outcomes of a model that is compared
MOST_INTENTS = 20  # that are looked at, the most asked first
_ALPHA = 0.05
_MEASURES = {
    "success": ("known", "successes", "successes"),
    "cost_usd": ("cost_n", "cost_usd", "cost_sq"),
    "typical_ms": ("duration_n", "duration_ln", "duration_ln_sq"),
}
_BETTER = {"success": 1, "cost_usd": -1, "typical_ms": -1}


class _Compared(NamedTuple):
    names: list[str]
    counts: pd.DataFrame
    effects: dict[str, Adjusted]


def choices(cells: pd.DataFrame) -> list[Choice]:
    """Return every intent that several models have answered often, all intents together first.

    Args:
        cells: what `cells_of` returns.
    """
    named = cells[cells["model"] != ""]
    known = named.groupby(["intent", "model"], as_index=False)[["known"]].sum()
    several = known[known["known"] >= LEAST].groupby("intent").filter(lambda own: len(own) > 1)
    asked = several.groupby("intent")["known"].sum().sort_index().sort_values(ascending=False, kind="stable")
    parts = [("", named), *((str(i), named[named["intent"] == i]) for i in asked.index[:MOST_INTENTS] if i)]
    compared = [(intent, found) for intent, own in parts if (found := _compared(own)) is not None]
    tests = sum(len(found.names) - 1 for _, found in compared) * len(_MEASURES)
    return [_choice(intent, found, 1 - _ALPHA / tests) for intent, found in compared]


def _compared(own: pd.DataFrame) -> _Compared | None:
    sums = own.groupby("model", sort=True)[["requests", "known", "cost_n", "duration_n"]].sum()
    counts = sums[sums["known"] >= LEAST]
    if len(counts) < 2:
        return None
    names = list(counts.index)
    kept = own[own["model"].isin(names)]
    return _Compared(
        names, counts, {m: effects_of(kept, "model", names, columns, LEAST) for m, columns in _MEASURES.items()}
    )


def _choice(intent: str, found: _Compared, level: float) -> Choice:
    values = {m: [_estimate(found, m, at) for at in range(len(found.names))] for m in _MEASURES}
    today = max(range(len(found.names)), key=lambda at: (found.counts["requests"].iloc[at], -at))
    better = [at for at in range(len(found.names)) if at != today and _is_better(found, at, today, level)]
    best = min(
        better, key=lambda at: (_number(values["cost_usd"][at]), -_number(values["success"][at]), at), default=None
    )
    front = _front(values, len(found.names))
    models = tuple(
        ModelFigures(
            bounded(name), int(found.counts["requests"].iloc[at]), front[at], *(values[m][at] for m in _MEASURES)
        )
        for at, name in enumerate(found.names)
    )
    chosen = "" if best is None else bounded(found.names[best])
    why = (
        _gains(found, best, today, level) if best is not None else "none is surely better without being worse elsewhere"
    )
    return Choice(bounded(intent), bounded(found.names[today]), chosen, why, models)


def _estimate(found: _Compared, measure: str, at: int) -> Estimate:
    compared = found.effects[measure]
    n = int(found.counts[_MEASURES[measure][0]].iloc[at])
    parts = [
        float(v[at]) + compared.mean for v in (compared.effects.value, compared.effects.low, compared.effects.high)
    ]
    if not np.isfinite(parts[0]):
        return Estimate(NotComputable("not logged, or no case shared with another model"), n)
    if measure == "typical_ms":
        parts = [float(np.exp(v)) for v in parts]
    top = 1.0 if measure == "success" else float("inf")
    value, low, high = (float(np.clip(v, 0.0, top)) for v in parts)
    return Estimate(value, n, low, high)


def _is_better(found: _Compared, at: int, today: int, level: float) -> bool:
    gains, harms = 0, 0
    for measure, sign in _BETTER.items():
        _, low, high, _ = found.effects[measure].difference(at, today, level)
        if not np.isfinite(found.effects[measure].effects.value[[at, today]]).all():
            harms += measure == "success"
            continue
        good, bad = (low, high) if sign > 0 else (-high, -low)
        gains += good > 0
        harms += good <= -MARGIN if measure == "success" else bad < 0
    return gains > 0 and not harms


def _gains(found: _Compared, at: int, today: int, level: float) -> str:
    words = []
    for measure, name in (("success", "success"), ("cost_usd", "cost"), ("typical_ms", "time")):
        compared = found.effects[measure]
        if not np.isfinite(compared.effects.value[[at, today]]).all():
            continue
        value, low, high, _ = compared.difference(at, today, level)
        if measure == "success":
            words.append(f"{name} {value * 100:+.1f} points ({low * 100:+.1f} to {high * 100:+.1f})")
        elif measure == "typical_ms":
            words.append(f"{name} {np.expm1(value):+.0%} ({np.expm1(low):+.0%} to {np.expm1(high):+.0%})")
        else:
            words.append(f"{name} {value:+.4g} USD ({low:+.4g} to {high:+.4g})")
    return ", ".join(words)


def _front(values: dict[str, list[Estimate]], n: int) -> list[bool]:
    """Return who is beaten by nobody: no other is at least as good in all that both have and better in one."""
    points = [[_BETTER[m] * _number(values[m][at], -_BETTER[m]) for m in _MEASURES] for at in range(n)]
    return [not any(_beats(points[other], points[at]) for other in range(n) if other != at) for at in range(n)]


def _beats(one: list[float], other: list[float]) -> bool:
    return all(a >= b for a, b in zip(one, other, strict=True)) and one != other


def _number(found: Estimate, sign: int = -1) -> float:
    return float("inf") * -sign if found.number is None else float(f"{found.number:.9g}")
