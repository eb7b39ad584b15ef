"""What was planted in the sample logs is what load reports, marts and artifacts count: to the last event."""

import json
from collections import Counter

import pandas as pd
import pytest

from ratchet import settings
from ratchet.analyze.errors import rank_errors
from ratchet.generate.fixes import generate_fixes

from .conftest import LAST

KINDS = {
    "email": "email",
    "bearer_token": "bearer_token",
    "api_key": "api_key",
    "card_number": "card",
    "phone": "phone",
}


@pytest.fixture(scope="module")
def truth(landing):
    return json.loads((landing / "truth.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def loads(truth, in_order):
    days = [day["landed_date"] for day in truth["days"]]
    return {day: json.loads((in_order / "bronze" / "_loads" / f"{day}.json").read_text("utf-8")) for day in days}


def mart(home, name):
    return pd.read_parquet(home / "snapshots" / LAST.isoformat() / f"{name}.parquet")


def artifact(home, name):
    return json.loads((home / "artifacts" / LAST.isoformat() / f"{name}.json").read_text("utf-8"))


def test_load_reports_count_what_was_written(truth, loads):
    for day in truth["days"]:
        found = loads[day["landed_date"]]
        keys = ("lines", "loaded", "duplicates", "quarantined", "blank")
        assert {key: found["totals"][key] for key in keys} == {key: day[key] for key in keys}
        assert {row["reason"]: row["lines"] for row in found["reasons"]} == {
            row["reason"]: row["lines"] for row in day["reasons"]
        }
        assert {(row["stream"], row["field"]): row["events"] for row in found["unknown_fields"]} == {
            (row["stream"], row["field"]): row["events"] for row in day["unknown_fields"]
        }
        assert sum(stream["late"] for stream in found["streams"]) == day["late"]
        named = {file["file"].removeprefix("native/"): file for file in found["files"]}
        for file in day["files"]:
            assert named[file["file"]]["lines"] == file["lines"]
            assert (named[file["file"]]["problem"] is not None) == (file["problem"] == "truncated gzip")


def test_redactions_are_those_planted_and_none_survives(truth, loads, in_order):
    planted = Counter(KINDS[row["kind"]] for row in truth["privacy"] if row["kind"] in KINDS)
    found = Counter()
    for load in loads.values():
        found.update({row["kind"]: row["values"] for row in load["redactions"]})
    assert {kind: n for kind, n in found.items() if n} == planted
    everything = b"\n".join(_content(path) for path in sorted(in_order.rglob("*")) if path.is_file())
    secret = [row["value"] for row in truth["privacy"] if row["kind"] in KINDS]
    assert secret
    assert [value for value in secret if value.encode() in everything] == []
    harmless = [row["value"] for row in truth["privacy"] if row["kind"] not in KINDS]
    assert harmless
    assert all(value.encode() in everything for value in harmless)


def _content(path):
    if path.suffix == ".parquet":
        return pd.read_parquet(path).to_json(orient="values", force_ascii=False, default_handler=str).encode()
    return path.read_bytes()


def test_events_by_stream_and_dates_are_in_bronze(truth, in_order):
    for row in truth["events"]:
        file = f"{row['stream']}/event_date={row['event_date']}/landed={row['landed_date']}.parquet"
        assert len(pd.read_parquet(in_order / "bronze" / file, partitioning=None)) == row["events"], file


@pytest.mark.parametrize("days", [7, 30])
def test_requests_by_intent_are_in_the_mart(truth, in_order, days):
    found = mart(in_order, "mart_feature_gaps")
    found = found[found["window_days"] == days].set_index("intent")
    for intent in truth["intents"]:
        told = intent["windows"][str(days)]
        if not told["requests"]:
            continue
        row = found.loc[intent["intent"] or ""]
        assert {key: int(row[key]) for key in told} == told, intent["label"]
        assert row["unit_kind"] == "user"


def test_errors_by_type_are_in_the_mart(truth, in_order):
    errors = mart(in_order, "mart_errors")
    assert errors["error_type"].is_unique, "each planted error has one template, whatever ids its messages hold"
    found = errors.set_index("error_type")["occurrences"]
    assert {name: int(n) for name, n in found.items() if n} == {
        error["error_type"]: error["events"] for error in truth["errors"] if error["events"]
    }


def test_an_error_that_a_change_brought_names_that_change(truth, in_order):
    found = mart(in_order, "mart_errors").set_index("error_type")["change_id"]
    planted = {e["error_type"]: e["began_with"] for e in truth["errors"] if e["began_with"] and e["events"]}
    assert planted
    assert {name: found[name] for name in planted} == planted


def test_an_error_gets_the_fix_that_was_planted_for_it_or_says_why_not(truth, in_order):
    planted = {error["error_type"]: error["fix"] for error in truth["errors"]}
    frequent = settings.load().model_copy(update={"error_floor": 5})
    errors, cases = rank_errors(mart(in_order, "mart_errors"), frequent, LAST), mart(in_order, "mart_fix_cases")
    made = generate_fixes(errors, cases, LAST)
    named = {error.fingerprint: error.error_type for error in errors.errors}
    assert {named[f.fingerprint]: f.family for f in made.fixes} == {
        named[f.fingerprint]: planted[named[f.fingerprint]] for f in made.fixes
    }
    assert "RateLimitError" in {named[f.fingerprint] for f in made.fixes}
    few = {"too_rare", "no_context", "no_successes"}
    assert {named[n.fingerprint]: n.reason for n in made.declined if n.reason not in few} == {
        named[n.fingerprint]: planted[named[n.fingerprint]] for n in made.declined if n.reason not in few
    }


def test_feedback_by_intent_is_in_the_mart(truth, in_order):
    found = mart(in_order, "mart_feedback")
    found = found[found["window_days"] == 7].groupby("intent")[
        ["feedback", "scored", "low", "unknown_action", "score_sum"]
    ]
    sums = found.sum()
    for intent in truth["feedback"]:
        told = intent["windows"]["7"]
        if told["feedback"]:
            row = sums.loc[intent["intent"] or ""]
            assert {key: int(row[key]) for key in ("feedback", "scored", "low", "unknown_action")} == {
                key: told[key] for key in ("feedback", "scored", "low", "unknown_action")
            }
            if told["scored"]:
                assert row["score_sum"] / row["scored"] == pytest.approx(told["mean_score"])


def test_planted_gaps_are_found_and_what_only_looks_like_one_is_not(truth, in_order):
    found = {feature["feature"]: feature for feature in artifact(in_order, "features")["features"]}
    for gap in truth["gaps"]:
        told = gap["windows"]["30"]
        if told["failures"] > 5 and told["failing_units"] >= 2 and gap["kind"] != "fixed":
            assert found[gap["intent"]]["demand"] == told["failures"]
            assert found[gap["intent"]]["failing_units"] == told["failing_units"]
    assert not {row["label"] for row in truth["not_gaps"]} & set(found)


def test_documentation_counts_the_calls_that_bronze_holds(in_order):
    frames = [pd.read_parquet(path) for path in sorted((in_order / "bronze" / "interaction").glob("*/*.parquet"))]
    events = pd.concat(frames)
    events = events[events["occurred_at"] < pd.Timestamp(LAST) + pd.Timedelta(days=1)]
    found = {(a["level"], a["action"]): a for a in artifact(in_order, "capabilities")["actions"]}
    assert len(found) > 20
    for (level, name), action in found.items():
        mine = events[(events["intent"] == name) & (events["parent_id"].notna() == (level == "step"))]
        good = mine[mine["success"].eq(True) & mine["params"].notna()]
        assert (action["requests"], action["measured"]) == (len(mine), len(good))
        if action["parameters"]:
            keys = good["params"].map(lambda text: tuple(sorted(json.loads(text))))
            usual = good[keys == tuple(p["name"] for p in action["parameters"])]
            assert (action["shape_calls"], action["shape_units"]) == (len(usual), usual["user_id"].nunique())
    assert any(action["parameters"] for action in found.values())


def test_every_night_has_its_documentation(in_order):
    for folder in sorted((in_order / "artifacts").glob("????-??-??")):
        assert {"index.html", "getting_started.md", "actions.html"} <= {p.name for p in (folder / "docs").iterdir()}
