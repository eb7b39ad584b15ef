from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from ratchet.contracts.buckets import Hash
from ratchet.contracts.experiments import Arm, Design, Experiment, Trial, TrialKind
from ratchet.contracts.metrics import Direction, Metric, MetricKind
from ratchet.deploy import decisions, specs
from ratchet.deploy.decisions import NIGHT, Decision, Kind
from ratchet.errors import DecisionsError
from ratchet.phases import Seen, phases, trials
from ratchet.trial_tables import rows

D1, D2, D3, D9 = (date(2026, 1, d) for d in (1, 2, 3, 9))
METRIC = Metric("clicks", MetricKind.MEAN, Direction.INCREASE, winsor_share=0.01, covariate_days=7)
FIRST = Experiment(
    id="e",
    hypothesis="h",
    flag_key="f",
    unit_type="user",
    arms=(Arm("a", 50), Arm("b", 50)),
    salt="s",
    hash=Hash.FLAGD,
    primary=METRIC,
    guardrails=(),
    secondaries=(),
    mde=0.1,
    horizon_days=14,
    start=D2,
)
EDITED = replace(FIRST, mde=0.2)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def spans(found: object) -> list[tuple[int, datetime | None, datetime | None]]:
    return [(p.trial.phase, p.trial.starts_at, p.trial.ends_at) for p in found]  # type: ignore[attr-defined]


def test_an_experiment_that_nobody_recorded_is_in_its_first_phase() -> None:
    (phase,) = phases([FIRST], [], D9)
    assert phase.experiment == FIRST
    assert (phase.edited_on, phase.is_last) == (None, True)
    assert phase.trial == Trial(
        "e", TrialKind.EXPERIMENT, 1, "f", "user", ("a", "b"), (METRIC,), 7, 14, midnight(D2), weights=(50.0, 50.0)
    )


def test_without_a_start_the_first_exposure_is_it() -> None:
    (phase,) = phases([replace(FIRST, start=None, design=Design.PAIRED)], [], D9)
    assert phase.trial.starts_at is None
    assert phase.trial.paired


def test_an_edit_starts_a_phase_on_the_day_after_its_split_was_published() -> None:
    first, second = phases([EDITED], [Seen(EDITED, D3), Seen(FIRST, D1)], D9)
    assert spans([first, second]) == [
        (1, midnight(D2), midnight(D3) + timedelta(days=1)),
        (2, midnight(D3) + timedelta(days=2), None),
    ]
    assert first.trial.outcomes_until == first.trial.ends_at
    assert (first.experiment, second.experiment) == (FIRST, EDITED)
    assert (first.edited_on, second.edited_on) == (None, D3)
    assert (first.is_last, second.is_last) == (False, True)


def test_a_night_before_the_edit_does_not_know_it() -> None:
    (phase,) = phases([EDITED], [Seen(FIRST, D1), Seen(EDITED, D3)], D2)
    assert phase.experiment == FIRST


def test_the_same_version_recorded_twice_is_one_phase() -> None:
    assert len(phases([FIRST], [Seen(FIRST, D1), Seen(FIRST, D3)], D9)) == 1


def test_a_version_that_comes_back_is_a_phase_of_its_own() -> None:
    found = phases([FIRST], [Seen(FIRST, D1), Seen(EDITED, D3), Seen(FIRST, date(2026, 1, 5))], D9)
    assert [p.experiment.mde for p in found] == [0.1, 0.2, 0.1]


def test_a_version_that_was_replaced_before_it_began_is_no_phase() -> None:
    later = replace(EDITED, start=date(2026, 1, 5))
    (phase,) = phases([later], [Seen(replace(FIRST, start=D3), D1), Seen(later, D2)], D9)
    assert spans([phase]) == [(1, midnight(date(2026, 1, 5)), None)]
    assert (phase.experiment, phase.edited_on) == (later, None)


def test_between_an_edit_and_its_start_there_is_no_phase() -> None:
    later = replace(EDITED, start=D9)
    found = phases([later], [Seen(FIRST, D1), Seen(later, D3)], D9)
    assert spans(found) == [(1, midnight(D2), midnight(D3) + timedelta(days=1)), (2, midnight(D9), None)]


def test_a_decision_ends_the_phases_that_began_before_it() -> None:
    seen = [Seen(FIRST, D1), Seen(EDITED, D9)]
    first, second = phases([EDITED], seen, date(2026, 2, 1), {"e": D3})
    assert first.trial.ends_at == first.trial.outcomes_until == midnight(D3) + timedelta(days=1)
    assert second.trial.ends_at is None


def test_experiments_come_by_id() -> None:
    other = replace(FIRST, id="a")
    assert [t.trial_id for t in trials(phases([FIRST, other], [], D9))] == ["a", "e"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"starts_at": midnight(D3), "ends_at": midnight(D3)}, "start before it ends"),
        ({"starts_at": datetime(2026, 1, 1)}, "must be UTC"),  # noqa: DTZ001
    ],
)
def test_a_trial_checks_its_times(changes: dict[str, datetime], said: str) -> None:
    (phase,) = phases([FIRST], [], D9)
    with pytest.raises(ValueError, match=said):
        replace(phase.trial, **changes)


def test_tables_hold_a_trial_with_its_variants_and_metrics() -> None:
    found = rows(trials(phases([EDITED], [Seen(FIRST, D1), Seen(EDITED, D3)], D9)))
    assert [row[:2] for row in found["trials"]] == [("e", 1), ("e", 2)]
    assert found["trials"][0][7:10] == (datetime(2026, 1, 2), datetime(2026, 1, 4), datetime(2026, 1, 4))  # noqa: DTZ001
    assert found["trial_variants"][:2] == [("e", 1, "a", 0, 50.0), ("e", 1, "b", 1, 50.0)]
    assert found["trial_metrics"][0] == ("e", 1, "clicks", "mean", "outcome", "clicks", 0.01, 7, "user", None)


def test_what_was_recorded_comes_back_whole(tmp_path) -> None:
    recorded = specs.unseen([FIRST], [], D1)
    assert [d.reason for d in recorded] == ["first seen"]
    assert decisions.append(tmp_path, recorded) == 1
    found = specs.seen(decisions.read(tmp_path, D9))
    assert found == (Seen(FIRST, D1),)
    assert specs.unseen([FIRST], found, D2) == ()
    (edit,) = specs.unseen([EDITED], found, D3)
    assert edit.reason == "an edit starts a new phase"
    decisions.append(tmp_path, [edit])
    known = specs.seen(decisions.read(tmp_path, D9))
    assert [s.experiment for s in known] == [FIRST, EDITED]
    assert specs.unseen([EDITED], known, D9) == ()
    assert decisions.fold(decisions.read(tmp_path, D9), D9) == {}


@pytest.mark.parametrize("spec", [None, {"id": "e"}, {"id": "e", "mde": -1}])
def test_a_record_that_is_no_experiment_is_named(spec) -> None:
    broken = Decision("", 0, Kind.SPEC_SEEN, D1, NIGHT, facts={"spec": spec})
    with pytest.raises(DecisionsError, match=r"cannot be read \(2026-01-01.jsonl\)"):
        specs.seen([broken])
