"""Every mart against a plain reading of the same events, computed here without SQL."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from scipy.stats import binom
from tests.dbt.log_oracle import (
    DAYS,
    SCORES,
    Event,
    Events,
    Log,
    by_people,
    grouped,
    kind_of,
    moment,
    newest,
    outcomes,
    rows_of,
    score,
    unit,
    units,
)


@pytest.fixture(params=[DAYS[0], DAYS[2], DAYS[4]], ids=str)
def day(request: pytest.FixtureRequest) -> date:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def log(events_by_day: Events, day: date) -> Log:
    return Log(events_by_day, day)


def test_feature_gaps(five_nights: Any, day: date, log: Log) -> None:
    expected = []
    for days in (7, 30):
        now, before = (grouped(log.roots(days, skip), lambda e: e["intent"] or "") for skip in (0, days))
        for intent in {*now, *before}:
            asked, earlier = now.get(intent, []), before.get(intent, [])
            failed = [e for e in asked if e["success"] is False]
            ever = [e["date"] for e in log.of("interaction") if not e["parent_id"] and (e["intent"] or "") == intent]
            bad = [
                e["date"]
                for e in log.of("interaction")
                if not e["parent_id"] and (e["intent"] or "") == intent and e["success"] is False and e["date"] <= day
            ]
            assert ever
            ids = tuple(e["event_id"] for e in newest(failed)[:5])
            expected.append(
                (
                    days,
                    intent,
                    kind_of(units(asked)),
                    *outcomes(asked),
                    len(units(asked)),
                    len(units(failed)),
                    len(earlier),
                    sum(e["success"] is False for e in earlier),
                    str(min(bad, default=None)),
                    str(max(bad, default=None)),
                    ids,
                )
            )
    mart = five_nights.mart("mart_feature_gaps", day)
    mart = mart.assign(first_seen=mart["first_seen"].map(str), last_seen=mart["last_seen"].map(str))
    columns = [c for c in mart.columns if c not in ("as_of", "sample_requests")]
    order = ["window_days", "intent", "unit_kind", "requests", "successes", "failures", "unknown", "units"]
    assert columns[:8] == order
    assert rows_of(mart, columns) == sorted(expected)


def test_sample_requests_are_texts_of_the_newest_failures(five_nights: Any, day: date, log: Log) -> None:
    mart = five_nights.mart("mart_feature_gaps", day)
    for row in mart[mart["window_days"] == 30].itertuples():
        failed = [e for e in log.roots(30) if (e["intent"] or "") == row.intent and e["success"] is False]
        texts = [e["request_text"] for e in failed if e["request_text"]]
        assert set(row.sample_requests) <= set(texts)
        assert len(set(row.sample_requests)) == len(row.sample_requests) <= 3


def test_feature_gap_errors(five_nights: Any, day: date, log: Log) -> None:
    expected = []
    for days in (7, 30):
        failed = [e for e in log.roots(days) if e["success"] is False]
        for (intent, kind), found in grouped(failed, lambda e: (e["intent"] or "", e["error"].split(":")[0])).items():
            shown = f"{kind}: order <number> is gone"
            expected.append((days, intent, shown, len(found), len(units(found)), kind_of(units(found))))
    mart = five_nights.mart("mart_feature_gap_errors", day)
    assert rows_of(mart, ["window_days", "intent", "error_kind", "failures", "units", "unit_kind"]) == sorted(expected)


def template(event: Event) -> str:
    message = event["message"] or ""
    if message.startswith("row"):
        return "row <number> not found"
    return "no key <quoted>" if message else ""


def test_errors(five_nights: Any, day: date, log: Log) -> None:
    expected = []
    for (kind, text), found in grouped(log.window("error", 35), lambda e: (e["error_type"], template(e))).items():
        now = [e for e in found if (day - e["date"]).days < 7]
        ever = [e for e in log.of("error") if (e["error_type"], template(e)) == (kind, text) and e["date"] <= day]
        expected.append(
            (
                kind,
                text,
                len(now),
                len(found) - len(now),
                len(ever),
                len(units(now)),
                kind_of(units(now)),
                sum(e["handled"] is True for e in now),
                str(min(e["date"] for e in ever)),
                str(max(e["date"] for e in ever)),
                tuple(sorted({e["api"] for e in now if e["api"]})),
                tuple(sorted({e["http_status"] for e in now if e["http_status"]})),
                len({e["date"] for e in now}),
                min((e["message"] for e in ever if e["message"]), default=""),
            )
        )
    mart = five_nights.mart("mart_errors", day)
    mart = mart.assign(first_seen=mart["first_seen"].map(str), last_seen=mart["last_seen"].map(str))
    columns = "error_type message_template occurrences previous_occurrences occurrences_total units unit_kind handled"
    columns += " first_seen last_seen apis http_statuses days sample_message"
    assert rows_of(mart, columns.split()) == sorted(expected)


def ended(event: Event) -> datetime:
    return moment(event) + timedelta(milliseconds=event["duration_ms"] or 0)


def impact_minutes(log: Log, error: Event, alike: list[Event]) -> float:
    mine = [e for e in real(log.of("interaction")) if unit(e) == unit(error) and e["landed"] == error["landed"]]
    good = [ended(e) for e in mine if e["success"] is True and e["parent_id"] is None]
    again = [moment(e) for e in alike if unit(e) == unit(error) and e["landed"] == error["landed"]]
    later = [at for at in good if at >= moment(error)] + [at for at in again if at > moment(error)]
    return min([(at - moment(error)).total_seconds() / 60 for at in later] + [30.0])


def test_error_impact(five_nights: Any, day: date, log: Log) -> None:
    expected = []
    for _, found in grouped(log.window("error", 7), lambda e: (e["error_type"], template(e))).items():
        counted = [e for e in real(found) if unit(e)]
        if counted:
            alike = [
                e
                for e in real(log.of("error"))
                if (e["error_type"], template(e)) == (found[0]["error_type"], template(found[0]))
            ]
            expected.append((len(counted), round(sum(impact_minutes(log, e, alike) for e in counted), 3)))
    mart = five_nights.mart("mart_error_impact", day)
    mart = mart.assign(impact_minutes=mart["impact_minutes"].map(lambda minutes: round(minutes, 3)))
    assert rows_of(mart, ["measured", "impact_minutes"]) == sorted(expected)


def test_exposure_counts_days_with_any_event(five_nights: Any, day: date, log: Log) -> None:
    dates = {e["date"] for e in log.events}
    now = {d for d in dates if 0 <= (day - d).days < 7}
    before = {d for d in dates if 7 <= (day - d).days < 35}
    mart = five_nights.mart("mart_errors", day)
    assert rows_of(mart.drop_duplicates("as_of"), ["exposure_days", "previous_exposure_days"]) == [
        (len(now), len(before))
    ]


def judged_unit(event: Event) -> tuple[str, str] | None:
    return unit(event) or (unit(event["judged"]) if event["judged"] else None)


def test_feedback(five_nights: Any, day: date, log: Log) -> None:
    expected = []
    for days in (7, 30):
        by = grouped(
            log.window("feedback", days),
            lambda e: ((e["judged"] or {}).get("intent") or "", e["kind"], e["rater"] or ""),
        )
        for key, found in by.items():
            scores = [s for e in found if (s := score(e)) is not None]
            givers = {u for e in found if (u := judged_unit(e))}
            strange = sum(e["kind"] == "behaviour" and e["action"] not in SCORES for e in found)
            expected.append((days, *key, len(found), len(scores), sum(s < 5 for s in scores), strange, len(givers)))
    mart = five_nights.mart("mart_feedback", day)
    columns = ["window_days", "intent", "kind", "rater", "feedback", "scored", "low", "unknown_action", "units"]
    assert rows_of(mart, columns) == sorted(expected)


def test_feedback_sums(five_nights: Any, day: date, log: Log) -> None:
    found = log.window("feedback", 30)
    scores = [s for e in found if (s := score(e)) is not None]
    ratings = [e["rating"] for e in found if e["kind"] == "rating"]
    mart = five_nights.mart("mart_feedback", day).query("window_days == 30")
    assert mart["score_sum"].sum() == pytest.approx(sum(scores))
    assert mart["score_sumsq"].sum() == pytest.approx(sum(s * s for s in scores))
    assert (mart["rating_sum"].sum(), mart["rating_n"].sum()) == (sum(ratings), len(ratings))


def test_feedback_response(five_nights: Any, day: date, log: Log) -> None:
    judged = {e["judged"]["event_id"] for e in log.of("feedback") if e["judged"]}
    expected = []
    for days in (7, 30):
        by = grouped(log.roots(days), lambda e: (e["intent"] or "", e["agent_tier"] or ""))
        expected += [(days, *key, len(f), sum(e["event_id"] in judged for e in f)) for key, f in by.items()]
    mart = five_nights.mart("mart_feedback_response", day)
    columns = ["window_days", "intent", "agent_tier", "requests", "requests_with_feedback"]
    assert rows_of(mart, columns) == sorted(expected)


def test_feedback_comments(five_nights: Any, day: date, log: Log) -> None:
    said = [e for e in log.window("feedback", 30) if e["comment"]]
    mart = five_nights.mart("mart_feedback_comments", day)
    by = grouped(said, lambda e: (e["judged"] or {}).get("intent") or "")
    assert set(mart["intent"]) == set(by)
    for intent, found in by.items():
        ranked = sorted(newest(found), key=lambda e: math.inf if score(e) is None else score(e))
        shown = mart[mart["intent"] == intent].sort_values("rank")
        assert list(shown["event_id"]) == [e["event_id"] for e in ranked[:20]]
        assert list(shown["rank"]) == list(range(1, len(shown) + 1))


def real(events: list[Event]) -> list[Event]:
    return [e for e in events if e["clock"] == "real"]


def at(events: list[Event], service: str) -> list[Event]:
    return [e for e in events if not service or e["service"] == service]


def test_health(five_nights: Any, day: date, log: Log) -> None:
    mart = five_nights.mart("mart_health_daily", day)
    assert len(mart) == 28 * 3
    for row in mart.itertuples():
        asked = at(real(log.roots(1, end=row.metric_date)), row.service)
        calls = at(real(log.window("api_call", 1, end=row.metric_date)), row.service)
        beats = at(real(log.window("heartbeat", 1, end=row.metric_date)), row.service)
        errors = at(real(log.window("error", 1, end=row.metric_date)), row.service)
        given = [
            e | {"service": e["service"] or (e["judged"] or {}).get("service")}
            for e in real(log.window("feedback", 1, end=row.metric_date))
        ]
        scores = [s for e in by_people(at(given, row.service)) if (s := score(e)) is not None]
        bad = [c for c in calls if (c["status_code"] or 0) >= 400 or c["error_type"]]
        assert (row.requests, row.successes, row.failures, row.unknown) == outcomes(asked)
        assert (row.errors, row.api_calls, row.api_failures) == (len(errors), len(calls), len(bad))
        assert (row.heartbeats, row.heartbeats_up) == (len(beats), sum(b["up"] for b in beats))
        assert (row.scored, row.low) == (len(scores), sum(s < 5 for s in scores))
        assert row.units == len(units(asked))
        assert row.cost_usd == pytest.approx(sum(e["cost_usd"] or 0 for e in asked))
        assert_quantiles(row, [e["duration_ms"] for e in asked if e["duration_ms"] is not None])


def assert_quantiles(row: Any, values: list[float]) -> None:
    assert row.duration_n == len(values)
    for share, shown in ((0.5, row.duration_p50_ms), (0.95, row.duration_p95_ms), (0.99, row.duration_p99_ms)):
        if values:
            assert shown == pytest.approx(nearest_rank(values, share), rel=0.0100001)
        else:
            assert pd.isna(shown)


def nearest_rank(values: list[float], share: float) -> float:
    return sorted(values)[math.ceil(share * len(values)) - 1]


DIMENSIONS = ["intent", "agent", "agent_tier", "task_type", "model", "language", "service", "feature"]


def test_usage(five_nights: Any, day: date, log: Log) -> None:
    expected = {}
    for days in (1, 7, 30):
        for e in log.window("interaction", days):
            level = "step" if e["parent_id"] else "root"
            cuts = [("all", "")] + [(d, e.get(d)) for d in DIMENSIONS if e.get(d) is not None]
            cuts += [("intent", "")] if e["intent"] is None else []
            for cut in cuts:
                expected.setdefault((days, level, *cut), []).append(e)
    mart = five_nights.mart("mart_usage", day)
    assert rows_of(mart, ["window_days", "level", "dimension", "value"]) == sorted(expected)
    for row in mart.itertuples():
        found = expected[row.window_days, row.level, row.dimension, row.value]
        assert (row.requests, row.successes, row.failures, row.unknown) == outcomes(found)
        assert (row.units, row.unit_kind) == (len(units(found)), kind_of(units(found)))
        assert row.input_tokens == sum(e["input_tokens"] or 0 for e in found)
        assert row.cost_usd == pytest.approx(sum(e["cost_usd"] or 0 for e in found))
        assert row.quality_sum == pytest.approx(sum(e["quality_score"] or 0 for e in found))
        assert row.timed_out == sum(e["timed_out"] is True for e in found)
        assert_quantiles(row, [e["duration_ms"] for e in real(found) if e["duration_ms"] is not None])


def test_key_figures(five_nights: Any, day: date, log: Log) -> None:
    mart = five_nights.mart("mart_kpis_daily", day)
    assert len(mart) == (84 + 28) * 23
    assert not mart.duplicated(["metric_date", "window_days", "metric"]).any()
    for (end, days), figures in mart.groupby(["metric_date", "window_days"]):
        shown = figures.set_index("metric")
        for metric, (numerator, denominator, n) in key_figures(log, end, int(days)).items():
            row = shown.loc[metric]
            assert (row["numerator"], row["denominator"], row["n"]) == (pytest.approx(numerator), denominator, n), (
                metric
            )


def test_limits_of_durations_are_order_statistics_that_hold_in_95_of_100(five_nights: Any, day: date, log: Log) -> None:
    mart = five_nights.mart("mart_kpis_daily", day)
    assert mart.loc[~mart["metric"].isin(QUANTILES), ["low", "high"]].isna().all(axis=None)
    seen = set()
    for row in mart[mart["metric"].isin(QUANTILES)].itertuples():
        asked = real(log.roots(row.window_days, end=row.metric_date))
        values = sorted(e["duration_ms"] for e in asked if e["duration_ms"] is not None)
        for side, rank in zip(("low", "high"), ranks(QUANTILES[row.metric], len(values)), strict=True):
            if 1 <= rank <= len(values):
                assert getattr(row, side) == pytest.approx(values[rank - 1], rel=0.0100001)
                seen.add((row.metric, side))
            else:
                assert pd.isna(getattr(row, side))
    assert ("p50_ms", "low") in seen
    assert ("p50_ms", "high") in seen


QUANTILES = {"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99}


def ranks(share: float, n: int) -> tuple[int, int]:
    """Return the ranks between which the quantile lies in 95 of 100 samples."""
    reach = 1.959964 * math.sqrt(n * share * (1 - share))
    return math.floor(n * share - reach), math.ceil(n * share + reach) + 1


@pytest.mark.parametrize("share", QUANTILES.values())
def test_those_ranks_hold_the_quantile_at_least_as_often_as_said(share: float) -> None:
    for n in range(20, 3000, 7):
        low, high = ranks(share, n)
        if low >= 1 and high <= n:
            assert binom.cdf(high - 1, n, share) - binom.cdf(low - 1, n, share) >= 0.95


def sessions(log: Log) -> dict[Any, list[Event]]:
    """Return what can be followed: the requests of a unit in one session that landed on one day."""
    asked = [e for e in real(log.of("interaction")) if e["parent_id"] is None and unit(e)]
    return grouped(asked, lambda e: (e["landed"], unit(e), e["session_id"]))


def key_figures(log: Log, end: date, days: int) -> dict[str, tuple[float, float, int]]:
    asked = log.roots(days, end=end)
    requests, good, bad, unknown = outcomes(asked)
    calls = log.window("api_call", days, end=end)
    beats = real(log.window("heartbeat", days, end=end))
    scores = [s for e in by_people(log.window("feedback", days, end=end)) if (s := score(e)) is not None]
    judged = {e["judged"]["event_id"] for e in log.of("feedback") if e["judged"]}
    answered = sum(e["event_id"] in judged for e in asked)
    priced = [e for e in asked if e["cost_usd"] is not None]
    worded = [e for e in asked if e["input_tokens"] is not None or e["output_tokens"] is not None]
    words = sum((e["input_tokens"] or 0) + (e["output_tokens"] or 0) for e in worded)
    wins = sum(e["success"] is True for e in priced)
    failed_calls = sum((c["status_code"] or 0) >= 400 or c["error_type"] is not None for c in calls)
    people = len(units(asked))
    opened = sum(t["status"] == "opened" for t in log.window("support_ticket", days, end=end))
    has_tickets = any(t["status"] == "opened" for t in log.of("support_ticket"))
    lost = [e for e in real(asked) if unit(e) and e["success"] is False]
    final = {max(same, key=lambda e: (moment(e), e["event_id"]))["event_id"] for same in sessions(log).values()}
    return {
        "tickets_per_request": (opened, requests if has_tickets else 0, requests if has_tickets else 0),
        "feature_utilisation": (0, 0, 0),
        "abandonment_rate": (sum(e["event_id"] in final for e in lost), len(lost), len(lost)),
        "requests": (requests, 1, requests),
        "active_users": (people, 1, people),
        "success_rate": (good, good + bad, good + bad),
        "unknown_rate": (unknown, requests, requests),
        "error_rate": (len(log.window("error", days, end=end)), requests, requests),
        "feedback_rate": (answered, requests, requests),
        "satisfaction": (sum(scores), len(scores), len(scores)),
        "low_satisfaction_rate": (sum(s < 5 for s in scores), len(scores), len(scores)),
        "api_failure_rate": (failed_calls, len(calls), len(calls)),
        "uptime_heartbeat": (sum(b["up"] for b in beats), len(beats), len(beats)),
        "cost_per_success_usd": (sum(e["cost_usd"] for e in priced), wins, len(priced)),
        "tokens_per_request": (words, len(worded), len(worded)),
    }
