import shutil
from datetime import date, timedelta

import pytest

from ratchet import files, nights, retention, settings, steps
from ratchet.errors import EventsGoneError, SettingsError, StepFailedError, StorageError
from ratchet.home import Home
from ratchet.night import Night
from ratchet.quality.drift_config import drift_config
from ratchet.retention import Kept
from ratchet.verdict import verdict
from ratchet.warehouse import LOOKBACK_DAYS, Warehouse

LIVE = date(2026, 11, 20)
DAYS = [LIVE - timedelta(days=n) for n in reversed(range(40))]
KEPT_DAYS = 30
FIRST_KEPT = LIVE - timedelta(days=KEPT_DAYS - 1)


@pytest.fixture
def known():
    return settings.load("development").model_copy(update={"retention_days": KEPT_DAYS})


@pytest.fixture
def home(tmp_path):
    """Forty landing days and their nights, each with everything that a night leaves."""
    found = Home(tmp_path / "home")
    for day in DAYS:
        for path in of(found, day):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}")
        files.write_json(found.loads / f"{day}.json", {})
    (found.decisions).mkdir()
    (found.decisions / f"{DAYS[0]}.jsonl").write_text("")
    files.switch_link(found.latest, found.artifacts(LIVE))
    return found


def of(home, day):
    """Return what goes with a landing day."""
    landed = f"landed={day}.parquet"
    return [
        home.bronze / "interaction" / f"event_date={day}" / landed,
        home.bronze / "error" / f"event_date={day - timedelta(days=60)}" / landed,
        home.quarantine / landed,
        home.quarantine / "duplicates" / landed,
        home.root / "snapshots" / "_drift" / landed,
        home.snapshot(day) / "mart_x.parquet",
        home.work(day) / "load.json",
        home.artifacts(day) / "report.html",
        home.folds / "unmet" / f"{day}.json",
    ]


def left(home):
    """Return the days of which everything is there; none may be there in part."""
    there = {day: [path.exists() for path in of(home, day)] for day in DAYS}
    assert all(len(set(found)) == 1 for found in there.values()), "a day is half deleted"
    return [day for day, found in there.items() if found[0]]


def test_what_is_older_than_the_setting_goes_and_nothing_else(home, known):
    over = retention.sweep(home, LIVE, known)
    assert over == DAYS[:10]
    assert left(home) == DAYS[10:]
    assert len(left(home)) == KEPT_DAYS
    assert not (home.bronze / "error" / f"event_date={DAYS[0] - timedelta(days=60)}").exists()


def test_what_was_counted_and_decided_outlives_the_events(home, known):
    retention.sweep(home, LIVE, known)
    assert len(list(home.loads.glob("????-??-??.json"))) == len(DAYS)
    assert (home.decisions / f"{DAYS[0]}.jsonl").exists()
    assert (home.latest / "report.html").exists()


def test_within_the_setting_nothing_is_touched_nor_recorded(home, known):
    before = sorted(home.root.rglob("*"))
    assert retention.sweep(home, LIVE, known.model_copy(update={"retention_days": 40})) == []
    assert sorted(home.root.rglob("*")) == before
    assert Kept.of(home) == Kept()


def test_an_older_live_night_and_a_longer_setting_bring_nothing_back(home, known):
    retention.sweep(home, LIVE, known)
    assert retention.sweep(home, LIVE - timedelta(days=5), known) == []
    assert retention.sweep(home, LIVE, known.model_copy(update={"retention_days": 400})) == []
    assert Kept.of(home).events_from == FIRST_KEPT


def test_a_killed_sweep_is_finished_by_the_next_one(home, known, monkeypatch):
    deleted = []

    def killed(path):
        if len(deleted) == 7:
            raise KeyboardInterrupt
        deleted.append(path)
        path.unlink(missing_ok=True) if path.is_file() else None

    with monkeypatch.context() as patched:
        patched.setattr(retention, "_delete", killed)
        with pytest.raises(KeyboardInterrupt):
            retention.sweep(home, LIVE, known)
    with pytest.raises(EventsGoneError):  # of what is half deleted nothing is read
        Kept.of(home).require(DAYS[9])
    retention.sweep(home, LIVE, known)
    assert left(home) == DAYS[10:]


def test_what_cannot_be_deleted_is_said_in_one_line(home, known, monkeypatch):
    def refused(path, *_, **__):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(shutil, "rmtree", refused)
    with pytest.raises(StorageError, match="Operation not permitted"):
        retention.sweep(home, LIVE, known)


def test_a_page_that_people_are_shown_is_never_deleted(home, known):
    files.switch_link(home.latest, home.artifacts(DAYS[0]))
    retention.sweep(home, LIVE, known)
    assert (home.latest / "report.html").exists()


@pytest.fixture
def night(home, known, tmp_path, monkeypatch):
    monkeypatch.delenv("RATCHET_HOME", raising=False)
    found = Night.from_environment(LIVE, home=home.root, landing=str(tmp_path / "landing"))
    object.__setattr__(found, "today", LIVE + timedelta(days=1))
    retention.sweep(home, LIVE, known)
    return found


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (DAYS[0], f"the events of {DAYS[0]} are gone"),
        (FIRST_KEPT, f"the night of {FIRST_KEPT} can no longer be run: it looks 28 days back"),
        (LIVE - timedelta(days=2), "can no longer be run"),
    ],
)
def test_a_night_whose_events_are_gone_says_so_and_leaves_everything_as_it_is(night, monkeypatch, day, said):
    monkeypatch.setattr(steps, "STEPS", {})
    before = sorted(night.home.root.rglob("*"))
    outcome = nights.run_night(night.on(day), lambda day, step: None)
    assert said in str(outcome.error)
    assert (outcome.error.exit_code, outcome.summaries) == (1, {})
    assert sorted(night.home.root.rglob("*")) == before
    with pytest.raises(EventsGoneError, match=r"retention_days in settings\.yaml"):
        verdict(night.on(day), {"ingest": "failed"})


def test_a_task_of_such_a_night_does_nothing(night, monkeypatch):
    monkeypatch.setenv("RATCHET_HOME", str(night.home.root))
    with pytest.raises(EventsGoneError):
        nights.run_task("report", DAYS[0])
    assert not night.home.work(DAYS[0]).exists()


def test_nights_that_find_all_their_events_are_run(night, monkeypatch):
    Kept.of(night.home).require(LIVE - timedelta(days=1))
    with pytest.raises(StepFailedError):
        verdict(night, {"ingest": "failed"})


def test_without_days_the_first_one_is_one_that_can_be_run(night, tmp_path):
    for day in DAYS:
        (tmp_path / "landing" / f"dt={day}").mkdir(parents=True)
        (tmp_path / "landing" / f"dt={day}" / "a.jsonl").write_text("{}\n")
    assert nights.days_to_run(night, None, None) == [LIVE - timedelta(days=1), LIVE]


def test_a_night_never_looks_further_back_than_it_says():
    assert max(LOOKBACK_DAYS, drift_config().reference_days) <= settings.REACH_DAYS


def test_a_setting_below_what_a_night_looks_at_is_refused(tmp_path):
    text = (settings.PROJECT_ROOT / "include" / "config" / "settings.yaml").read_text()
    (tmp_path / "settings.yaml").write_text(text.replace("retention_days: 400", "retention_days: 28"))
    with pytest.raises(SettingsError, match="retention_days must be above 28"):
        settings.load("development", tmp_path)


def test_of_days_whose_events_are_gone_a_new_warehouse_builds_nothing_and_an_old_one_keeps_what_it_has(home, known):
    loads = dict.fromkeys(DAYS, "same")
    with Warehouse.open(home) as warehouse:
        warehouse.connection.executemany("insert into run.built values (?, 'same')", [(DAYS[0],), (DAYS[1],)])
        warehouse.connection.execute("create table marts.mart_x as select date '2026-10-12' as as_of")
    retention.sweep(home, LIVE, known)
    with Warehouse.open(home) as warehouse:
        assert warehouse.pending(loads, LIVE) == DAYS[10:]
        warehouse.forget_nights(FIRST_KEPT)
        assert warehouse.frame("select * from marts.mart_x").empty
    home.warehouse.unlink()
    with Warehouse.open(home) as warehouse:
        assert warehouse.pending(loads, LIVE) == DAYS[10:]
