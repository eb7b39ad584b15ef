import subprocess
import sys
from datetime import date, timedelta

import pytest

from ratchet import nights, steps
from ratchet.errors import GateFailedError, LandingError, RatchetError
from ratchet.night import Night

TODAY = date(2026, 11, 20)


@pytest.fixture
def night(tmp_path, monkeypatch):
    monkeypatch.delenv("RATCHET_HOME", raising=False)
    found = Night.from_environment(TODAY, home=tmp_path / "home", landing=str(tmp_path / "landing"))
    object.__setattr__(found, "today", TODAY)
    return found


def land(night, *days):
    for day in days:
        folder = night.sources[0].landing
        (type(night.home.root)(folder) / f"dt={day}").mkdir(parents=True)
        (type(night.home.root)(folder) / f"dt={day}" / "a.jsonl").write_text("{}\n")


def test_the_plan_only_needs_steps_that_come_before():
    seen = set()
    for step in nights.PLAN:
        assert set(step.needs) <= seen, step.name
        seen.add(step.name)
    assert seen == set(steps.STEPS)


def test_every_step_says_what_it_does():
    assert all(step.doc.endswith(".") for step in nights.PLAN)


def run_with(monkeypatch, night, **broken):
    ran = []

    def function(name):
        def run(_):
            ran.append(name)
            if name in broken:
                raise broken[name]
            return {}

        return run

    monkeypatch.setattr(steps, "STEPS", {step.name: function(step.name) for step in nights.PLAN})
    return nights.run_night(night, lambda day, step: None), ran


def test_a_failed_analysis_spares_the_rest(monkeypatch, night):
    outcome, ran = run_with(monkeypatch, night, usage=KeyError("column"))
    assert set(ran) == {step.name for step in nights.PLAN}
    assert "step usage" in str(outcome.error)
    assert night.marks()["usage"]["state"] == "failed"
    assert night.marks()["report"]["state"] == "done"


def test_a_failed_gate_stops_everything_but_the_report(monkeypatch, night):
    outcome, ran = run_with(monkeypatch, night, check_raw=GateFailedError("too much was refused"))
    assert ran == ["ingest", "check_raw", "report"]
    assert str(outcome.error) == "too much was refused"
    assert night.marks()["build_marts"] == {
        "step": "build_marts",
        "state": "skipped",
        "reason": "needs check_raw, which did not finish",
    }
    assert night.marks()["publish"]["state"] == "skipped"


def test_days_are_those_asked_for(night):
    asked = nights.days_to_run(night, TODAY - timedelta(days=2), TODAY)
    assert asked == [TODAY - timedelta(days=n) for n in (2, 1, 0)]


def test_days_default_to_what_landed_and_is_over(night):
    land(night, "2026-11-17", "2026-11-19", "2026-11-20")
    assert nights.days_to_run(night, None, None) == [date(2026, 11, n) for n in (17, 18, 19)]
    assert nights.days_to_run(night, None, date(2026, 11, 18)) == [date(2026, 11, n) for n in (17, 18)]
    assert nights.days_to_run(night, date(2026, 11, 19), None) == [date(2026, 11, 19)]


def test_days_that_cannot_be_run_are_refused(night):
    with pytest.raises(RatchetError, match="in the future"):
        nights.days_to_run(night, TODAY, TODAY + timedelta(days=1))
    with pytest.raises(RatchetError, match="swap them"):
        nights.days_to_run(night, TODAY, TODAY - timedelta(days=1))
    with pytest.raises(RatchetError, match="more than ten years"):
        nights.days_to_run(night, TODAY.replace(year=2006), TODAY)
    with pytest.raises(LandingError, match="nothing has landed|does not exist"):
        nights.days_to_run(night, None, None)


def test_the_newest_landed_day_that_is_over_is_live(night):
    land(night, "2026-11-18", "2026-11-19", "2026-11-20")
    live = [n for n in (17, 18, 19, 20) if steps.is_live(night.on(date(2026, 11, n)))]
    assert live == [19]


def test_steps_that_a_scheduler_never_started_are_marked_as_in_process(monkeypatch, night):
    run_with(monkeypatch, night, gaps=KeyError("column"), build_marts=GateFailedError("no"))
    expected = {name: mark for name, mark in night.marks().items() if name not in ("report", "publish")}
    for name, mark in expected.items():
        if mark["state"] == "skipped":
            (night.work / "_steps" / f"{name}.json").unlink()
    assert night.marks() != expected
    nights.mark_left_out(night)
    assert {n: m for n, m in night.marks().items() if n not in ("report", "publish")} == expected


def test_only_the_report_marks_what_was_left_out(monkeypatch, tmp_path):
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path))
    seen = []
    monkeypatch.setattr(steps, "run_step", lambda *arguments: seen.append(arguments) or {})
    day = date(2026, 11, 12)
    nights.run_task("publish", day)
    assert Night.from_environment(day).marks() == {}
    nights.run_task("report", day, False)
    assert Night.from_environment(day).marks()["check_raw"]["reason"] == "needs ingest, which did not finish"
    assert [arguments[:3] for arguments in seen] == [("publish", day, None), ("report", day, False)]


def test_a_task_pays_for_no_import_that_its_step_does_not_need() -> None:
    heavy = "{'pandas', 'scipy', 'duckdb', 'jsonschema', 'great_expectations', 'evidently', 'dbt', 'airflow'}"
    code = f"import sys, ratchet.nights; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
