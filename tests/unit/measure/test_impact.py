"""What deployed fixes did: the estimator, what speaks against it, and the verdict of each night."""

from datetime import timedelta

import pandas as pd
import pytest
from tests.unit.measure.impact_frames import DEPLOYED, days, deployment

from ratchet.contracts.estimates import Estimate
from ratchet.contracts.impacts import Estimator, ImpactVerdict
from ratchet.measure.impact import Trialled, impacts
from ratchet.measure.impact_verdicts import Rules

RULES = Rules()
LAST = DEPLOYED + timedelta(days=RULES.impact_horizon_days - 1)


def night(k):
    """Return the night of the k-th day with a fix."""
    return DEPLOYED + timedelta(days=k - 1)


def judged(k, rate, fix=None, **options):
    (found,) = impacts(days(night(k), rate, **options), [fix or deployment()], RULES, night(k)).impacts
    return found


def changed(before, after):
    return lambda k: after if k >= 0 else before


def check(found, name):
    return next(c for c in found.checks if c.name == name)


def test_fewer_failures_are_kept_once_every_day_of_the_week_was_seen():
    rate = changed(0.2, 0.02)
    early = judged(6, rate)
    assert early.verdict is ImpactVerdict.UNDECIDED
    assert early.effect.high < 0
    assert "6 days of the 7" in early.reason
    kept = judged(7, rate)
    assert kept.verdict is ImpactVerdict.KEPT
    assert kept.estimator is Estimator.TIME_SERIES
    assert kept.effect.low <= -0.18 <= kept.effect.high < 0
    assert kept.relative.number == pytest.approx(-0.9, abs=0.05)
    assert kept.saved.number == pytest.approx(0.18 * 7 * 200, rel=0.1)
    assert kept.saved.low < kept.saved.number < kept.saved.high
    assert (kept.before.n, kept.with_fix.n) == (21 * 200, 7 * 200)  # the week for which it was proposed is left out


def test_no_effect_waits_for_the_horizon_and_is_rolled_back():
    rate = changed(0.2, 0.2)
    waiting = judged(13, rate)
    assert (waiting.verdict, waiting.reason) == (ImpactVerdict.UNDECIDED, "no clear difference yet; at most 1 day left")
    found = judged(14, rate)
    assert (found.verdict, found.harm) == (ImpactVerdict.ROLLED_BACK, False)
    assert "no effect" in found.reason


def test_harm_is_undone_before_the_week_is_over():
    found = judged(3, changed(0.2, 0.5))
    assert (found.verdict, found.harm) == (ImpactVerdict.ROLLED_BACK, True)
    assert "more requests fail with its error" in found.reason


def test_harm_within_the_threshold_waits():
    rate = changed(0.4, 0.46)
    found = judged(7, rate, attempts=20_000)
    assert found.effect.low > 0
    assert found.verdict is ImpactVerdict.UNDECIDED
    assert judged(14, rate, attempts=20_000).verdict is ImpactVerdict.ROLLED_BACK


def test_trading_one_error_for_another_is_harm():
    found = judged(5, changed(0.2, 0.0), other=changed(0.02, 0.6))
    assert (found.verdict, found.harm) == (ImpactVerdict.ROLLED_BACK, True)
    assert "whatever error" in found.reason
    assert found.all_failures.low > 0


def test_unaffected_intents_are_the_comparison_where_they_moved_alike():
    def everywhere(level):  # all failures fall by half on the day of the deployment, which no fix did
        return changed(level, level / 2)

    alone = judged(14, everywhere(0.2), seed=2)
    beside = judged(14, everywhere(0.2), rest=everywhere(0.2), seed=2)
    assert (alone.estimator, alone.verdict) == (Estimator.TIME_SERIES, ImpactVerdict.KEPT)
    assert (beside.estimator, beside.verdict) == (Estimator.DIFFERENCES, ImpactVerdict.ROLLED_BACK)


def test_unaffected_intents_that_moved_differently_are_no_comparison():
    found = judged(9, changed(0.2, 0.02), rest=lambda k: 0.3 + 0.008 * k)
    assert found.estimator is Estimator.TIME_SERIES
    assert found.verdict is ImpactVerdict.KEPT


def test_a_trend_from_before_is_taken_on():
    found = judged(14, lambda k: 0.3 - 0.006 * (k + 14), attempts=2000)
    assert "taken on" in check(found, "pre-trend").said
    assert found.verdict is not ImpactVerdict.KEPT


def test_a_trend_that_is_too_short_to_be_taken_on_is_unmeasurable():
    fix = deployment(baseline=9, proposed=40)
    found = judged(14, lambda k: 0.3 - 0.012 * (k + 9) if k < 14 else 0.0, fix, before=9, attempts=2000)
    assert check(found, "pre-trend").passed is False
    assert found.verdict is ImpactVerdict.UNMEASURABLE
    assert "failures were moving before" in found.reason


def test_a_drop_of_the_kind_that_comes_by_itself_is_not_believed():
    found = judged(14, lambda k: 0.1 if k >= 0 else 0.02 if -21 <= k < -10 else 0.2, deployment(proposed=40))
    assert check(found, "placebo dates").passed is False
    assert found.verdict is ImpactVerdict.UNMEASURABLE


def test_a_bad_week_that_passes_is_no_effect():
    def burst(k):
        return 0.5 if -7 <= k < 0 else 0.2

    found = judged(14, burst, deployment(proposed=1))
    flag = check(found, "regression to the mean")
    assert (flag.passed, flag.blocks) == (False, False)
    assert "higher than usual" in flag.said
    assert found.before.number == pytest.approx(0.2, abs=0.02)
    assert found.verdict is ImpactVerdict.UNMEASURABLE
    assert [d.counted for d in found.days[20:30]] == [True] + [False] * 7 + [True] * 2


def test_without_other_days_than_those_it_was_proposed_for_nothing_can_be_told():
    fix = deployment(proposed=1, baseline=7)
    found = judged(14, changed(0.4, 0.05), fix, before=7)
    assert check(found, "regression to the mean").blocks
    assert found.verdict is ImpactVerdict.UNMEASURABLE
    assert "better by itself" in found.reason


def test_days_before_an_error_was_first_seen_are_not_compared_with():
    found = judged(7, lambda k: 0.0 if k < -12 else 0.2 if k < 0 else 0.02, deployment(proposed=40))
    assert found.verdict is ImpactVerdict.KEPT
    assert found.before.n == 11 * 200


def test_only_requests_that_had_the_fix_count():
    found = judged(7, changed(0.2, 0.02), holds=0.25)
    assert found.with_fix.n == 7 * 50
    assert found.with_fix.number < 0.1
    assert found.adoption.number == 0.25


@pytest.mark.parametrize(
    ("rate", "options", "why"),
    [
        (changed(0.2, 0.02), {"holds": 0.0}, "no request carried a version"),
        (changed(0.0, 0.0), {}, "no failed request of the days before names its error"),
        (changed(0.05, 0.02), {"attempts": 6}, "too few requests"),
    ],
)
def test_what_cannot_be_told_is_unmeasurable_with_its_reason(rate, options, why):
    assert judged(13, rate, **options).verdict is ImpactVerdict.UNDECIDED
    found = judged(14, rate, **options)
    assert found.verdict is ImpactVerdict.UNMEASURABLE
    assert why in found.reason


def test_a_fix_without_a_single_row_is_unmeasurable_at_its_horizon():
    nothing = days(LAST, changed(0.2, 0.2)).iloc[:0]
    for as_of, verdict in ((DEPLOYED, ImpactVerdict.UNDECIDED), (LAST, ImpactVerdict.UNMEASURABLE)):
        (found,) = impacts(nothing, [deployment()], RULES, as_of).impacts
        assert found.verdict is verdict
        assert found.effect.number is None
        assert found.days == ()


def test_all_verdicts_of_the_window_are_corrected_together():
    rate = changed(0.2, 0.12)
    alone = judged(7, rate, attempts=150)
    assert alone.verdict is ImpactVerdict.KEPT
    assert alone.q == alone.p
    others = [deployment(f"old{i}", is_open=False, p=0.9) for i in range(100)]
    (beside,) = impacts(days(night(7), rate, attempts=150), [deployment(), *others], RULES, night(7)).impacts
    assert beside.q == pytest.approx(101 * alone.p)
    assert beside.verdict is ImpactVerdict.UNDECIDED


def test_several_fixes_are_judged_each_by_its_own_days():
    as_of = night(7)
    both = pd.concat([days(as_of, changed(0.2, 0.02), name="a"), days(as_of, changed(0.2, 0.5), name="b")])
    found = impacts(both.sample(frac=1, random_state=1), [deployment("b"), deployment("a")], RULES, as_of)
    assert {i.deployment.improvement_id: i.verdict for i in found.impacts} == {
        "a": ImpactVerdict.KEPT,
        "b": ImpactVerdict.ROLLED_BACK,
    }


@pytest.mark.parametrize(
    ("low", "high", "as_of", "verdict"),
    [
        (0.1, 0.3, night(1), ImpactVerdict.KEPT),
        (-0.3, -0.1, night(1), ImpactVerdict.ROLLED_BACK),
        (-0.1, 0.3, night(1), ImpactVerdict.UNDECIDED),
        (-0.1, 0.3, LAST, ImpactVerdict.ROLLED_BACK),
    ],
)
def test_an_experiment_on_the_fix_decides_before_anything_else(low, high, as_of, verdict):
    tried = {"fix": Trialled("retry_or_not", Estimate((low + high) / 2, 500, low, high), 0.01 if low > 0 else 0.5)}
    (found,) = impacts(days(as_of, changed(0.2, 0.2)), [deployment()], RULES, as_of, tried).impacts
    assert (found.estimator, found.verdict) == (Estimator.EXPERIMENT, verdict)
    assert found.relative.low == low


def test_the_artifact_counts_its_verdicts():
    found = impacts(days(night(7), changed(0.2, 0.02)), [deployment()], RULES, night(7)).as_artifact()
    assert found["verdicts"] == {"kept": 1, "rolled_back": 0, "unmeasurable": 0, "undecided": 0}
    (row,) = found["impacts"]
    assert (row["improvement_id"], row["verdict"], row["deployed_on"]) == ("fix", "kept", "2026-03-01")
