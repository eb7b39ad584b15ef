from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ratchet import objectives
from ratchet.analyze.trends import ANOMALY_ALPHA, TREND_ALPHA, find_trends
from ratchet.contracts.key_figures import FIGURES
from ratchet.objectives import Metric, Objective
from ratchet.settings import config_folder
from ratchet.statistics.forecasts import TREND_DAYS
from ratchet.statistics.series import slope, surprise

DAY = date(2026, 11, 20)
SEASON = np.array([0.02, 0.03, 0.02, 0.01, 0.0, -0.04, -0.04])
WANTED = (Objective(Metric.SUCCESS_RATE, 0.85, 0.7),)


def mart(day: date = DAY, n: int = 2_000, **figures: Any) -> pd.DataFrame:
    """Return a mart_kpis_daily with the values of each figure, the last one on the day."""
    rows = [
        (metric, day - timedelta(days=len(values) - 1 - at), float(value) * n, float(n), n)
        for metric, values in figures.items()
        for at, value in enumerate(values)
        if not np.isnan(value)
    ]
    frame = pd.DataFrame(rows, columns=["metric", "metric_date", "numerator", "denominator", "n"])
    return frame.assign(as_of=pd.Timestamp(day), window_days=1, metric_date=pd.to_datetime(frame["metric_date"]))


def calm(seed: int, level: float, noise: float = 0.01, days: int = 84) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return level * (1 + SEASON[np.arange(days) % 7] + noise * rng.normal(size=days))


def series_mart(day: date) -> pd.DataFrame:
    """Return twelve weeks in which durations rise, success falls towards its objective, and one day is unusual."""
    failing = calm(2, 0.93) - np.concatenate([np.zeros(64), np.arange(20) * 0.004])
    errors = calm(3, 0.05)
    errors[-1] = 0.12
    slower = calm(4, 2_000) * np.exp(np.concatenate([np.zeros(60), np.arange(24) * 0.02]))
    return mart(day, success_rate=np.clip(failing, 0, 1), error_rate=errors, p95_ms=slower, requests=calm(5, 900))


def found(frame: pd.DataFrame, metric: str, wanted: Any = WANTED) -> Any:
    return next(f for f in find_trends(frame, wanted, DAY).figures if f.figure.metric == metric)


def test_planted_trends_and_days_are_found_and_nothing_else() -> None:
    result = find_trends(series_mart(DAY), objectives.load(config_folder()), DAY)
    said = {f.figure.metric: (str(f.trend.direction), str(f.day.standing)) for f in result.figures}
    assert said == {
        "requests": ("no clear trend", "as usual"),
        "success_rate": ("declining", said["success_rate"][1]),
        "error_rate": ("no clear trend", "unusually high"),
        "p95_ms": ("declining", said["p95_ms"][1]),
    }


def test_a_change_a_week_is_relative_for_durations_and_in_points_for_shares() -> None:
    slower = found(series_mart(DAY), "p95_ms").trend
    assert slower.relative
    assert slower.per_week.low < 0.14 < slower.per_week.high * 1.2
    failing = found(series_mart(DAY), "success_rate").trend
    assert not failing.relative
    assert failing.per_week.low < -0.02 < failing.per_week.high


def test_a_trend_that_goes_on_breaks_the_objective_on_a_date() -> None:
    outlook = found(series_mart(DAY), "success_rate").outlook
    assert outlook.reason == ""
    assert outlook.error < outlook.naive_error
    assert outlook.breaks_on is None or DAY < outlook.breaks_on <= DAY + timedelta(days=TREND_DAYS)
    soon = found(series_mart(DAY), "success_rate", (Objective(Metric.SUCCESS_RATE, 0.82, 0.5),)).outlook
    late = found(series_mart(DAY), "success_rate", (Objective(Metric.SUCCESS_RATE, 0.79, 0.5),)).outlook
    assert soon.breaks_on is not None
    assert late.breaks_on is not None
    assert soon.breaks_on < late.breaks_on
    assert (
        found(series_mart(DAY), "success_rate", (Objective(Metric.SUCCESS_RATE, 0.2, 0.1),)).outlook.breaks_on is None
    )


def test_what_is_already_broken_does_not_break_again() -> None:
    assert (
        found(series_mart(DAY), "success_rate", (Objective(Metric.SUCCESS_RATE, 0.999, 0.5),)).outlook.breaks_on is None
    )


def test_a_small_but_sure_trend_is_none() -> None:
    exact = mart(success_rate=0.9 + SEASON[np.arange(84) % 7] * 0.1 + np.arange(84) * 1e-4)
    trend = found(exact, "success_rate").trend
    assert trend.direction == "no clear trend"
    assert trend.adjusted_p < TREND_ALPHA


@pytest.mark.parametrize("days", [1, 14, 22, 48])
def test_a_short_history_is_not_enough_data(days: int) -> None:
    course = found(mart(success_rate=calm(1, 0.9, days=days)), "success_rate")
    assert course.trend.direction == "not enough data"
    assert course.days == days
    assert "needs" in course.trend.per_week.value.reason
    assert (course.day.standing == "not enough data") == (days < 30)


def test_days_without_events_are_missing_and_not_zero() -> None:
    values = calm(8, 0.9)
    values[[3, 20, 50, 70]] = np.nan
    course = found(mart(success_rate=values), "success_rate")
    assert course.days == 80
    assert course.trend.direction == "no clear trend"
    assert course.day.standing == "as usual"


def test_a_constant_figure_is_not_judged() -> None:
    course = found(mart(p50_ms=np.full(84, 300.0)), "p50_ms")
    assert (course.trend.direction, course.day.standing) == ("no clear trend", "not enough data")


def test_a_figure_without_a_good_direction_rises() -> None:
    assert found(mart(requests=calm(2, 500) * np.exp(np.arange(84) * 0.02)), "requests").trend.direction == "rising"


def test_nothing_logged_is_said() -> None:
    empty = mart(success_rate=[0.5]).iloc[:0].assign(as_of=pd.to_datetime([]))
    assert find_trends(empty, WANTED, DAY).as_artifact()["reason"] == "nothing was logged"


def test_the_order_of_rows_does_not_matter_and_the_artifact_keeps_its_schema(conforms: Any) -> None:
    frame = series_mart(DAY)
    first = find_trends(frame, WANTED, DAY).as_artifact()
    second = find_trends(frame.sample(frac=1, random_state=1), WANTED, DAY).as_artifact()
    assert first == second
    conforms("trends", first)


def test_every_figure_can_have_a_course() -> None:
    everything = mart(**{f.metric: calm(i, 0.5) for i, f in enumerate(FIGURES)})
    assert len(find_trends(everything, WANTED, DAY).figures) == len(FIGURES)


def test_on_calm_nights_little_is_claimed() -> None:
    """60 nights of 20 series: the promised 3.5 % of nights would be two; ten would be a broken promise."""
    rng, claimed = np.random.default_rng(23), 0
    for _ in range(60):
        night = SEASON[np.arange(84) % 7] + 0.03 * rng.normal(size=(20, 84))
        slopes, days = [slope(v, TREND_DAYS) for v in night], [surprise(v) for v in night]
        claimed += any(s is not None and s.p * 20 <= TREND_ALPHA for s in slopes)
        claimed += any(d is not None and d.p * 20 <= ANOMALY_ALPHA for d in days)
    assert claimed <= 7
