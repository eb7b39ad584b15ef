"""Settings fitted to days made by hand: timeouts, circuit breakers, batch sizes, and how they are replayed."""

import json
import math
import random
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ratchet.analyze.tuning import breakers, fits, timeouts, tune
from ratchet.analyze.tuning.breakers import Refused, Run, refused
from ratchet.client.breaker import CircuitBreaker, CircuitOpenError, Rule
from ratchet.contracts.adaptive import Defaults, History, Setting, Trial

DAY = date(2026, 11, 20)
COLUMNS = ["level", "failed", "upper_ms", "n", "first_ms", "last_ms", "day_calls", "at_once"]


def ago(days):
    return DAY - timedelta(days=days)


def timed(target, day, upper_ms, n=1, level=-1, failed=False, setting="timeout", at_once=None):
    return {"setting": setting, "target": target, "event_date": day, "level": level, "failed": failed} | {
        "upper_ms": upper_ms, "n": n, "first_ms": None, "last_ms": None, "day_calls": None, "at_once": at_once,
    }  # fmt: skip


def runs(target, day, *found):
    """Return runs of (failed, calls, first second, last second)."""
    return [
        {"setting": "circuit_breaker", "target": target, "event_date": day, "level": place, "failed": failed}
        | {
            "upper_ms": None,
            "n": n,
            "first_ms": first * 1000,
            "last_ms": last * 1000,
            "day_calls": None,
            "at_once": None,
        }
        for place, (failed, n, first, last) in enumerate(found, 1)
    ]


def mart(*rows, targets=1):
    frame = pd.DataFrame([{"as_of": DAY, **row, "targets": targets} for row in rows], columns=None)
    if frame.empty:
        names = ["as_of", "setting", "target", "event_date", *COLUMNS, "targets"]
        return pd.DataFrame(columns=names)
    return frame.astype({name: "float64" for name in COLUMNS if name != "failed"}).sample(frac=1, random_state=1)


def one(*rows, history=None, defaults=None):
    (found,) = tune(mart(*rows), history or History(), defaults or Defaults(), DAY).settings
    return found


def slow_api(days=14):
    """Return an API with calls of 2 s of which 2 % never come, under a limit of 30 s."""
    good = [timed("search", ago(d), 2000, 98) for d in range(days)]
    return good + [timed("search", ago(d), 30_000, 2, failed=True) for d in range(days)]


# timeouts


def test_calls_that_never_come_are_given_up_sooner():
    found = one(*slow_api())
    assert found.today["all_s"] == 30.0
    assert found.proposed == {"all_s": 2.0}
    assert (found.wins.number, found.wins.n) == (1.0, 14)
    assert [(d.today, d.proposed) for d in found.days] == [(60.0, 4.0)] * 14
    assert found.last_seen == DAY


def test_the_limit_is_the_smallest_order_statistic_that_bounds_the_95th_percentile():
    for n in (59, 93, 200, 1000):
        rank = next(k for k in range(1, n + 1) if stats.binom.cdf(k - 1, n, 0.95) >= 0.95)
        value, came = np.arange(1.0, n + 1), np.ones(n, dtype=bool)
        assert timeouts.upper_bound(value[::-1], np.ones(n), came) == (float(rank), "")
    assert timeouts.upper_bound(np.arange(58.0), np.ones(58), np.ones(58, dtype=bool))[0] is None
    assert 1 - 0.95**58 < 0.95 < 1 - 0.95**59


def test_below_59_calls_nothing_is_claimed():
    found = one(*(timed("search", ago(d), 2000, 4) for d in range(14)))
    assert (found.proposed, found.reason, found.days) == (None, "56 of the 59 calls that a bound needs", ())


def test_where_too_many_ran_into_their_limit_how_long_they_take_is_not_known():
    found = one(*(timed("search", ago(d), 30_000, 50, failed=True) for d in range(14)))
    assert found.proposed is None
    assert found.reason == "700 of 700 calls ran into their time limit: how long is not known"


def test_constant_durations_need_no_longer_limit_than_themselves():
    rows = [timed("search", ago(d), 5000, 30) for d in range(14)]
    assert one(*rows).reason == "another value would have acted as today's does, on every day"  # nothing was lost
    limited = one(*rows, *(timed("search", ago(d), 30_000, 1, failed=True) for d in range(7)))
    assert limited.proposed == {"all_s": 5.0}


def test_a_quarter_of_complexity_has_its_own_limit_where_it_has_the_calls():
    rows = [timed("search", ago(d), 2000, 40, level=0) for d in range(14)]
    rows += [timed("search", ago(d), 20_000, 5, level=3) for d in range(14)]
    rows += [timed("search", ago(d), 2000, 4, level=2) for d in range(14)]
    rows += [timed("search", ago(d), 30_000, 1, level=0, failed=True) for d in range(14)]
    found = one(*rows)
    assert found.proposed == {"all_s": 20.0, "complexity_0_s": 2.0, "complexity_3_s": 40.0}
    assert {level["name"]: level["reason"] for level in found.fitted}["complexity_2_s"].startswith("56 of the 59")


def test_a_limit_that_ends_too_many_calls_is_made_longer():
    rows = [timed("search", ago(d), 60_000 if n < 10 else 2000) for d in range(14) for n in range(100)]
    found = one(*rows)
    assert found.proposed == {"all_s": 60.0}


def test_limits_stay_within_their_bounds():
    slow = Defaults(timeout_max_s=45.0)
    assert one(*(timed("a", ago(d), 50_000, 10) for d in range(14)), defaults=slow).fitted[0]["value_s"] == 45.0
    rows = [timed("a", ago(d), 20, 98) for d in range(14)]
    rows += [timed("a", ago(d), 30_000, 2, failed=True) for d in range(14)]
    assert one(*rows).proposed == {"all_s": 1.0}


def test_a_limit_within_a_bucket_ends_its_part_of_the_calls():
    frame = mart(timed("a", DAY, 50_000, 10))
    rows = fits.Rows.of(fits.columns_of(frame), slice(0, 1))
    assert timeouts.losses(rows, {"all_s": 45.0}, Defaults()).tolist() == [0.5 * 10 * (45 + 50)]
    assert timeouts.losses(rows, {"all_s": 50.0}, Defaults()).tolist() == [0.0]


def test_round_numbers():
    assert [fits.round_up(v) for v in (0.011, 1, 1.0001, 2.4, 12, 81, 299)] == [0.012, 1, 1.2, 2.5, 12, 100, 300]
    assert fits.round_values(1.2, 3) == [1.2, 1.5, 2, 2.5, 3]
    assert fits.round_values(4, 4) == [4]
    uppers = np.array(fits.round_values(0.01, 500.0))
    assert fits.round_down(uppers).tolist() == pytest.approx([0.0, *uppers[:-1]])


# what is proposed


def test_a_value_needs_seven_days_that_differ():
    found = one(*slow_api(6))
    assert (found.proposed, found.reason) == (None, "the values differ on 6 days of the 7 that are needed")


def test_a_value_that_waits_stays_the_proposal_as_long_as_it_is_better_than_todays():
    key = (Setting.TIMEOUT, "search")
    assert one(*slow_api(), history=History(waiting={key: ({"all_s": 3.0},)})).proposed == {"all_s": 3.0}
    assert one(*slow_api(), history=History(waiting={key: ({"all_s": 200.0},)})).proposed == {"all_s": 2.0}


def test_what_was_taken_back_is_not_proposed_again():
    found = one(*slow_api(), history=History(undone={(Setting.TIMEOUT, "search"): ({"all_s": 2.0},)}))
    assert (found.proposed, found.reason) == (None, "the better value was refused or taken back before")


def test_todays_value_is_the_one_that_is_in_force():
    found = one(*slow_api(), history=History(in_force={(Setting.TIMEOUT, "search"): {"all_s": 2.0}}))
    assert (found.today, found.proposed, found.reason) == ({"all_s": 2.0}, None, "today's value is the best one")


def in_force(value, since, before=30.0):
    key = (Setting.TIMEOUT, "search")
    return History(in_force={key: {"all_s": value}}, trials={key: Trial("x", {"all_s": before}, since)})


@pytest.mark.parametrize(
    ("since", "verdict"), [(ago(5), ""), (ago(6), "kept"), (ago(13), "kept")], ids=["6 days", "7 days", "14 days"]
)
def test_a_deployed_value_is_judged_after_seven_days_that_differ(since, verdict):
    assert one(*slow_api(), history=in_force(2.0, since)).trial.verdict == verdict


def test_a_limit_that_surely_ends_more_than_one_call_in_twenty_is_taken_back():
    rows = [timed("search", ago(d), 2000, 80) for d in range(3)]
    rows += [timed("search", ago(d), 2000, 20, failed=True) for d in range(3)]
    trial = one(*rows, history=in_force(2.0, ago(2))).trial
    assert (trial.verdict, trial.reason) == ("rolled_back", "60 of 300 calls were given up, more than 5%")


def test_a_value_that_acts_as_the_one_before_cannot_be_measured():
    rows = [timed("search", ago(d), 500, 10) for d in range(28)]
    assert one(*rows, history=in_force(2.0, ago(27))).trial.verdict == "unmeasurable"
    assert one(*rows, history=in_force(2.0, ago(26))).trial.verdict == ""


# circuit breakers


def outage(day):
    """Return a day on which an API fails for ten minutes, ten times a minute, and works before and after."""
    return runs("api", day, (False, 100, 0, 3000), (True, 100, 3600, 4194), (False, 100, 4200, 9000))


def test_an_outage_is_met_by_a_breaker_that_opens_soon():
    found = one(*(row for d in range(14) for row in outage(ago(d))))
    assert found.proposed["failures"] == 2
    assert all(day.proposed < day.today for day in found.days)


def test_failures_that_pass_at_once_are_no_reason_to_open():
    flaky = [
        run for n in range(40) for run in ((True, 5, 100 * n, 100 * n + 1), (False, 50, 100 * n + 2, 100 * n + 90))
    ]
    found = one(*(row for d in range(14) for row in runs("api", ago(d), *flaky)))
    assert found.proposed["failures"] == 8  # today's breaker opens after each 5 failures and refuses what would work
    assert {day.proposed for day in found.days} == {200.0}


def test_an_api_without_failures_and_one_with_nothing_but_failures():
    assert one(*runs("api", DAY, (False, 900, 0, 900))).reason == "no call failed"
    found = one(*(row for d in range(14) for row in runs("api", ago(d), (True, 8640, 0, 86_390))))
    assert found.proposed == {"failures": 2.0, "recovery_s": 300.0}


def test_what_was_not_kept_is_counted():
    rows = runs("api", DAY, (False, 10, 0, 9), (True, 1, 10, 10))
    rows[0]["day_calls"] = 5000
    assert one(*rows).cut == 4989


def through_the_client(calls, failures, recovery_s):
    """Play (second, failed) through the breaker that applications use."""
    now, left = [0.0], {True: 0, False: 0}
    breaker = CircuitBreaker(lambda: Rule(failures, recovery_s), clock=lambda: now[0])
    for moment, failed in calls:
        now[0] = moment
        try:
            with breaker.guard():
                if failed:
                    raise ConnectionError
        except CircuitOpenError:
            left[failed] += 1
        except ConnectionError:
            pass
    return left[True], left[False]


@pytest.mark.parametrize("seed", range(25))
def test_the_replay_refuses_what_the_clients_breaker_refuses(seed):
    rng = random.Random(seed)
    tape, moment = [], 0.0
    for number in range(60):
        n, step = rng.randrange(1, 12), rng.choice([0.0, 0.25, 1.0, 7.5])
        tape.append(Run(number % 2 == 1, n, moment, moment + step * (n - 1)))
        moment = tape[-1].last_s + rng.choice([0.5, 3.0, 40.0])
    calls = [(run.at(place), run.failed) for run in tape for place in range(run.n)]
    for failures in (1, 2, 3, 5, 8):
        for recovery_s in (1.0, 5.0, 30.0, 300.0):
            found = refused(tape, failures, recovery_s)
            assert (found.bad, found.good) == through_the_client(calls, failures, recovery_s), (failures, recovery_s)


def test_a_breaker_that_opens_at_the_last_call_refuses_nothing():
    assert refused([Run(True, 3, 0, 2)], 3, 60) == Refused(0, 0, 1)
    assert refused([], 3, 60) == Refused(0, 0, 0)


def test_runs_of_several_landing_days_are_one_sequence():
    rows = [*runs("api", DAY, (True, 2, 10, 20)), *runs("api", DAY, (True, 1, 15, 15), (False, 1, 30, 30))]
    table = fits.Rows.of(fits.columns_of(mart(*rows)), slice(0, 3))
    assert breakers.runs_by_day(table) == [[Run(True, 3, 10.0, 20.0), Run(False, 1, 30.0, 30.0)]]


# batch sizes


def batches(seconds, days=14, n=20):
    """Return batches of each size that take so many seconds."""
    return [
        timed("index", ago(d), 1000 * s, n, level=size, setting="batch_size")
        for d in range(days)
        for size, s in seconds.items()
    ]


def test_the_knee_is_the_smallest_size_near_the_best_throughput():
    found = one(*batches({1: 1.0, 10: 1.9, 20: 2.0, 50: 4.9, 100: 9.8}))
    assert found.proposed == {"size": 20.0}
    assert {(level["knee_low"], level["knee_high"]) for level in found.fitted} == {(20.0, 20.0)}
    assert (found.wins.number, found.wins.n) == (1.0, 14)


def test_days_that_disagree_widen_the_interval_of_the_knee():
    rows = [r for d in range(14) for r in batches({8: 1.0, 16: 1.0 if d % 3 else 4.0}, days=1)]
    rows = [row | {"event_date": ago(number // 2)} for number, row in enumerate(rows)]
    (level, *_) = one(*rows).fitted
    assert (level["knee_low"], level["knee_high"]) == (8.0, 16.0)


@pytest.mark.parametrize("seconds", [{8: 1.0}, {}, {200: 1.0, 300: 2.0}])
def test_without_two_sizes_within_the_bounds_there_is_no_knee(seconds):
    found = tune(mart(*batches(seconds)), History(), Defaults(), DAY).settings
    assert [f.proposed for f in found] == [None] * len(found)


# the whole


def test_nothing_logged_gives_nothing(conforms):
    artifact = tune(mart(), History(), Defaults(), DAY).as_artifact()
    assert (artifact["settings"], artifact["better"]) == ([], 0)
    conforms("tuning", artifact)


def test_the_artifact_holds_to_its_schema_and_does_not_depend_on_the_order_of_rows(conforms):
    rows = [*slow_api(), *(r for d in range(9) for r in outage(ago(d))), *batches({1: 1.0, 10: 1.9})]
    first = tune(mart(*rows), History(), Defaults(), DAY)
    conforms("tuning", first.as_artifact())
    again = tune(mart(*rows).iloc[::-1], History(), Defaults(), DAY)
    assert json.dumps(first.as_artifact()) == json.dumps(again.as_artifact())
    assert not any(
        math.isnan(value) for row in first.as_artifact()["days"] for value in (row["today"], row["proposed"])
    )


def test_rows_of_another_night_and_targets_left_out(conforms):
    frame = pd.concat([mart(*slow_api(), targets=10_000), mart(*slow_api()).assign(as_of=ago(1))])
    artifact = tune(frame, History(), Defaults(), DAY).as_artifact()
    assert artifact["left_out"] == {"timeout": 9999}
    assert artifact["settings"][0]["calls"] == 1400
    conforms("tuning", artifact)
