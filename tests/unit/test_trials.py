"""The experiments and rollouts of a night: files, recorded versions and moves together."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ratchet import trials
from ratchet.deploy.announcements import announcements, told
from ratchet.deploy.decisions import NIGHT, Decision, Kind
from ratchet.errors import SettingsError

DAY = date(2026, 11, 10)
METRICS = "accepted: {kind: proportion, direction: increase}\nerrors: {kind: proportion, direction: decrease}\n"
EXPERIMENT = """
id: NAME
hypothesis: It helps.
flag_key: FLAG
arms: [{name: control, weight: 50}, {name: new, weight: 50}]
hash: flagd
primary: accepted
mde: 0.1
horizon_days: 28
"""
ROLLOUT = """
id: NAME
flag_key: FLAG
hash: flagd
moved_by: MOVER
guardrails: [{metric: errors, margin: 0.1}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("experiments", "rollouts"):
        (tmp_path / name).mkdir()
    (tmp_path / "metrics.yaml").write_text(METRICS, "utf-8")
    (tmp_path / "groups.yaml").write_text("internal_testers: [t1]\n", "utf-8")
    return tmp_path


def experiment(folder: Path, name: str, flag: str, **changes: str) -> None:
    text = EXPERIMENT.replace("NAME", name).replace("FLAG", flag)
    for old, new in changes.items():
        text = text.replace(f"{old}: ", f"{new}: ")
    (folder / "experiments" / f"{name}.yaml").write_text(text, "utf-8")


def rollout(folder: Path, name: str, flag: str, mover: str = "ratchet") -> None:
    text = ROLLOUT.replace("NAME", name).replace("FLAG", flag).replace("MOVER", mover)
    (folder / "rollouts" / f"{name}.yaml").write_text(text, "utf-8")


def on(folder: Path, day: date, *recorded: Decision, changes: tuple[dict[str, object], ...] = ()) -> trials.Trials:
    return trials.as_of(trials.registered(folder), recorded, changes, day)


def test_an_empty_folder_has_no_trials(tmp_path: Path) -> None:
    found = on(tmp_path, DAY)
    assert (found.trials, found.splits, found.new_versions()) == ((), (), ())
    assert found.flags()["flags"] == {}


def test_a_recorded_version_is_not_new_and_an_edit_is(folder: Path) -> None:
    experiment(folder, "a", "fa")
    first = on(folder, DAY).new_versions()
    assert on(folder, DAY + timedelta(days=1), *first).new_versions() == ()
    experiment(folder, "a", "fb")
    (edit,) = on(folder, DAY + timedelta(days=1), *first).new_versions()
    later = on(folder, DAY + timedelta(days=5), *first, edit)
    assert [trial.phase for trial in later.trials] == [1, 2]
    assert [split.phase for split in later.splits] == [1, 2]


def test_an_id_is_an_experiment_or_a_rollout(folder: Path) -> None:
    experiment(folder, "same", "fa")
    rollout(folder, "same", "fb")
    found = trials.registered(folder)
    assert found.rollouts == ()
    assert "both called 'same'" in found.rollout_problems[0]


def test_problems_name_files_within_the_folder(folder: Path) -> None:
    experiment(folder, "a", "fa", mde="mdee")
    (problem,) = trials.registered(folder).experiment_problems
    assert "(experiments/a.yaml)" in problem
    assert str(folder) not in problem


def test_two_trials_under_way_on_one_flag_are_refused(folder: Path) -> None:
    experiment(folder, "a", "shared")
    experiment(folder, "b", "shared")
    with pytest.raises(SettingsError, match="both under way on the flag shared"):
        on(folder, DAY).flags()


def test_moves_of_the_application_make_phases(folder: Path) -> None:
    rollout(folder, "search", "search", "application")
    changes = tuple(
        {"kind": "feature", "target": "search", "after": share, "occurred_at": datetime(2026, 11, day, tzinfo=UTC)}
        for day, share in ((1, "5"), (3, "25"))
    )
    found = on(folder, DAY, changes=changes)
    assert [trial.weights for trial in found.trials] == [(95, 5), (75, 25)]
    assert found.flags()["flags"] == {}


def test_each_phase_of_a_rollout_is_audited_by_the_split_that_was_published_in_it(folder: Path) -> None:
    rollout(folder, "search", "search")
    path = folder / "rollouts" / "search.yaml"
    first = steps_of(folder, (1, "beta"), (5, "off"))
    path.write_text(path.read_text("utf-8") + "salt: another\nvariants: [old, new]\nattempt: 2\n", "utf-8")
    second = steps_of(folder, (8, "beta"))
    found = on(folder, DAY + timedelta(days=1), *first, *second)
    assert [(s.phase, s.salt, s.control) for s in found.splits] == [(1, "search", "off"), (3, "another", "old")]
    assert [t.variants for t in found.trials] == [("off", "on"), ("old", "new")]


def steps_of(folder: Path, *told: tuple[int, str]) -> list[Decision]:
    (known,) = trials.registered(folder).rollouts
    return [
        Decision(f"i{day}", 1, Kind.DEPLOYED, date(2026, 11, day), NIGHT, "", known.publication(known.stage(stage)))
        for day, stage in told
    ]


def test_what_a_later_night_recorded_does_not_count(folder: Path) -> None:
    experiment(folder, "a", "fa")
    recorded = on(folder, DAY).new_versions()
    assert on(folder, DAY - timedelta(days=1), *recorded).recorded == ()


def test_a_verdict_is_news_until_it_was_said() -> None:
    said = announcements([("a", 1, "ship", "better")], DAY)
    assert told(said, DAY) == {}
    assert told(said, DAY + timedelta(days=1)) == {("a", 1): "ship"}
    again = Decision(
        "", 0, Kind.VERDICT_TOLD, DAY + timedelta(days=1), NIGHT, "", {**said[0].facts, "verdict": "invalid"}
    )
    assert told([*said, again], DAY + timedelta(days=2)) == {("a", 1): "invalid"}


def test_groups_that_cannot_be_read_leave_the_flags_alone(folder: Path) -> None:
    rollout(folder, "search", "search")
    (folder / "groups.yaml").write_text("internal_testers: u1\n", "utf-8")
    with pytest.raises(SettingsError, match=r"groups cannot be read: .*internal_testers.*groups\.yaml"):
        on(folder, DAY).flags()
