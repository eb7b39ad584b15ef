"""How many calls in a minute: the bucket on logs of APIs whose limit is known, its replay, and how it is judged."""

import numpy as np
import pytest

from ratchet.analyze.tuning import rates
from ratchet.analyze.tuning.fits import Rows, columns_of
from ratchet.client.token_bucket import Rate, TokenBucket
from ratchet.contracts.adaptive import Defaults, History, Setting, Trial

from .test_tuning import ago, mart, one, timed

KEY = (Setting.RATE_LIMIT, "llm")
ROUND = np.array([1, 2, 3, 4, 5, 6, 8, *(s * 10.0**p for p in (1, 2, 3) for s in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8))])


def counted(moments, window_s):
    """Return how many calls came in the window up to each one, as the warehouse counts them."""
    return np.searchsorted(moments, moments, side="right") - np.searchsorted(moments, moments - window_s)


def logged(day, moments, is_throttled):
    """Return a day's rows of `mart_tuning` from the seconds of its calls."""
    moments = np.sort(np.asarray(moments, dtype=float))
    minute, second = counted(moments, 60), counted(moments, 1)
    failed = np.broadcast_to(is_throttled(minute, second), minute.shape)
    cells = np.column_stack([ROUND[np.searchsorted(ROUND, minute)], ROUND[np.searchsorted(ROUND, second)], failed])
    found, n = np.unique(cells, axis=0, return_counts=True)
    return [
        timed("llm", day, None, int(calls), int(level), bool(bad), "rate_limit", int(at_once))
        for (level, at_once, bad), calls in zip(found, n, strict=True)
    ]


def rushes(most=180, a_day=12):
    """Return the seconds of a day's calls: rushes of up to so many within half a minute, one every ten minutes."""
    return [600 * rush + 30 * k / most for rush in range(a_day) for k in range(int(most * (rush + 1) / a_day))]


def over(limit):
    return lambda minute, second: minute > limit


def table(*rows):
    frame = mart(*rows).sort_values(["event_date", "level"])
    return Rows.of(columns_of(frame), slice(0, len(frame)))


def test_an_api_that_takes_a_hundred_a_minute_is_called_so_often():
    found = one(*(row for d in range(14) for row in logged(ago(d), rushes(), over(100))))
    assert found.setting is Setting.RATE_LIMIT
    assert (found.today, found.proposed) == ({}, {"per_minute": 92.0, "burst": 8.0})  # 8 came at once, at most 10 may
    assert (found.wins.number, found.wins.n, found.calls) == (1.0, 14, 14 * len(rushes()))
    at_limit = next(level for level in found.fitted if level["name"] == "100 in a minute")
    assert (at_limit["throttled"], at_limit["share"], at_limit["share_low"]) == (0, 0.0, 0.0)
    assert 0 < at_limit["share_high"] <= rates.THROTTLED_AT_MOST


def test_an_api_that_minds_how_many_come_at_once_gets_few_in_a_second():
    """Bursts of one to six, every eight seconds of an hour a day; more than three in a second are throttled."""
    moments = [8 * k + s / 10 for k in range(450) for s in range(1 + k % 6)]
    found = one(*(row for d in range(14) for row in logged(ago(d), moments, lambda minute, second: second > 3)))
    assert found.proposed == {"per_minute": 29.0, "burst": 1.0}
    assert found.proposed["burst"] + found.proposed["per_minute"] / 60 <= 3


def test_a_sustained_rush_is_no_reason_to_wait():
    """Where more is called than the API takes for an hour, waiting only moves the queue and grows it."""
    found = one(*(row for d in range(14) for row in logged(ago(d), np.arange(0, 3600, 0.4), over(100))))
    assert found.proposed is None


@pytest.mark.parametrize(
    ("is_throttled", "reason"),
    [
        (lambda minute, second: False, "no call was throttled"),
        (lambda minute, second: True, "even with 1 in a minute 100% are throttled: it is not the number of calls"),
        (
            lambda minute, second: np.arange(len(minute)) % 3 == 0,
            "it is not the number of calls",
        ),
        (
            lambda minute, second: np.arange(len(minute)) == 500,
            "hardly a call is throttled with up to 200 in a minute: the log names no limit",
        ),
    ],
    ids=["never", "always", "whatever the number", "once"],
)
def test_where_the_number_of_calls_does_not_matter_the_log_names_no_limit(is_throttled, reason):
    found = one(*(row for d in range(14) for row in logged(ago(d), rushes(), is_throttled)))
    assert found.proposed is None
    assert reason in found.reason


def test_too_few_calls_are_not_enough_data():
    few = one(*(timed("llm", ago(d), None, 1, 1, d < 2, "rate_limit", 1) for d in range(14)))
    assert few.reason == "no number of calls in a minute was seen 30 times"
    rows = [timed("llm", ago(d), None, 4, 5, False, "rate_limit", 1) for d in range(14)]
    rows += [timed("llm", ago(d), None, 4, 50, True, "rate_limit", 1) for d in range(14)]
    assert one(*rows).reason == "not enough data: with 5 in a minute 0.0% to 6.4% of calls are throttled"
    rows = [timed("llm", ago(d), None, 100, 5, False, "rate_limit", 1) for d in range(14)]
    rows += [timed("llm", ago(0), None, n, 50, bad, "rate_limit", 1) for n, bad in ((60, False), (1, True))]
    assert one(*rows).reason == "not enough data: with 50 in a minute 0.3% to 8.7% of calls are throttled"


def test_bounds_hold():
    rows = [row for d in range(14) for row in logged(ago(d), rushes(), over(100))]
    assert one(*rows, defaults=Defaults(calls_per_minute_max=20)).fitted
    assert rates.fit(table(*rows), {}, Defaults(calls_per_minute_max=20)).numbers["per_minute"] == 20


def waited(moments, rate):
    """Play calls through the bucket that applications use and return how long each waits."""
    now, found = [0.0], []
    bucket = TokenBucket(lambda: rate, lambda: now[0])
    for moment in moments:
        now[0] = moment
        found.append(bucket._take(float("inf")).wait_s)
    return np.array(found)


@pytest.mark.parametrize("seed", range(10))
def test_a_replayed_wait_is_what_the_clients_bucket_asks_for_at_least(seed):
    """The bucket looks at every window, the replay at two: never more, and all of it where a rush is short."""
    rng = np.random.default_rng(seed)
    starts = 900 * np.arange(20) + rng.uniform(0, 60, 20)
    moments = np.sort(np.concatenate([s + rng.uniform(0, 0.9, rng.integers(1, 60)) for s in starts]))
    rate = Rate(90.0, 10.0)
    exact, a_second = waited(moments, rate), rate.per_minute / 60
    windows = [counted(moments, w) - rate.burst - a_second * w for w in (1, 60)]
    replayed = np.maximum(np.maximum(*windows), 0) / a_second
    assert (replayed <= exact + 1e-9).all()
    assert replayed.sum() >= 0.8 * exact.sum() > 0


def test_what_a_day_loses_is_a_minute_for_each_throttled_call_and_the_waits():
    rows = table(
        timed("llm", ago(0), None, 50, 10, False, "rate_limit", 1),
        timed("llm", ago(0), None, 10, 120, True, "rate_limit", 1),
    )
    assert rates.losses(rows, {}, Defaults()).tolist() == [600.0]
    assert rates.losses(rows, {"per_minute": 60.0, "burst": 6.0}, Defaults()).tolist() == [10 * 54.0]


def trial(since_days, throttled, n=200, days=20):
    """Return a limit in force and a log in which so many of n calls a day are throttled since, 20 of n before."""
    rows = []
    for d in range(days):
        bad = throttled if d < since_days else 20
        rows.append(timed("llm", ago(d), None, n - bad, 20, False, "rate_limit", 2))
        rows += [timed("llm", ago(d), None, bad, 25, True, "rate_limit", 2)] if bad else []
    held = History(
        in_force={KEY: {"per_minute": 90.0, "burst": 10.0}}, trials={KEY: Trial("x", {}, ago(since_days - 1))}
    )
    return one(*rows, history=held).trial


@pytest.mark.parametrize(
    ("since_days", "throttled", "verdict"),
    [(6, 0, ""), (7, 0, "kept"), (7, 20, "rolled_back"), (1, 60, "rolled_back"), (1, 20, ""), (7, 18, "")],
)
def test_a_limit_in_force_is_judged_by_what_is_throttled(since_days, throttled, verdict):
    assert trial(since_days, throttled).verdict == verdict


def test_a_verdict_says_how_many():
    said = "0 of 1,400 calls were throttled since, 260 of 2,600 before"
    assert trial(7, 0).reason == said


def test_the_artifact_holds_to_its_schema(conforms):
    from ratchet.analyze.tuning import tune

    frame = mart(*(row for d in range(14) for row in logged(ago(d), rushes(), over(100))))
    artifact = tune(frame, History(), Defaults(), ago(0)).as_artifact()
    conforms("tuning", artifact)
    (row,) = artifact["settings"]
    assert (row["today"], row["proposed"]) == ("no limit", "92 a minute, 8 at once")
