import json
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratchet.deploy.decisions import Decision, Kind, append, closed_nights, fold, read
from ratchet.errors import DecisionsError, LifecycleError

DAY = date(2026, 11, 20)


def decide(kind, name="a1", day=20, revision=1, actor="night", reason="", **facts):
    return Decision(name, revision, Kind(kind), date(2026, 11, day), actor, reason, facts)


def states(*decisions, day=DAY):
    return {name: (s.revision, s.state.value) for name, s in fold(decisions, day).items()}


def test_a_decision_is_written_to_the_file_of_its_day_and_read_back(tmp_path):
    made = [decide("proposed", title="x"), decide("validated"), decide("approved", day=21, actor="Ann", reason="yes")]
    assert append(tmp_path, made) == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2026-11-20.jsonl", "2026-11-21.jsonl"]
    assert read(tmp_path, date(2026, 11, 21)) == tuple(made)
    assert read(tmp_path, DAY) == tuple(made[:2])


def test_the_same_decision_twice_is_one(tmp_path):
    made = decide("proposed")
    assert append(tmp_path, [made, made]) == 1
    before = (tmp_path / "2026-11-20.jsonl").read_bytes()
    assert append(tmp_path, [decide("proposed")]) == 0
    assert (tmp_path / "2026-11-20.jsonl").read_bytes() == before


def test_later_decisions_are_appended_and_earlier_lines_stay(tmp_path):
    append(tmp_path, [decide("proposed")])
    before = (tmp_path / "2026-11-20.jsonl").read_text()
    append(tmp_path, [decide("validated")])
    assert (tmp_path / "2026-11-20.jsonl").read_text().startswith(before)


def test_states_follow_their_order_as_of_a_day():
    made = [decide("proposed"), decide("validated"), decide("approved", day=22, actor="Ann")]
    assert states(*made) == {"a1": (1, "validated")}
    assert states(*made, day=date(2026, 11, 22)) == {"a1": (1, "approved")}
    assert states(*made, day=date(2026, 11, 19)) == {}


@pytest.mark.parametrize(
    "made",
    [
        [decide("validated")],
        [decide("proposed"), decide("approved")],
        [decide("proposed"), decide("rejected"), decide("validated")],
        [decide("proposed"), decide("proposed", revision=3)],
        [decide("proposed", revision=2)],
        [decide("proposed"), decide("validated", revision=2)],
        [decide("snoozed", until="2026-12-01")],
    ],
)
def test_a_breach_of_the_order_raises_and_is_not_recorded(tmp_path, made):
    with pytest.raises(LifecycleError, match="improvement a1 revision"):
        append(tmp_path, made)
    assert list(tmp_path.iterdir()) == []


def test_the_same_state_again_changes_nothing():
    made = [decide("proposed"), decide("rejected", actor="Ann", reason="no"), decide("rejected", actor="Bob")]
    (standing,) = fold(made, DAY).values()
    assert (standing.actor, standing.reason) == ("Ann", "no")


def test_what_comes_back_in_a_new_revision_starts_anew():
    made = [decide("proposed"), decide("rejected"), decide("vanished"), decide("proposed", revision=2, day=25)]
    (standing,) = fold(made, date(2026, 11, 25)).values()
    assert (standing.revision, standing.state, standing.proposed_on.day) == (2, "proposed", 25)
    assert standing.vanished_on is None


def test_snoozing_and_vanishing_leave_the_state_as_it_is():
    made = [decide("proposed"), decide("snoozed", actor="Ann", until="2026-12-01"), decide("vanished")]
    (standing,) = fold(made, DAY).values()
    assert (standing.state, standing.snoozed_until, standing.vanished_on) == ("proposed", date(2026, 12, 1), DAY)
    (standing,) = fold([*made, decide("returned")], DAY).values()
    assert standing.vanished_on is None


def test_a_closed_night_is_known():
    assert closed_nights([decide("night_closed", name="", revision=0)]) == {DAY}
    assert fold([decide("night_closed", name="", revision=0)], DAY) == {}


GOOD = decide("proposed").as_line()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "JSONDecodeError"),
        ("[]", "TypeError"),
        ("{}", "KeyError"),
        (GOOD.replace('"proposed"', '"invented"'), "ValueError"),
        (GOOD.replace('"revision": 1', '"revision": "1"'), "whole number"),
        (GOOD.replace('"actor": "night"', '"actor": "Eve"'), "altered"),
        (GOOD.replace("2026-11-20", "2026-11-19"), "altered"),
        (decide("proposed", day=19).as_line(), "altered"),
        (decide("snoozed", until="2026-12-01").as_line().replace("2026-12-01", "soon"), "until"),
    ],
)
def test_a_damaged_line_is_named(tmp_path, line, said):
    (tmp_path / "2026-11-20.jsonl").write_text(f"{GOOD}\n{line}\n")
    with pytest.raises(DecisionsError, match=said) as caught:
        read(tmp_path, DAY)
    assert "2026-11-20.jsonl line 2" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_named(tmp_path):
    (tmp_path / "2026-11-20.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(DecisionsError, match=r"2026-11-20\.jsonl"):
        read(tmp_path, DAY)


def test_other_files_are_not_decisions(tmp_path):
    for name in (".2026-11-20.jsonl.1.tmp", "notes.jsonl", "2026-11-20.txt", "2026-W47-5.jsonl"):
        (tmp_path / name).write_text("x")
    assert read(tmp_path, DAY) == ()
    assert read(tmp_path / "missing", DAY) == ()


@given(st.text(), st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.floats(-1e300, 1e300))))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_people_write_is_read_back(tmp_path_factory, reason, facts):
    folder = tmp_path_factory.mktemp("decisions")
    made = Decision("a1", 1, Kind.PROPOSED, DAY, "Ann", reason, facts)
    append(folder, [made])
    assert read(folder, DAY)[0].decision_id == made.decision_id
    assert json.loads(made.as_line())["event_type"] == "decision"
