"""Seeded simulation: on days without any change, at most 5 % are flagged; the claim that `drift.yaml` makes.

The figures of longer runs at more sizes are in docs/quality.md.
"""

from __future__ import annotations

from typing import Any

import pytest
from scipy import stats

from ratchet.quality.drift import judge
from ratchet.quality.drift_comparisons import comparisons
from ratchet.quality.drift_config import drift_config


@pytest.mark.parametrize(("rows", "days"), [(200, 120), (2000, 20)])
def test_share_of_unchanged_days_with_any_flag(traffic: Any, rows: int, days: int) -> None:
    config, flagged = drift_config(), 0
    for _ in range(days):
        current, reference = traffic.day(rows, rows // 4), traffic.day(4 * rows, rows)
        judged = judge(comparisons(current, reference, 28, config), config.error_level)
        assert len(judged) >= 11
        flagged += any(verdict.drifted for verdict in judged.values())
    # more than this many would be seen in fewer than 1 of 1,000 runs if the true share were 5 %
    assert flagged <= stats.binom.isf(0.001, days, config.error_level)


@pytest.mark.parametrize("rows", [300, 2000])
def test_power_of_a_clear_shift(traffic: Any, rows: int) -> None:
    config = drift_config()
    for _ in range(10):
        current = traffic.day(rows, rows // 4, slower=1.6, new_intent=0.3)
        judged = judge(comparisons(current, traffic.day(4 * rows, rows), 28, config), config.error_level)
        assert judged["duration_ms"].drifted
        assert judged["intent"].drifted
