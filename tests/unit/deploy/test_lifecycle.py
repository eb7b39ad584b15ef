from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest

from ratchet import files
from ratchet.contracts.improvements import Improvement, ImprovementType, Priority, State
from ratchet.deploy.decisions import Decision, Kind, append, read
from ratchet.deploy.lifecycle import open_night, settle
from ratchet.errors import DecisionsError
from ratchet.generate.order import choose, ranked

DAY = date(2026, 11, 20)
WINDOW = 30


def improvement(target="export", state=State.VALIDATED, confidence=0.8, **changed):
    made = Improvement(
        type=ImprovementType.FEATURE_REQUEST,
        target=target,
        key="unmet_demand",
        title=f"Build {target}",
        why="people ask for it",
        evidence={"demand": 45, "samples": ["private words"], "sample_event_ids": ["e1"]},
        priority=Priority.HIGH,
        confidence=confidence,
        expected_effect="more successes",
        proposed_on=DAY,
        effect=0.8,
        reach=20,
        cost=5,
        state=state,
        state_reason="confidence",
    )
    return replace(made, **changed)


def night(folder, day, *found, deferred=(), live=True):
    """Run the decisions of one night."""
    opened = open_night(folder, day, WINDOW)
    known = [i for i in found if not opened.closed or i.improvement_id not in opened.fresh(found)]
    settled = settle(opened, [replace(i, proposed_on=day) for i in known], deferred)
    if live:
        append(folder, settled.decisions)
    return settled


def stands(settled, target="export"):
    found = next(i for i in settled.improvements if i.target == target)
    return found.revision, found.state.value, found.proposed_on


def later(days):
    return DAY + timedelta(days=days)


def test_what_is_found_first_is_proposed_and_validated_by_its_evidence(tmp_path):
    settled = night(tmp_path, DAY, improvement())
    assert stands(settled) == (1, "validated", DAY)
    assert [d.decision for d in settled.decisions] == ["proposed", "validated", "night_closed"]


def test_below_the_threshold_it_stays_proposed_until_its_evidence_is_enough(tmp_path):
    assert stands(night(tmp_path, DAY, improvement(state=State.PROPOSED))) == (1, "proposed", DAY)
    assert stands(night(tmp_path, later(1), improvement())) == (1, "validated", DAY)
    assert stands(night(tmp_path, later(2), improvement(state=State.PROPOSED))) == (1, "validated", DAY)


def test_a_known_one_keeps_its_day_and_is_not_proposed_again(tmp_path):
    night(tmp_path, DAY, improvement())
    settled = night(tmp_path, later(1), improvement())
    assert stands(settled) == (1, "validated", DAY)
    assert [d.decision for d in settled.decisions] == ["night_closed"]


def test_a_rejected_one_stays_rejected_night_after_night(tmp_path):
    made = improvement()
    night(tmp_path, DAY, made)
    append(tmp_path, [Decision(made.improvement_id, 1, Kind.REJECTED, later(1), "Ann", "not now")])
    for days in (1, 2, 3):
        settled = night(tmp_path, later(days), made)
        assert stands(settled) == (1, "rejected", DAY)
    assert settled.improvements[0].state_reason == "not now"


@pytest.mark.parametrize(("gone_for", "revision"), [(30, 1), (31, 2)])
def test_what_comes_back_after_more_than_the_window_is_the_next_revision(tmp_path, gone_for, revision):
    made = improvement()
    night(tmp_path, DAY, made)
    append(tmp_path, [Decision(made.improvement_id, 1, Kind.REJECTED, later(1), "Ann", "no")])
    night(tmp_path, later(1))
    settled = night(tmp_path, later(1 + gone_for), made)
    assert stands(settled)[:2] == ((1, "rejected") if revision == 1 else (2, "validated"))


def test_what_has_vanished_is_still_listed_without_words_of_people_and_expires(tmp_path):
    night(tmp_path, DAY, improvement())
    settled = night(tmp_path, later(1))
    (gone,) = settled.improvements
    assert (gone.vanished_on, gone.state, gone.evidence["demand"]) == (later(1), "validated", 45)
    assert "samples" not in gone.evidence
    assert "private words" not in (tmp_path / f"{DAY}.jsonl").read_text()
    assert stands(night(tmp_path, later(32)))[1] == "expired"
    assert stands(night(tmp_path, later(33), improvement())) == (2, "validated", later(33))


def test_snoozing_is_shown(tmp_path):
    made = improvement()
    night(tmp_path, DAY, made)
    append(tmp_path, [Decision(made.improvement_id, 1, Kind.SNOOZED, later(1), "Ann", "", {"until": "2026-12-24"})])
    assert night(tmp_path, later(1), made).improvements[0].snoozed_until == date(2026, 12, 24)


def test_what_is_deferred_has_not_vanished_and_is_not_recorded(tmp_path):
    night(tmp_path, DAY, improvement())
    settled = night(tmp_path, later(1), improvement(), deferred=[improvement("other")])
    assert (settled.deferred, len(settled.improvements)) == (1, 1)
    assert {d.decision for d in settled.decisions} == {"night_closed"}


def test_a_night_that_is_run_again_reads_what_was_recorded_and_gives_the_same_bytes(tmp_path):
    found = [improvement(), improvement("import", State.PROPOSED, 0.41)]
    first = night(tmp_path, DAY, *found)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    for live in (True, False):
        again = night(tmp_path, DAY, *found, improvement("late"), live=live)
        assert files.to_json(again.as_artifact()["improvements"]) == files.to_json(first.as_artifact()["improvements"])
        assert again.decisions == ()
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_only_a_live_night_records_and_the_result_is_the_same(tmp_path):
    quiet = night(tmp_path, DAY, improvement(), live=False)
    assert list(tmp_path.iterdir()) == []
    assert night(tmp_path, DAY, improvement()).as_artifact() == quiet.as_artifact()


def test_an_earlier_night_does_not_see_later_decisions(tmp_path):
    night(tmp_path, later(5), improvement())
    assert stands(night(tmp_path, DAY, improvement(), live=False)) == (1, "validated", DAY)
    assert len(read(tmp_path, later(5))) == 3


def test_a_proposal_that_is_no_record_is_named(tmp_path):
    append(tmp_path, [Decision("abc", 1, Kind.PROPOSED, DAY, "night", "", {"title": "half"})])
    with pytest.raises(DecisionsError, match="abc is not a whole record"):
        night(tmp_path, later(1))


def test_the_artifact_counts_states_and_new_ones(tmp_path):
    found = night(tmp_path, DAY, improvement(), improvement("b", State.PROPOSED)).as_artifact()
    assert (found["new"], found["states"]["validated"], found["states"]["proposed"]) == (2, 1, 1)
    assert night(tmp_path, later(1), improvement()).as_artifact()["new"] == 0
    assert night(tmp_path / "empty", DAY).as_artifact()["reason"] == "no finding is strong enough to act on"


@dataclass(frozen=True)
class Limits:
    max_improvements_per_cycle: int = 10
    improvement_budget: float = 100
    improvement_costs: dict = field(default_factory=dict)


def cycle(folder, day, found, live=True):
    opened = open_night(folder, day, WINDOW)
    limited = choose(found, opened.fresh(found), Limits(), may_propose=not opened.closed)
    settled = settle(opened, limited.chosen, limited.deferred)
    if live:
        append(folder, settled.decisions)
    return settled


def test_the_limits_of_a_cycle_hold_each_night_and_a_repeated_night_gives_the_same_bytes(tmp_path):
    found = ranked([improvement(str(n), reach=n) for n in range(15)], Limits())
    first = cycle(tmp_path, DAY, found)
    assert (len(first.improvements), first.deferred) == (10, 5)
    assert files.to_json(cycle(tmp_path, DAY, found).as_artifact()) == files.to_json(first.as_artifact())
    second = cycle(tmp_path, later(1), [replace(i, proposed_on=later(1)) for i in found])
    assert (len(second.improvements), second.deferred) == (15, 0)
    assert sum(i.proposed_on == later(1) for i in second.improvements) == 5
    assert files.to_json(cycle(tmp_path, DAY, found).as_artifact()) == files.to_json(first.as_artifact())


def test_the_artifact_holds_to_its_schema(tmp_path, conforms):
    evidence = {"mart": "mart_feedback", "sample_event_ids": [], "judged_by": "share of low scores"}
    conforms("improvements", night(tmp_path, DAY).as_artifact())
    found = [improvement(evidence=evidence), improvement("none", evidence=evidence, confidence=None)]
    conforms("improvements", night(tmp_path, later(1), *found).as_artifact())
    conforms("improvements", night(tmp_path, later(2)).as_artifact())
