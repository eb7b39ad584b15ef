"""The published results of gbstats: every frequentist case, to four decimals, from our own formulas."""

import json
from pathlib import Path

import numpy as np
import pytest

from ratchet.statistics.confidence_sequences import (
    always_valid_p,
    always_valid_p_greater,
    multiplier,
    multiplier_one_sided,
)
from ratchet.statistics.differences import relative
from ratchet.statistics.moments import adjusted_moments, mean_moments, proportion_moments

CASES = Path(__file__).resolve().parents[4] / "shared" / "data" / "gbstats_expected_results" / "gbstats_cases.json"
ALPHA = 0.05
DEFAULT_TUNING = 5000
SEARCHED = 0.4999  # gbstats looks for a one-sided α up to here and reports this where there is none
pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the published results of ../shared/data are not here")


def cases():
    found = json.loads(CASES.read_text("utf-8")) if CASES.exists() else []
    return [c for c in found if c["source"].endswith("frequentist/test_tests.py")]


def lift(arms):
    """Return the relative lift of two arms given as gbstats' statistics, and their units together."""
    kind = arms[0]["_type"]
    if kind == "RegressionAdjustedStatistic":
        post, pre = ([a[f"{name}_statistic"] for a in arms] for name in ("post", "pre"))
        both = adjusted_moments(
            *columns(post, "sum", "sum_squares"),
            *columns(pre, "sum", "sum_squares"),
            [a["post_pre_sum_of_products"] for a in arms],
            [a["n"] for a in arms],
            np.zeros(2, dtype=np.int64),
        )
        plain = mean_moments(*columns(post, "sum", "sum_squares", "n"))
        return relative(both.take([0]), both.take([1]), (plain.value[:1], plain.value[1:])), both.n.sum()
    if kind == "ProportionStatistic":
        both = proportion_moments(*columns(arms, "sum", "n"))
    else:
        both = mean_moments(*columns(arms, "sum", "sum_squares", "n"))
    return relative(both.take([0]), both.take([1])), both.n.sum()


def columns(records, *names):
    return [[r[name] for r in records] for name in names]


def gbstats_information(n, tuning, alpha):
    """Return n ρ² with the approximate tuning that gbstats uses."""
    return n * (-2 * np.log(alpha) + np.log(1 - 2 * np.log(alpha))) / tuning


def computed(call):
    """Return the bounds and the p-value of one case."""
    arms, config = call["_args"][0][0], (call["_args"][1:] or [{}])[0]
    found, n = lift(arms)
    tuning = config.get("sequential_tuning_parameter", DEFAULT_TUNING)
    match call["_type"]:
        case "TwoSidedTTest":
            interval = found.interval(1 - ALPHA)
            return found, (interval.low[0], interval.high[0]), found.p()[0]
        case "OneSidedTreatmentGreaterTTest":
            return found, (found.interval(1 - 2 * ALPHA).low[0], np.inf), found.p_greater()[0]
        case "SequentialTwoSidedTTest":
            u = gbstats_information(n, tuning, ALPHA)
            interval = found.within(multiplier(u, ALPHA))
            return found, (interval.low[0], interval.high[0]), always_valid_p(found.z, u)[0]
        case "SequentialOneSidedTreatmentGreaterTTest":
            u = gbstats_information(n, tuning, 2 * ALPHA)
            interval = found.within(multiplier_one_sided(u, ALPHA))
            return found, (interval.low[0], np.inf), min(SEARCHED, always_valid_p_greater(found.z, u)[0])
    raise AssertionError(f"a kind of test that is not covered: {call['_type']}")


@pytest.mark.parametrize("case", cases(), ids=lambda c: f"{c['cls']}-{c['line']}")
def test_a_published_result_of_gbstats_is_reproduced(case):
    expected = case["expected"]
    found, bounds, p = computed(case["call"])
    assert found.value[0] == pytest.approx(expected["expected"], abs=5e-5)
    assert found.error[0] == pytest.approx(expected["uplift"]["stddev"], abs=5e-5)
    assert bounds == pytest.approx([float(b) for b in expected["ci"]], abs=5e-5)
    assert p == pytest.approx(expected["pValue"], abs=5e-5)


def test_all_six_frequentist_cases_are_there():
    assert len(cases()) == 6
