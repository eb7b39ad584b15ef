import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from ratchet.contracts.key_figures import FIGURES, MISSING
from ratchet.measure.kpis import key_figures

DAY = date(2026, 11, 20)


def mart(*rows):
    """Return a mart_kpis_daily of rows (metric, days back, numerator, denominator, n[, window])."""
    columns = ["metric", "back", "numerator", "denominator", "n", "window_days"]
    made = pd.DataFrame([(*row, 1)[:6] for row in rows], columns=columns)
    made["metric_date"] = pd.to_datetime([DAY - timedelta(days=int(b)) for b in made["back"]])
    made["as_of"] = pd.to_datetime([DAY] * len(made)).astype("datetime64[us]")
    made[["low", "high"]] = np.nan
    return made.drop(columns="back").astype({"numerator": "float64", "denominator": "float64"})


def share(metric, today, before, n=200):
    return mart((metric, 0, today, n, n), *((metric, back, before, n, n) for back in range(1, 28)))


def of(frame, metric):
    return next(k for k in key_figures(frame, DAY).kpis if k.figure.metric == metric)


def test_every_figure_is_there_and_says_when_it_was_not_logged():
    found = key_figures(mart(), DAY)
    assert [k.figure.metric for k in found.kpis] == [f.metric for f in FIGURES]
    assert [k.value.as_record()["reason"] for k in found.kpis] == [
        MISSING.get(f.metric, "nothing was logged") for f in FIGURES
    ]
    assert {k.trailing.verdict for k in found.kpis} == {"not enough data"}
    assert found.reason == "no request was logged on this day"


def test_a_share_has_its_wilson_interval_and_its_week():
    found = of(mart(("success_rate", 0, 81, 263, 263), ("success_rate", 0, 500, 1_000, 1_000, 7)), "success_rate")
    assert (found.value.low, found.value.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert (found.week.number, found.week.n) == (0.5, 1_000)


@pytest.mark.parametrize(
    ("metric", "today", "verdict"),
    [
        ("success_rate", 195, "good"),
        ("success_rate", 100, "bad"),
        ("success_rate", 158, "no clear change"),
        ("api_failure_rate", 195, "bad"),
        ("api_failure_rate", 100, "good"),
    ],
)
def test_a_change_is_good_or_bad_only_beyond_chance(metric, today, verdict):
    found = of(share(metric, today, 160), metric)
    assert (found.trailing.verdict, found.week_before.verdict) == (verdict, verdict)
    assert found.trailing.difference.number == pytest.approx((today - 160) / 200)
    assert (found.trailing.days, found.week_before.against) == (27, DAY - timedelta(days=7))


def test_a_figure_without_a_direction_has_only_changed():
    frame = mart(*(("requests", b, 1_000 if b else 2_000, 1, 1_000) for b in range(28)))
    assert of(frame, "requests").trailing.verdict == "changed"
    assert of(frame, "requests").value.as_record()["reason"] == "a count is complete"


def test_days_that_scatter_widen_the_interval():
    calm = [("active_users", b, 1_000 + (60 if b == 0 else 0), 1, 1_000) for b in range(28)]
    rough = [("active_users", b, 1_060 if b == 0 else 1_000 + 200 * (-1) ** b, 1, 1_000) for b in range(28)]
    calm, rough = (of(mart(*rows), "active_users").trailing.difference for rows in (calm, rough))
    assert rough.high - rough.low > 3 * (calm.high - calm.low)


def test_the_day_itself_is_not_in_its_own_baseline():
    found = of(mart(*(("requests", b, 9_000 if b == 0 else 10, 1, 10) for b in range(28))), "requests")
    assert found.trailing.reference == 10


def test_durations_are_judged_by_the_scatter_of_days():
    days = [("p95_ms", b, 1_000 + 50 * (b % 3), 1, 500) for b in range(1, 28)]
    slow, usual = (of(mart(("p95_ms", 0, value, 1, 500), *days), "p95_ms") for value in (2_000, 1_080))
    assert (slow.trailing.verdict, slow.week_before.verdict) == ("bad", "bad")
    assert (usual.trailing.verdict, usual.week_before.verdict) == ("no clear change", "no clear change")
    assert slow.value.as_record() == {
        "value": 2_000, "n": 500, "low": None, "high": None, "reason": "too few requests for its limits"
    }  # fmt: skip


def test_two_days_of_durations_are_not_enough():
    found = of(mart(("p95_ms", 0, 2_000, 1, 9), ("p95_ms", 7, 1_000, 1, 9)), "p95_ms")
    assert (found.week_before.verdict, found.week_before.difference.number) == ("not enough data", 1_000)


def test_satisfaction_is_on_its_scale_and_errors_may_pass_one_a_request():
    found = of(mart(("satisfaction", 0, 60, 10, 10)), "satisfaction").value
    assert 0 <= found.low < found.number == 6 < found.high <= 10
    assert of(mart(("error_rate", 0, 300, 100, 100)), "error_rate").value.number == 3


def test_the_series_has_28_days_and_holes_where_nothing_was_logged():
    series = of(mart(("requests", 0, 5, 1, 5), ("requests", 9, 3, 1, 3)), "requests").series
    assert len(series) == 28
    assert [(p.day, p.value) for p in series if p.value is not None] == [(DAY - timedelta(days=9), 3), (DAY, 5)]


def test_a_silent_day_is_unknown_and_not_a_day_without_requests():
    silent = [("requests", back, 0, 1, 0) for back in range(5, 28)]
    found = of(mart(*(("requests", back, 100, 1, 100) for back in range(5)), *silent), "requests")
    assert (found.trailing.days, found.trailing.reference) == (4, 100)
    assert found.week_before.verdict == "not enough data"


def test_a_metric_that_is_not_defined_is_named():
    assert key_figures(mart(("<b>", 0, 1, 1, 1)), DAY).undefined == ("<b>",)


def test_order_does_not_matter():
    frame = pd.concat([share("success_rate", 150, 160), share("uptime_heartbeat", 199, 200)])
    again = key_figures(frame.sample(frac=1, random_state=1), DAY)
    assert again.as_artifact() == key_figures(frame, DAY).as_artifact()
    json.loads(json.dumps(again.as_artifact()))


def test_quiet_nights_rarely_raise_an_alarm_even_when_users_cluster():
    draw = np.random.default_rng(13)
    alarms = []
    for _ in range(25):
        rows = []
        for back in range(28):
            users = draw.poisson(40)
            rows += [("success_rate", back, 5 * draw.binomial(users, 0.8), 5 * users, 5 * users)]
            rows += [("requests", back, 5 * users, 1, 5 * users), ("p95_ms", back, draw.normal(900, 60), 1, 99)]
        found = key_figures(mart(*rows), DAY).kpis
        alarms += [
            change.verdict not in ("no clear change", "not enough data")
            for k in found
            if k.figure.metric in ("success_rate", "requests", "p95_ms")
            for change in (k.trailing, k.week_before)
        ]
    assert np.mean(alarms) <= 0.03


def test_the_artifact_holds_to_its_schema(conforms):
    of_the_loop = {"loop": [], "adoption": []}  # the step puts them beside
    conforms("kpis", key_figures(mart(), DAY).as_artifact() | of_the_loop)
    frame = pd.concat([share("success_rate", 150, 160), mart(("p95_ms", 0, 9, 1, 3), ("error_rate", 0, 3, 1, 1))])
    conforms("kpis", key_figures(frame, DAY).as_artifact() | of_the_loop)
