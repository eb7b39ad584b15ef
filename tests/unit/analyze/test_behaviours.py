from datetime import date

import pandas as pd
import pytest

from ratchet.analyze.behaviours import behaviours, calibration

DAY = date(2026, 11, 20)
COLUMNS = ["window_days", "intent", "agent_tier", "requests", "comparable", "rephrased", "followed_failures"]


def response(*rows):
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "abandoned", "escalated"])
    return frame.assign(as_of=pd.Timestamp(DAY))


def signals(*rows):
    frame = pd.DataFrame(
        rows, columns=["is_derived", "signal", "map_score", "seen", "scored", "score_sum", "score_sumsq"]
    )
    return frame.assign(as_of=pd.Timestamp(DAY))


def test_what_people_did_is_added_over_tiers_with_its_own_denominators():
    frame = response(
        (30, "export", "small", 60, 50, 5, 10, 4, 3),
        (30, "export", "large", 40, 30, 3, 10, 6, 1),
        (30, "", "small", 10, 10, 0, 0, 0, 0),
        (7, "export", "small", 999, 999, 999, 999, 999, 999),
    )
    found = behaviours(frame, 30, DAY)
    [export] = found["behaviours"]
    assert (export["requests"], export["rephrased"]["value"], export["rephrased"]["n"]) == (100, 0.1, 80)
    assert (export["abandoned"]["value"], export["abandoned"]["n"], export["escalated"]["value"]) == (0.5, 20, 0.04)
    assert (found["did_next"]["requests"], found["did_next"]["rephrased"]["n"]) == (110, 90)
    assert export["rephrased"]["low"] < 0.1 < export["rephrased"]["high"]


def test_without_words_or_units_nothing_is_computed():
    found = behaviours(response((30, "export", "", 60, 0, 0, 0, 0, 0)), 30, DAY)["did_next"]
    assert (found["rephrased"]["value"], found["abandoned"]["value"], found["escalated"]["value"]) == (None, None, 0)
    assert "clock" in found["rephrased"]["reason"]


def scored(n, mean, spread):
    """Return sums of n scores, half of them above and half below the mean."""
    return n, n * mean, n * (mean**2 + spread**2)


@pytest.mark.parametrize(
    ("signal", "verdict", "score"),
    [
        ((False, "used_as_is", 9.0, 100, *scored(40, 6.0, 1.0)), "differs", 6.0),
        ((False, "used_as_is", 9.0, 100, *scored(40, 8.9, 1.0)), "agrees", 8.9),
        ((False, "used_as_is", 9.0, 100, *scored(9, 2.0, 0.1)), "not enough data", 9.0),
        ((False, "pinned", None, 100, *scored(9, 2.0, 0.1)), "not enough data", None),
        ((True, "rephrase_retry", None, 100, *scored(40, 3.0, 0.0)), "not enough data", 3.0),
        ((False, "pinned", None, 100, 0, 0.0, 0.0), "not enough data", None),
    ],
)
def test_a_behaviour_is_held_against_scores_and_unknown_stays_unknown(signal, verdict, score):
    [found] = calibration(signals(signal), DAY)["calibration"]
    assert (found["verdict"], found["calibrated_score"]) == (verdict, score)
    assert found["explicit"]["n"] == signal[4]


def test_scores_that_are_all_one_still_have_an_interval():
    [found] = calibration(signals((False, "x", 9.0, 50, *scored(20, 10.0, 0.0))), DAY)["calibration"]
    assert (found["explicit"]["value"], found["explicit"]["high"], found["verdict"]) == (10, 10, "agrees")
    assert found["explicit"]["low"] == pytest.approx(8.389, abs=5e-4)


def test_satisfaction_by_behaviour_leaves_unknown_ones_out_and_counts_them():
    rows = (
        (False, "used_as_is", 9.0, 30, *scored(40, 6.0, 1.0)),
        (False, "immediate_retry", 2.0, 10, 0, 0.0, 0.0),
        (False, "pinned", None, 60, 0, 0.0, 0.0),
        (True, "escalation", None, 500, *scored(40, 1.0, 1.0)),
    )
    found = calibration(signals(*rows), DAY)["implicit"]
    assert found == {"requests": 100, "by_table": pytest.approx(7.25), "calibrated": pytest.approx(5.0), "unknown": 60}


def test_no_row_gives_nothing():
    assert calibration(signals(), DAY) == {
        "calibration": [],
        "implicit": {"requests": 0, "by_table": None, "calibrated": None, "unknown": 0},
    }
    assert behaviours(response(), 30, DAY)["behaviours"] == []
