import pandas as pd
import pytest
from tests.unit.measure.trial_frames import NIGHT, experiment, phases, units

from ratchet.measure.unit_checks import unit_checks
from ratchet.measure.verdicts import Rules

RULES = Rules()
NONE = {"crossovers": 0, "rebucketed": 0, "exposed_after_outcome": 0}


def checked(frame, spec=None, rules=RULES):
    return unit_checks(frame, phases(spec or experiment()), NIGHT, rules)[0]


def sliced(dimension, value, **counts):
    own = {"as_of": NIGHT, "trial_id": "exp", "phase": 1, "dimension": dimension, "value": value}
    return pd.DataFrame([own | {"variant": v, "units": n} | NONE for v, n in counts.items()])


def test_units_that_came_as_the_weights_say_are_believed():
    found = checked(units({"control": 5_010, "treatment": 4_990}))
    assert (found.doubt, found.units, found.worst_slices) == ("", (5_010, 4_990), ())
    assert found.sample_ratio_p == pytest.approx(0.8415, abs=1e-4)


def test_a_planted_imbalance_invalidates_and_says_what_was_expected():
    found = checked(units({"control": 2_750, "treatment": 2_250}))
    assert found.doubt == "sample ratio mismatch: 2,750 / 2,250 units where 50.0% / 50.0% were expected (p = 2e-12)"


def test_weights_that_are_not_equal_are_expected_as_they_are():
    spec = experiment(weights=[90, 10])
    assert checked(units({"control": 9_000, "treatment": 1_000}), spec).doubt == ""
    assert "90.0% / 10.0%" in checked(units({"control": 5_000, "treatment": 5_000}), spec).doubt


@pytest.mark.parametrize(("dimension", "value"), [("day", NIGHT.isoformat()), ("service", "web")])
def test_an_imbalance_within_one_day_or_segment_is_found_though_all_together_look_well(dimension, value):
    even = units({"control": 20_000, "treatment": 20_000}, days=1 if dimension == "service" else 0)
    found = checked(pd.concat([even, sliced(dimension, value, control=500, treatment=300)]))
    assert found.doubt.startswith(f"sample ratio mismatch within {dimension} {value}: 500 / 300 units")
    assert found.worst_slices[0].p < 0.001


def test_a_segments_name_from_the_log_stays_on_one_short_line():
    even = units({"control": 20_000, "treatment": 20_000}, days=0)
    found = checked(pd.concat([even, sliced("service", "a\n# b\t" + "x" * 500, control=500, treatment=300)]))
    assert found.doubt.startswith("sample ratio mismatch within service a # b x")
    assert len(found.doubt) < 160


def test_one_odd_day_of_many_is_no_mismatch():
    odd = sliced("day", "2026-03-01", control=1_100, treatment=1_000)
    rest = [sliced("day", f"2026-02-{d:02}", control=1_000, treatment=1_000) for d in range(1, 29)]
    found = checked(pd.concat([units({"control": 29_100, "treatment": 29_000}, days=0), odd, *rest]))
    assert found.doubt == ""


def test_an_arm_that_is_missing_from_a_day_counts_as_none():
    found = checked(
        pd.concat([units({"control": 5_000, "treatment": 5_000}, days=0), sliced("day", "2026-03-01", control=90)])
    )
    assert found.worst_slices[0].units == (90, 0)
    assert found.doubt.startswith("sample ratio mismatch within day")


def test_units_seen_in_several_arms_invalidate_once_they_are_surely_too_many():
    def crossed(n):
        return checked(units({"control": 5_000, "treatment": 5_000}, treatment={"crossovers": n}))

    assert crossed(100).doubt == ""  # 1.0%, but not surely above it
    found = crossed(200)
    assert (found.doubt, found.crossovers) == ("200 of 10,000 units (2.0%) were seen in several arms", 200)


def test_flaws_are_counted_and_traffic_is_that_of_the_last_week():
    found = checked(
        units({"control": 2_000, "treatment": 2_000}, days=20, control={"rebucketed": 3, "exposed_after_outcome": 4})
    )
    assert (found.rebucketed, found.exposed_after_outcome, found.doubt) == (3, 4, "")
    assert found.units_a_day == pytest.approx(200)
    assert (NIGHT - found.first_day).days == 19


def test_traffic_of_the_first_days_is_not_thinned_by_days_before_the_start():
    assert checked(units({"control": 300, "treatment": 300}, days=3)).units_a_day == pytest.approx(200)


def test_other_trials_phases_and_variants_do_not_count():
    mine = units({"control": 500, "treatment": 500})
    others = [units({"control": 9, "treatment": 500}, "other"), units({"control": 9, "treatment": 500}, phase=2)]
    alien = units({"surprise": 700})
    found = checked(pd.concat([mine, *others, alien]))
    assert (found.units, found.doubt) == ((500, 500), "")


def test_phases_of_different_arms_are_checked_together():
    wide = experiment("wide", arms=("control", "a", "b"), weights=[2, 1, 1])
    frame = pd.concat([units({"control": 500, "treatment": 500}), units({"control": 500, "a": 240, "b": 260}, "wide")])
    found = unit_checks(frame, phases(experiment(), wide), NIGHT, RULES)
    assert [c.units for c in found] == [(500, 500), (500, 240, 260)]
    assert [c.doubt for c in found] == ["", ""]
