"""The hourly check in a home: what it writes, records once and rolls back, and what `ratchet status` makes of it."""

import ast
import json
import shutil
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from tests.unit.test_notices import webhook

from ratchet import alerts, cli, files, hourly, status, trials
from ratchet.client.evaluation import resolve
from ratchet.deploy import decisions, incidents, publish
from ratchet.deploy.decisions import NIGHT, Decision, Kind
from ratchet.errors import RunDayError
from ratchet.night import Night

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 11, 20)
BEFORE = DAY - timedelta(days=1)
NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
END = datetime.combine(date(2026, 11, 20), time(14))
USERS = [f"u{n}" for n in range(400)]


@pytest.fixture
def night(monkeypatch, tmp_path):
    """A home whose last night is that of the day before, with a rollout in beta, and landing of today."""
    config = tmp_path / "config"
    shutil.copytree(ROOT / "include" / "config", config)
    for old in (*(config / "experiments").glob("*.yaml"), *(config / "rollouts").glob("*.yaml")):
        old.unlink()
    said = "id: search\nflag_key: search\nguardrails: [{metric: useful, margin: 0.1}]\n"
    (config / "rollouts" / "search.yaml").write_text(said, "utf-8")
    (config / "metrics.yaml").write_text("useful: {kind: proportion, direction: increase}\n", "utf-8")
    (config / "groups.yaml").write_text("internal_testers: [ann]\n", "utf-8")
    monkeypatch.setenv("RATCHET_CONFIG", str(config))
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    found = replace(Night.from_environment(DAY), today=DAY)
    for day in (BEFORE, DAY):
        (found.home.landing / f"dt={day}").mkdir(parents=True)
    (found.home.landing / f"dt={BEFORE}" / "a.jsonl").write_text("\n", "utf-8")
    import pandas as pd

    from ratchet.analyze import hours

    names = ["metric_hour", "service", *hours.COUNTS, *hours.MINUTES, "duration_n", *hours.QUANTILES]
    rows = [
        {"metric_hour": datetime.combine(BEFORE, time(23)) - timedelta(hours=n), "service": "", "requests": 100}
        | {"successes": 96, "failures": 4}
        for n in range(28 * 24)
    ]
    frame = pd.DataFrame(rows, columns=names).fillna(0)
    found.home.snapshot(BEFORE).mkdir(parents=True)
    frame.to_parquet(found.home.snapshot(BEFORE) / "mart_health_hourly.parquet")
    (found.home.artifacts(BEFORE)).mkdir(parents=True)
    return found


def land(night, hour, failing, users=USERS, name=""):
    """Write an hour of requests; those of `failing` fail. Everybody was told the variant of the flag."""
    lines = []
    for n, user in enumerate(users):
        common = {"user_id": user, "service": "chat", "occurred_at": f"2026-11-20T{hour:02}:30:00Z"}
        ask = {"event_id": f"i{hour}{name}{n}", "event_type": "interaction", "success": user not in failing}
        told = {"flag_key": "search", "variant": "on" if n % 4 == 0 else "off", "unit_id": user, "reason": "SPLIT"}
        see = {"event_id": f"f{hour}{name}{n}", "event_type": "flag_evaluation"}
        lines += [common | see | {"occurred_at": f"2026-11-20T{hour:02}:10:00Z"} | told, common | ask]
    path = night.home.landing / f"dt={DAY}" / f"{hour}{name}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")


def run(night, hours_later=0):
    return hourly.run(night, END + timedelta(hours=hours_later), NOW + timedelta(hours=hours_later))


def published(night):
    """Publish what a night would, with the rollout at 25 %."""
    known = trials.registered(Path(hourly.config_folder()))
    (rollout,) = known.rollouts
    facts = rollout.publication(rollout.stage("quarter"))
    record = {"type": "rollout_step", "target": "search", "evidence": {"publishes": facts}}
    kinds = [(Kind.PROPOSED, record), (Kind.VALIDATED, {}), (Kind.APPROVED, {}), (Kind.DEPLOYED, facts)]
    made = [Decision("b" * 12, 1, kind, BEFORE, NIGHT, "", said) for kind, said in kinds]
    decisions.append(night.home.decisions, [*made, Decision("", 0, Kind.NIGHT_CLOSED, BEFORE, NIGHT)])
    flags = trials.as_of(known, made, [], DAY).flags()
    health = {"artifact": "health", "as_of": BEFORE.isoformat(), "status": "healthy", "reason": "all is well"}
    publish.publish(night.home, BEFORE, {"health.json": health, "flags.json": flags})


def served(night):
    flags = files.read_json(night.home.published / "flags.json")["flags"]
    return {resolve("search", flags["search"], {"targetingKey": user}, {}).variant for user in (*USERS, "ann")}


def test_a_good_hour_is_healthy_and_an_older_one_is_only_shown(night):
    land(night, 13, set())
    found = run(night)
    assert (found["status"], found["hour"], found["counts_from"]) == ("healthy", "2026-11-20T13:00Z", "2026-11-19")
    assert files.read_json(night.home.health / "latest.json") == files.plain(found)
    older = hourly.run(night, END - timedelta(hours=1), NOW)
    assert older["hour"] == "2026-11-20T12:00Z"
    assert files.read_json(night.home.health / "latest.json")["hour"] == "2026-11-20T13:00Z"
    with pytest.raises(RunDayError, match="is not over"):
        hourly.run(night, END + timedelta(hours=1), NOW)


def test_an_hour_is_read_once_and_again_within_the_feedback_window(night):
    """What came late counts in the next check where the window says so, else from the night on."""
    land(night, 12, set())
    land(night, 13, set())
    run(night)
    land(night, 12, set(), ["late"], "late")
    land(night, 14, set())
    counts = night.home.health / "hours" / "2026-11-20T12.json"
    run(night, 1)
    assert files.read_json(counts)[0]["requests"] == 400
    wide = replace(night, settings=night.settings.model_copy(update={"feedback_window": timedelta(hours=6)}))
    run(wide, 1)
    assert files.read_json(counts)[0]["requests"] == 401


def test_an_outage_is_told_once_and_once_more_when_it_is_over(night):
    land(night, 13, set(USERS))
    assert run(night)["status"] == "degraded"
    run(night)
    open_now = incidents.under_way(decisions.read(night.home.decisions, date.max)).values()
    assert {(f["kind"], f["service"], f["since"]) for f in open_now} >= {("burn", "", "2026-11-20T13:00Z")}
    with webhook() as (connection, got):
        first = alerts.send_alerts(night, connection)
        assert "An error budget burns: success_rate" in first
        assert alerts.send_alerts(night, connection) == []
        land(night, 14, set())
        run(night, 1)
        assert "Over: An error budget burns: success_rate" in alerts.send_alerts(night, connection)
        assert alerts.send_alerts(night, connection, "no space left") == ["The hourly check failed"]
    texts = [text for _, _, text in got]
    assert any("docs/runbook.md, burn" in text for text in texts)
    assert len(texts) == len(set(texts))


def test_a_feature_that_breaks_is_rolled_back_at_once_and_never_again(night):
    published(night)
    before = publish.current(night.home)
    assert served(night) == {"on", "off"}
    land(night, 13, set(USERS[::4]))
    found = run(night)
    assert found["rolled_back"] == ["search"]
    assert served(night) == {"off"}
    assert publish.current(night.home) != before
    assert files.read_json(night.home.published / "health.json")["as_of"] == BEFORE.isoformat()
    standings = decisions.fold(decisions.read(night.home.decisions, date.max), DAY)
    states = {s.record["target"]: s.state.value for s in standings.values() if s.improvement_id != "b" * 12}
    assert (standings["b" * 12].state.value, states) == ("rolled_back", {"search": "deployed"})
    assert decisions.fold(decisions.read(night.home.decisions, BEFORE), BEFORE)["b" * 12].state.value == "deployed"
    assert run(night)["rolled_back"] == []
    with webhook() as (connection, _):
        assert "search is rolled back within the hour" in alerts.send_alerts(night, connection)


def test_everybody_failing_is_no_reason_to_roll_back_and_nothing_is_advanced(night):
    published(night)
    land(night, 13, set(USERS))
    version = publish.current(night.home)
    assert run(night)["rolled_back"] == []
    assert publish.current(night.home) == version


def test_while_a_night_decides_the_hour_waits(night):
    published(night)
    decisions.append(night.home.decisions, [Decision("", 0, Kind.NIGHT_CLOSED, DAY, NIGHT)])
    land(night, 13, set(USERS[::4]))
    assert run(night)["rolled_back"] == []


def test_a_source_that_cannot_be_read_and_a_night_that_did_not_run_are_incidents(night):
    from ratchet.log.sources import LandedSource

    assert hourly.overdue(night, datetime.combine(DAY, time(5))) == ""
    assert hourly.overdue(night, datetime.combine(DAY, time(6))).startswith("1 landed days wait for their night since")
    land(night, 13, set())
    assert [a["kind"] for a in run(night)["alerts"]] == ["stale"]
    published(night)
    assert hourly.overdue(night, datetime.combine(DAY, time(23))) == ""
    broken = replace(night, sources=(*night.sources, LandedSource("otlp", night.home.root / "gone")))
    found = run(broken)
    assert {(a["kind"], a["objective"]) for a in found["alerts"]} == {("source", "otlp")}
    assert found["status"] == "healthy"  # the others are checked all the same
    run(night)
    assert incidents.under_way(decisions.read(night.home.decisions, date.max)) == {}


def test_when_no_night_ran_people_are_told_once_and_again_when_one_has(night):
    land(night, 13, set())
    run(night)
    with webhook() as (connection, got):
        assert alerts.send_alerts(night, connection) == ["No night has run"]
        land(night, 14, set())
        run(night, 1)
        assert alerts.send_alerts(night, connection) == []
        published(night)
        land(night, 15, set())
        run(night, 2)
        assert alerts.send_alerts(night, connection) == ["Over: No night has run"]
    texts = [text for _, _, text in got]
    assert "1 landed days wait for their night since 2026-11-19; none was ever published" in texts[0]
    assert "docs/runbook.md, stale" in texts[0]


def test_status_is_the_worse_of_night_and_hour(night):
    published(night)
    land(night, 13, set(USERS))
    run(night)
    found = status.read(night, NOW)
    assert (found.status, found.hour, found.day) == ("degraded", "2026-11-20T13:00Z", BEFORE.isoformat())
    assert found.reason.startswith("since 2026-11-20T13:00Z: success rate: the error budget burns")
    later = status.read(night, NOW + timedelta(hours=4))
    assert (later.status, later.hour) == ("healthy", None)
    assert later.reason.endswith("the newest hourly check is that of 2026-11-20T13:00Z")


def test_a_log_that_comes_once_a_day_is_no_silence_and_leaves_the_nights_word(night):
    """The demo's home: whole days, none of today. The same home hears of silence once its log came by the hour."""
    published(night)
    land(night, 1, set())
    (night.home.landing / f"dt={DAY}" / "1.jsonl").rename(night.home.landing / f"dt={BEFORE}" / "1.jsonl")
    for hours in (-12, 0, 24):
        found = run(replace(night, today=DAY + timedelta(days=max(hours, 0) // 24)), hours)
        assert (found["status"], [a["kind"] for a in found["alerts"] if a["kind"] != "stale"]) == ("no data", [])
        assert found["reason"].endswith("landed within its own day; the night judges it")
    assert status.read(night, NOW + timedelta(hours=24)).status == "healthy"
    shutil.rmtree(night.home.health)
    land(night, 11, set())
    assert [a["kind"] for a in run(night)["alerts"]] == ["silence"]
    assert files.read_json(night.home.health / "heard.json") == {"hour": "2026-11-20T11:00:00"}
    assert status.read(night, NOW).status == "no data"
    for days, raised in ((6, ["silence", "stale"]), (7, ["stale"])):
        later = run(replace(night, today=DAY + timedelta(days=days)), 24 * days)
        assert sorted(a["kind"] for a in later["alerts"]) == raised
    open_now = incidents.under_way(decisions.read(night.home.decisions, date.max)).values()
    assert sorted(str(f["kind"]) for f in open_now) == ["silence", "stale"]  # it is not over: nothing was heard since


def test_a_home_without_logs_is_quiet_and_one_without_nights_tells_it_once(tmp_path, monkeypatch):
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    night = replace(Night.from_environment(DAY), today=DAY)
    for hours in range(2):
        found = run(night, hours)
        assert (found["status"], found["alerts"], found["problems"]) == ("no data", [], [])
    assert not night.home.decisions.exists()
    for n in range(1, 4):
        (night.home.landing / f"dt={DAY - timedelta(days=n)}").mkdir(parents=True)
        (night.home.landing / f"dt={DAY - timedelta(days=n)}" / "a.jsonl").write_text("\n", "utf-8")
    assert [a["kind"] for hours in range(2, 5) for a in run(night, hours)["alerts"]] == ["stale"] * 3
    assert len(incidents.known(decisions.read(night.home.decisions, date.max))) == 1
    night.home.loads.mkdir(parents=True)
    shutil.rmtree(night.home.landing)
    assert [a["kind"] for a in run(night, 5)["alerts"]] == ["source"]  # what was there is gone


def test_the_file_keeps_its_contract(night):
    import jsonschema

    schema = files.read_json(ROOT / "include" / "ratchet" / "contracts" / "schemas" / "hour.schema.json")
    land(night, 13, set(USERS))
    jsonschema.Draft202012Validator(schema).validate(files.plain(run(night)))


def test_every_alert_has_an_entry_in_the_runbook():
    page = (ROOT / "docs" / "runbook.md").read_text("utf-8")
    assert set(alerts.TITLES) >= set(incidents.LEAVE_THE_SEASON)
    assert [kind for kind in (*alerts.TITLES, "rollback") if f"| `{kind}` |" not in page] == []


def kinds_raised():
    """Return the kinds of alert that the code makes: what is given to `Alert`, and to the function that makes it."""
    found = set()
    for path in (ROOT / "include" / "ratchet").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if name in ("Alert", "_alert"):
                kind = node.args[1 if name == "Alert" else 0]
                found |= {kind.value} if isinstance(kind, ast.Constant) else set()
    return found


def test_every_alert_that_the_code_raises_has_a_title_and_an_entry_in_the_runbook():
    page = (ROOT / "docs" / "runbook.md").read_text("utf-8")
    raised = kinds_raised()
    assert {"burn", "season", "silence", "source", "stale"} <= raised
    assert raised == set(alerts.TITLES)
    assert [kind for kind in sorted(raised) if f"| `{kind}` |" not in page] == []


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--hour", "0001-01-01T00"), "is not an hour such as 2026-11-20T13"),
        (("--hour", "2026-11-20T10:30"), "is not an hour such as 2026-11-20T13"),
        (("--hour", "2099-01-01T00"), "is not over"),
        (("--source", "nope"), "there is no source 'nope'"),
        (("--landing", "nowhere/at/all"), "the landing zone does not exist"),
        (("--landing", "it's.jsonl"), "ratchet validate-logs 'it'\"'\"'s.jsonl' --source native"),
        (("--landing", "it's.jsonl", "--hour", "2026-11-20T13"), "name an hour that it tells of, --hour"),
    ],
)
def test_wrong_use_of_the_command_is_one_line_and_records_nothing(tmp_path, monkeypatch, capsys, wrong, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "it's.jsonl").write_text('{"event_type": "interaction"}\n', "utf-8")
    with pytest.raises(SystemExit) as refused:
        sys.exit(cli.main(["health", "--home", "home", *wrong]))
    assert refused.value.code == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert not (tmp_path / "home" / "decisions").exists()
