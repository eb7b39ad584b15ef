"""How well the system learns, and what improvements are worth."""

from dataclasses import dataclass
from datetime import timedelta

import pandas as pd
import pytest
from tests.unit.measure.courses import course, day, judged

from ratchet.measure.returns import learning, returns

AS_OF = day(27)


@dataclass(frozen=True)
class Values:
    successful_interaction: float | None = None
    cost_unit: float | None = None


def kpis(shares, n=1000):
    """Return mart_kpis_daily with the success rate of the days up to the night."""
    rows = [
        {
            "as_of": AS_OF,
            "metric_date": AS_OF - timedelta(days=i),
            "window_days": w,
            "metric": m,
            "numerator": s * n,
            "denominator": n,
        }
        for i, s in enumerate(shares)
        for w, m in ((1, "success_rate"), (7, "success_rate"), (1, "requests"))
    ]
    return pd.DataFrame(rows)


def test_learning_is_measured_in_days():
    courses = [
        judged("a", "kept", 10, -0.5, on=10, first_seen=day(-4)),
        judged("b", "kept", 10, -0.5, on=12),
        judged("c", "rolled_back", -10, 0.5, on=5, harm=True),
        course("old", proposed_on=day(-60)),
        course("task", type="feedback_task", approved=3),
    ]
    found = learning(courses, kpis([0.9] * 28), AS_OF)
    assert found.patterns_identified == 4
    assert (found.learning_velocity.number, found.learning_velocity.n) == (13.0, 2)  # 14 days since first seen, 12
    assert (found.adaptation_speed.number, found.adaptation_speed.n) == (7.0, 3)
    assert (found.feedback_processing.number, found.feedback_processing.n) == (3.0, 1)
    assert (found.change_failure_rate.number, found.change_failure_rate.n) == (pytest.approx(1 / 3), 3)


def test_a_day_is_unsteady_only_when_it_is_surely_worse():
    steady = learning([], kpis([0.9] * 14 + [0.89] * 14), AS_OF).system_stability
    assert (steady.number, steady.n) == (1.0, 28)
    shaken = learning([], kpis([0.9] * 27 + [0.6] * 40), AS_OF).system_stability
    assert (shaken.number, shaken.n) == (pytest.approx(27 / 28), 28)
    assert learning([], kpis([]).reindex(columns=kpis([0.9]).columns), AS_OF).system_stability.number is None


def test_only_verified_effects_are_worth_something():
    courses = [
        judged("a", "kept", 100, -0.5),
        judged("b", "kept", 60, -0.5),
        judged("c", "rolled_back", -10, 0.5),
        judged("d", "unmeasurable"),
        course("open", validated=0, approved=1, deployed=2),
        course("waiting", validated=0),
    ]
    found = returns(courses, Values(0.5, 2.0))
    assert found.saved_requests.number == 160
    assert found.saved_requests.low == pytest.approx(160 - 30 * 2**0.5)
    assert found.saved_requests.high == pytest.approx(160 + 40 * 2**0.5)
    assert found.saved_usd.number == 80
    assert found.cost_usd.number == 100
    assert found.return_usd.number == -20
    assert found.return_usd.high == pytest.approx(-20 + 20 * 2**0.5)
    assert (found.unknown_share.number, found.unknown_share.n) == (0.4, 5)


def test_without_values_the_missing_setting_is_named():
    found = returns([judged("a", "kept", 100, -0.5)], Values())
    assert found.saved_requests.number == 100
    assert "values_usd.successful_interaction" in found.saved_usd.value.reason
    assert "values_usd.successful_interaction" in found.return_usd.value.reason
    assert "values_usd.cost_unit" in returns([], Values(1.0)).cost_usd.value.reason
