from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest

from ratchet.contracts.estimates import Estimate
from ratchet.contracts.impacts import Course
from ratchet.errors import NotComputable
from ratchet.measure.loop_figures import DEFINITIONS, adoption, loop_figures

DAY = date(2026, 11, 20)
NONE = Estimate(NotComputable("nothing yet"), 0)
COURSE = Course("a", 1, "feature_request", "t", None, DAY, *[None] * 5, False, None, 5.0, {}, "")


def course(kind, proposed, deployed=None):
    days = [None if back is None else DAY - timedelta(days=back) for back in (proposed, deployed)]
    return replace(COURSE, type=kind, proposed_on=days[0], deployed_on=days[1])


def failures(**counts):
    return pd.DataFrame({"failure_class": list(counts), "failures": list(counts.values())})


def figures(courses=(), failed=None, improved=NONE):
    failed = failures() if failed is None else failed
    return {f["metric"]: f for f in loop_figures(courses, NONE, improved, failed, DAY)}


def test_each_is_counted_in_its_own_window():
    courses = [
        course("feature_request", 0),
        course("feature_request", 6),
        course("feature_request", 7),
        course("error_fix", 27, 0),
        course("error_fix", 28, 28),
        course("api_capability", 90, 27),
        course("api_capability", 2),
    ]
    found = {name: f["value"]["value"] for name, f in figures(courses).items()}
    assert found["gaps_found"] == 2
    assert (found["fixes_generated"], found["fixes_deployed"], found["capabilities_added"]) == (1, 1, 1)


def test_failures_are_shares_of_all_that_failed():
    found = figures(failed=failures(agent=30, infrastructure=10))
    shares = {name: found[f"failures_{name}"]["value"] for name in ("agent", "infrastructure", "user")}
    assert [s["value"] for s in shares.values()] == [0.75, 0.25, 0]
    assert {s["n"] for s in shares.values()} == {40}
    assert shares["user"]["high"] == pytest.approx(0.0876, abs=5e-5)


def test_what_lacks_input_says_so_and_all_are_defined():
    found = figures(improved=Estimate(NotComputable("no experiment has ended"), 0))
    assert found["experiments_improved"]["value"]["reason"] == "no experiment has ended"
    assert "clock" in found["failures_agent"]["value"]["reason"]
    assert {f["definition"] for f in found.values()} <= set(DEFINITIONS.values())


def usage(*rows):
    frame = pd.DataFrame(rows, columns=["window_days", "level", "dimension", "value", "units"])
    return frame.assign(as_of=pd.Timestamp(DAY))


def test_a_new_feature_stands_first_even_when_nobody_uses_it():
    frame = usage(
        (30, "root", "all", "", 200),
        (30, "root", "feature", "search", 50),
        (30, "root", "feature", "export", 80),
        (7, "root", "feature", "search", 9),
        (30, "step", "feature", "search", 999),
    )
    changes = [
        {"kind": "feature", "target": "voice", "occurred_at": "2026-11-20T23:00:00Z"},
        {"kind": "feature", "target": "search", "occurred_at": "2026-10-22T00:00:00"},
        {"kind": "feature", "target": "export", "occurred_at": "2026-10-21T23:59:00Z"},
        {"kind": "release", "target": "export", "occurred_at": "2026-11-19T00:00:00Z"},
    ]
    found = [(a["feature"], a["new"], a["units"], a["share"]["value"]) for a in adoption(frame, changes, DAY)]
    assert found == [("search", True, 50, 0.25), ("voice", True, 0, 0), ("export", False, 80, 0.4)]


def test_without_units_the_share_says_so():
    [found] = adoption(usage(), [{"kind": "feature", "target": "v", "occurred_at": "2026-11-20T00:00:00Z"}], DAY)
    assert found["share"]["reason"] == "no unit was logged"
