"""The patterns of a night, on frames made by hand: what is found, what is not, and what bad input gets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.unit.analyze.workflow_frames import workflows

from ratchet.analyze.frequency import Course, counts_of, find_frequent, find_unusual_intents
from ratchet.analyze.patterns import find_patterns
from ratchet.analyze.sequences import find_sequences
from ratchet.analyze.unusual_hours import find_unusual_hours

AS_OF = date(2026, 11, 20)
REMEDIES = {"xss": "escape output"}
_HOURLY = ("successes", "failures", "requests", "errors", "api_calls", "api_failures", "heartbeats", "heartbeats_up")
_REST = ("answered_minutes", "up_minutes", "down_minutes", "duration_n")
_TIMES = ("duration_p50_ms", "duration_p95_ms", "duration_p99_ms")
_ERRORS = ("occurrences", "exposure_days", "previous_occurrences", "previous_exposure_days")


def days_of(**things: list[int]) -> pd.DataFrame:
    """Return mart_pattern_days; a thing's counts end with the night's day."""
    rows = []
    for key, counts in things.items():
        kind, _, name = key.partition("__")
        for back, n in enumerate(reversed(counts)):
            if n:
                rows.append((AS_OF, kind.replace("_", " "), name, AS_OF - timedelta(days=back), n))
    return pd.DataFrame(rows, columns=["as_of", "kind", "name", "event_date", "n"])


def no_errors() -> pd.DataFrame:
    return pd.DataFrame(columns=["as_of", "fingerprint", "error_type", "message_template", *_ERRORS])


def steady(level: int, days: int = 56, seed: int = 1) -> list[int]:
    return [int(n) for n in np.random.default_rng(seed).poisson(level, days)]


def sessions(*rows: tuple[list[str], int]) -> pd.DataFrame:
    return pd.DataFrame(
        {"as_of": [AS_OF] * len(rows), "actions": [a for a, _ in rows], "sessions": [n for _, n in rows]}
    )


def hourly(requests: np.ndarray, errors: np.ndarray | None = None) -> pd.DataFrame:
    """Return mart_health_hourly; the last hour is the last of the night's day, hours without requests have no row."""
    n = len(requests)
    end = pd.Timestamp(AS_OF) + pd.Timedelta(days=1)
    frame = pd.DataFrame(dict.fromkeys((*_HOURLY, *_REST), 0), index=range(n))
    frame = frame.assign(**dict.fromkeys(_TIMES, np.nan), as_of=AS_OF, service="")
    frame["metric_hour"] = [end - pd.Timedelta(hours=n - k) for k in range(n)]
    frame["requests"] = requests
    frame["errors"] = errors if errors is not None else 0
    return frame[frame["requests"] > 0]


def requests_of(days: int = 30, level: float = 40.0, seed: int = 2) -> np.ndarray:
    at = np.arange(days * 24)
    day = 1 + 0.6 * np.sin(2 * np.pi * at / 24)
    return np.random.default_rng(seed).poisson(level * day * np.where(at // 24 % 7 < 5, 1.0, 0.5))


def test_what_rises_is_told_from_what_is_steady() -> None:
    rising = [10] * 49 + [30] * 7
    frame = days_of(
        all=steady(100), intent__up=rising, intent__same=steady(10, seed=2), intent__rare=[0] * 52 + [1] * 4
    )
    found = {f.name: f for f in find_frequent(counts_of(frame, AS_OF), no_errors(), AS_OF)}
    assert set(found) == {"up", "same"}
    assert (found["up"].course, found["same"].course) == (Course.RISING, Course.STEADY)
    assert (found["up"].trend.now, found["up"].trend.before) == (210, 280)
    assert found["up"].trend.ratio.number == pytest.approx(3.0)


def test_days_that_scatter_widely_make_a_rise_less_telling() -> None:
    wild = [n for _ in range(7) for n in (70, 0, 0, 0, 0, 0, 0)]
    frame = days_of(all=[100] * 56, intent__calm=[10] * 49 + [15] * 7, intent__wild=[*wild, 105, 0, 0, 0, 0, 0, 0])
    found = {f.name: f for f in find_frequent(counts_of(frame, AS_OF), no_errors(), AS_OF)}
    assert found["calm"].trend.now == found["wild"].trend.now == 105
    assert (found["calm"].course, found["wild"].course) == (Course.RISING, Course.STEADY)
    assert found["wild"].dispersion > 10 > found["calm"].dispersion


def test_errors_are_frequent_by_their_own_mart_and_new_ones_are_called_so() -> None:
    errors = pd.DataFrame(
        [(AS_OF, "f1", "KeyError", "no <*>", 40, 7, 0, 28), (AS_OF, "f2", "Timeout", "t", 4, 7, 90, 28)],
        columns=["as_of", "fingerprint", "error_type", "message_template", *_ERRORS],
    )
    (found,) = find_frequent(counts_of(days_of(all=[9] * 56), AS_OF), errors, AS_OF)
    assert (found.kind, found.name, found.key, found.course) == ("error", "KeyError: no <*>", "f1", Course.NEW)


def test_without_days_before_nothing_is_said_of_a_course() -> None:
    frame = days_of(all=[9] * 5, intent__first=[9] * 5)
    (found,) = find_frequent(counts_of(frame, AS_OF), no_errors(), AS_OF)
    assert found.course is Course.UNKNOWN


def test_an_intent_on_an_unusual_day_is_found_among_others() -> None:
    burst = [*steady(40, seed=5)[:-1], 110]
    others = {f"intent__other{k}": steady(40, seed=10 + k) for k in range(9)}
    found = find_unusual_intents(counts_of(days_of(all=[400] * 56, intent__burst=burst, **others), AS_OF))
    assert [(i.intent, i.is_high, i.requests) for i in found.found] == [("burst", True, 110)]
    assert found.judged == 10
    assert found.backtest_days == 70
    assert found.found[0].expected.number == pytest.approx(40, rel=0.15)


def test_ten_thousand_intents_are_looked_at_in_bounds() -> None:
    rows = [(AS_OF, "intent", f"i{k}", AS_OF - timedelta(days=k % 56), 1) for k in range(10_000)]
    frame = pd.DataFrame(
        [*rows, (AS_OF, "all", "", AS_OF, 10_000)], columns=["as_of", "kind", "name", "event_date", "n"]
    )
    counts = counts_of(frame, AS_OF)
    assert find_frequent(counts, no_errors(), AS_OF) == []
    assert find_unusual_intents(counts).found == ()


def test_what_follows_what_is_found_in_its_order() -> None:
    rng = np.random.default_rng(3)
    noise = [([f"a{k}" for k in rng.integers(0, 12, 5)], 1) for _ in range(300)]
    frame = sessions((["search", "filter", "book (failed)"], 90), (["search", "x", "book (failed)"], 20), *noise)
    found = find_sequences(frame, AS_OF, 0.1, 0.7)
    told = {s.actions: s for s in found.found}
    assert ("search", "book (failed)") in told
    assert all(s.actions[-1] != "search" for s in found.found)
    assert told["search", "book (failed)"].sessions == 110
    assert told["search", "book (failed)"].confidence.number == 1.0
    assert not any(a.startswith("a") for s in found.found for a in s.actions)


@pytest.mark.parametrize("rows", [[], [(["a", "b"], 3)], [(["a", "a"], 500)], [(["a (failed)", "b (failed)"], 9)]])
def test_few_sessions_or_one_action_are_no_sequence(rows: list[tuple[list[str], int]]) -> None:
    assert find_sequences(sessions(*rows), AS_OF, 0.1, 0.7).found == ()


def test_sessions_in_any_order_give_the_same() -> None:
    rows = [(["s", "b"], 60), (["x", "y"], 50), (["y", "x"], 55), (["z", "s", "q", "b"], 12)]
    assert find_sequences(sessions(*rows), AS_OF, 0.1, 0.7) == find_sequences(sessions(*rows[::-1]), AS_OF, 0.1, 0.7)


def test_an_outage_and_a_flood_are_found_in_their_hours() -> None:
    values = requests_of()
    values[-10:-4] = 0
    flood = np.random.default_rng(4).poisson(2, len(values))
    flood[-16:-12] = 60
    found = find_unusual_hours(hourly(values, flood), AS_OF)
    assert {(h.figure, h.is_high) for h in found.found} == {("requests", False), ("errors", True)}
    assert found.found[0].hour[:13] == "2026-11-20T08"
    assert found.series == 2
    assert found.backtest_days == 28


@pytest.mark.parametrize("level", [0.006, 40.0])
def test_ordinary_days_and_one_event_a_week_raise_nothing(level: float) -> None:
    found = find_unusual_hours(hourly(requests_of(level=level, seed=7)), AS_OF)
    assert found.found == ()


@pytest.mark.parametrize("values", [np.zeros(720), np.zeros(30), np.full(720, 5), np.ones(100)])
def test_hours_without_events_and_constant_ones_raise_nothing(values: np.ndarray) -> None:
    assert find_unusual_hours(hourly(values), AS_OF).found == ()


@pytest.fixture
def marts() -> dict[str, pd.DataFrame]:
    kpis = pd.DataFrame(columns=["as_of", "metric_date", "window_days", "metric", "numerator", "denominator", "n"])
    return {
        "mart_pattern_days": days_of(
            all=[50] * 56, failed_intent__pay=[1] * 49 + [9] * 7, learning_pattern__xss=[2] * 56
        ),
        "mart_errors": no_errors(),
        "mart_sequences": sessions((["search", "pay (failed)"], 60), (["pay", "search"], 20), (["x", "y"], 90)),
        "mart_kpis_daily": kpis,
        "mart_health_hourly": hourly(requests_of()),
        "mart_workflows": workflows(),
    }


def test_every_pattern_says_what_it_leads_to_or_why_to_nothing(
    marts: dict[str, pd.DataFrame], conforms: Callable[..., None]
) -> None:
    found: dict[str, Any] = find_patterns(marts, AS_OF, 0.1, 0.7, REMEDIES).as_artifact()
    conforms("patterns", found)
    leads = {(row["leads_to"], bool(row["because"])) for key in ("frequent", "sequences") for row in found[key]}
    assert leads == {("feature_request", True), ("feedback_task", True), (None, True)}
    told = {row["name"]: row["because"] for row in found["frequent"] if row["kind"] == "learning pattern"}
    assert told == REMEDIES
    assert [s["actions"] for s in found["sequences"]] == [["x", "y"], ["search", "pay (failed)"], ["pay", "search"]]


def test_nothing_logged_is_no_pattern(marts: dict[str, pd.DataFrame], conforms: Callable[..., None]) -> None:
    found = find_patterns(
        {name: frame.iloc[:0] for name, frame in marts.items()}, AS_OF, 0.1, 0.7, REMEDIES
    ).as_artifact()
    conforms("patterns", found)
    assert found["reason"] == "nothing was logged"
    assert not any(found[key] for key in ("frequent", "sequences", "correlations", "hours", "intents"))
