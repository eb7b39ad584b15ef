"""How often the adjusted comparison of agents errs: seeded worlds in which everybody had different work.

`python benchmarks/bench_agents.py` prints the figures and writes results/agents.json. A small part of it is a test.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ratchet.statistics.case_mix import adjusted, drawn_together

RESULTS = Path(__file__).parent / "results" / "agents.json"
WORLDS, STRATA, GROUPS, SPREAD = 2000, 12, 4, 0.05


def world(seed: int, spread: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return values, successes and true effects of groups that had different work."""
    rng = np.random.default_rng(seed)
    effects = rng.normal(0, spread, GROUPS)
    shares = rng.dirichlet(np.full(GROUPS, 0.7), STRATA)
    n = np.array([rng.multinomial(int(rng.integers(30, 400)), share) for share in shares])
    chance = np.clip(rng.uniform(0.5, 0.9, STRATA)[:, None] + effects, 0, 1)
    return n, rng.binomial(n, chance), effects - n.sum(axis=0) @ effects / n.sum()


def measure() -> dict[str, float]:
    """Return coverage of both intervals, the share of false claims, and those of raw rates beside them."""
    stratum, group = np.divmod(np.arange(STRATA * GROUPS), GROUPS)
    covered = drawn = claimed = wrong_raw = wrong = 0
    for seed in range(WORLDS):
        n, hits, true = world(seed, SPREAD if seed % 2 else 0.0)
        found = adjusted(stratum, group, n.ravel(), hits.ravel(), hits.ravel(), GROUPS)
        near = drawn_together(found.effects.value, np.diag(found.covariance))
        covered += int(((found.effects.low <= true) & (true <= found.effects.high)).sum())
        drawn += int(((near.low <= true) & (true <= near.high)).sum())
        if seed % 2:
            raw = hits.sum(axis=0) / n.sum(axis=0)
            wrong += int(np.argmax(near.value) != np.argmax(true))
            wrong_raw += int(np.argmax(raw) != np.argmax(true))
        else:
            claimed += int((found.p < 0.05).sum())
    total = WORLDS * GROUPS
    return {
        "worlds": WORLDS,
        "adjusted_interval_covers": covered / total,
        "drawn_interval_covers": drawn / total,
        "claims_without_effect_at_5_percent": claimed / (total / 2),
        "another_is_called_best": wrong / (WORLDS / 2),
        "another_is_called_best_by_raw_rates": wrong_raw / (WORLDS / 2),
    }


if __name__ == "__main__":
    figures = {name: round(value, 4) for name, value in measure().items()}
    RESULTS.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    print(json.dumps(figures, indent=1))
