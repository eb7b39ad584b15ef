"""Everything that truth.json says is counted again from the files, by a reader that shares no code with the writer."""

from __future__ import annotations

import json
import statistics
import zlib
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest

from .conftest import END, ReadBack, lines_of

BEHAVIOUR = {
    "immediate_retry": 2,
    "edited_output": 6,
    "used_as_is": 9,
    "saved_to_favorites": 10,
    "deleted_immediately": 1,
    "shared_with_team": 10,
}


def test_lines_of_every_day_add_up_and_equal_what_a_reader_finds(sample: ReadBack) -> None:
    for day in sample.truth["days"]:
        told = {key: day[key] for key in ("lines", "loaded", "duplicates", "quarantined", "blank")}
        assert told == sample.days[day["landed_date"]]
        assert told["lines"] == told["loaded"] + told["duplicates"] + told["quarantined"] + told["blank"]
        assert sum(reason["lines"] for reason in day["reasons"]) == told["quarantined"]
    assert sample.truth["totals"]["lines"] == sum(day["lines"] for day in sample.days.values())


def test_every_file_is_told_with_its_lines(sample: ReadBack) -> None:
    told = {file["file"]: file for day in sample.truth["days"] for file in day["files"]}
    written = {str(file.relative_to(sample.folder)): file for file in sample.folder.glob("dt=*/*")}
    assert told.keys() == written.keys()
    for name, file in written.items():
        lines = lines_of(file)
        assert (len(lines), lines.count(b"")) == (told[name]["lines"], told[name]["blank"])


def test_events_by_stream_event_date_and_landing_date(sample: ReadBack) -> None:
    found = Counter((e["event_type"], e["_day"].isoformat(), e["_landed"].isoformat()) for e in sample.events)
    told = {(row["stream"], row["event_date"], row["landed_date"]): row["events"] for row in sample.truth["events"]}
    assert told == found
    assert len({stream for stream, _, _ in told}) == 11


def test_late_and_early_events(sample: ReadBack) -> None:
    for day in sample.truth["days"]:
        landed = [e for e in sample.events if e["_landed"].isoformat() == day["landed_date"]]
        assert day["late"] == sum(e["_day"] < e["_landed"] for e in landed)
        assert day["early"] == sum(e["_day"] > e["_landed"] for e in landed)
    assert sum(day["late"] for day in sample.truth["days"]) > 20
    assert sum(day["early"] for day in sample.truth["days"]) > 0


@pytest.mark.parametrize("days", [7, 30])
def test_requests_of_every_intent_in_the_windows_that_end_with_the_last_day(sample: ReadBack, days: int) -> None:
    first = END - timedelta(days=days - 1)
    for told in sample.truth["intents"]:
        own = [r for r in sample.roots() if r.get("intent") == told["intent"] and r["_day"] >= first]
        assert told["windows"][str(days)] == _counts(own), told["label"]


def _counts(roots: list[dict[str, Any]]) -> dict[str, int]:
    failed = [r for r in roots if r.get("success") is False]
    return {
        "requests": len(roots),
        "successes": sum(r.get("success") is True for r in roots),
        "failures": len(failed),
        "unknown": sum(r.get("success") is None for r in roots),
        "units": len({r.get("user_id", r["session_id"]) for r in roots}),
        "failing_units": len({r.get("user_id", r["session_id"]) for r in failed}),
    }


def test_gaps_day_by_day(sample: ReadBack) -> None:
    for gap in sample.truth["gaps"]:
        own = [r for r in sample.roots() if r.get("intent") == gap["intent"]]
        for row in gap["daily"]:
            assert {"date": row["date"], **_counts([r for r in own if r["_day"].isoformat() == row["date"]])} == row
        assert sum(row["requests"] for row in gap["daily"]) == len(own)
        errors = {r["error"].partition(":")[0] for r in own if r.get("success") is False and "error" in r}
        assert gap["error_type"] in errors


def test_a_gap_grows_one_begins_and_one_is_fixed(sample: ReadBack) -> None:
    gaps = {gap["kind"]: gap for gap in sample.truth["gaps"]}
    assert set(gaps) == {"growing", "steady", "fixed", "new"}
    growing = [row["requests"] for row in gaps["growing"]["daily"]]
    assert sum(growing[-4:]) > 2 * sum(growing[:4])
    assert date.fromisoformat(gaps["new"]["first_day"]) > END - timedelta(days=12)
    fixed = date.fromisoformat(gaps["fixed"]["fixed_on"][:10])
    after = [row for row in gaps["fixed"]["daily"] if date.fromisoformat(row["date"]) > fixed]
    assert sum(row["failures"] for row in after) <= 0.15 * sum(row["requests"] for row in after)
    assert all(gap["windows"]["7"]["failing_units"] >= 2 for kind, gap in gaps.items() if kind != "fixed")


def test_what_only_looks_like_a_gap(sample: ReadBack) -> None:
    script, rare = sample.truth["not_gaps"]
    asked = [r for r in sample.roots() if r.get("intent") == script["label"]]
    assert len({r["user_id"] for r in asked}) == len({r["request_text"].split(" (")[0] for r in asked}) == 1
    assert script["windows"]["7"]["failures"] > 5
    assert 1 <= rare["windows"]["30"]["failures"] <= 5
    unnamed = [r for r in sample.roots() if "intent" not in r]
    assert len(unnamed) == sample.truth["implicit_gaps"][0]["windows"]["30"]["requests"] > 0
    assert not any(r.get("success") is False for r in unnamed)


def test_errors_by_type_and_day(sample: ReadBack) -> None:
    found = Counter((e["error_type"], e["_day"].isoformat()) for e in sample.of("error"))
    told = {
        (error["error_type"], row["date"]): row["events"] for error in sample.truth["errors"] for row in error["daily"]
    }
    assert told == found
    for error in sample.truth["errors"]:
        own = [e for e in sample.of("error") if e["error_type"] == error["error_type"]]
        assert error["handled"] == sum(e["handled"] for e in own)


def test_an_error_begins_with_a_release_and_another_ends_with_one(sample: ReadBack) -> None:
    at = {change["event_id"]: change["at"] for change in sample.truth["changes"]}
    errors = {error["error_type"]: error for error in sample.truth["errors"]}
    new, gone = errors["MissingParameterError"], errors["KeyError"]
    begins = [e["occurred_at"] for e in sample.of("error") if e["error_type"] == "MissingParameterError"]
    ends = [e["occurred_at"] for e in sample.of("error") if e["error_type"] == "KeyError"]
    assert min(begins) > at[new["began_with"]]
    assert max(ends)[:16] <= at[gone["ended_with"]][:16]


def test_a_failed_request_has_an_error_event_of_the_same_message(sample: ReadBack) -> None:
    errors = {e["interaction_id"]: f"{e['error_type']}: {e['message']}" for e in sample.of("error") if not e["handled"]}
    failed = {r["event_id"]: r["error"] for r in sample.roots() if "error" in r and r["_day"] < END}
    assert failed.items() <= errors.items()


def test_feedback_scores_by_intent(sample: ReadBack) -> None:
    intent_of = {r["event_id"]: r.get("intent") for r in sample.roots()}
    first = END - timedelta(days=6)
    for told in sample.truth["feedback"]:
        own = [
            f for f in sample.of("feedback") if f["_day"] >= first and intent_of[f["interaction_id"]] == told["intent"]
        ]
        scores = [score for f in own if (score := _score(f)) is not None]
        window = told["windows"]["7"]
        assert (window["feedback"], window["scored"]) == (len(own), len(scores))
        assert window["low"] == sum(score < 5 for score in scores)
        assert window["mean_score"] == (pytest.approx(statistics.fmean(scores)) if scores else None)
        assert window["unknown_action"] == sum(f.get("action") == "pinned_to_sidebar" for f in own)


def _score(feedback: dict[str, Any]) -> float | None:
    kind = feedback["kind"]
    if kind == "rating":
        return float(2.5 * (feedback["rating"] - 1))
    if kind == "thumb":
        return 10.0 if feedback["thumb"] == "up" else 0.0
    if kind == "score":
        return float(10 * feedback["score"] / feedback["score_max"])
    return BEHAVIOUR.get(feedback.get("action", ""))


def test_a_prompt_made_translations_worse(sample: ReadBack) -> None:
    chart, words = sample.truth["bad_experiences"]
    assert chart["after"]["mean_score"] < 6
    assert words["after"]["mean_score"] < words["before"]["mean_score"] - 1.5


def test_planted_secrets_are_in_the_files_and_harmless_numbers_too(sample: ReadBack) -> None:
    told = sample.truth["privacy"]
    kinds = {"email", "bearer_token", "api_key", "card_number", "phone", "harmless_number"}
    assert {row["kind"] for row in told} == kinds
    assert {row["where"] for row in told} == {
        "request_text",
        "response_text",
        "params",
        "attributes",
        "comment",
        "quarantine",
    }
    assert all(sample.raw.count(row["value"]) == 1 for row in told)


def test_unknown_fields_are_counted(sample: ReadBack) -> None:
    for day in sample.truth["days"]:
        for row in day["unknown_fields"]:
            landed = [e for e in sample.of(row["stream"]) if e["_landed"].isoformat() == day["landed_date"]]
            assert sum(row["field"] in e for e in landed) == row["events"] > 0
    assert sample.truth["days"][-1]["unknown_fields"]
    assert not sample.truth["days"][0]["unknown_fields"]


def test_the_truncated_file_gives_its_lines_and_no_more(sample: ReadBack) -> None:
    (name,) = (f["file"] for d in sample.truth["days"] for f in d["files"] if f["problem"] == "truncated gzip")
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    readable = reader.decompress((sample.folder / name).read_bytes())
    assert not reader.eof
    assert len([json.loads(line) for line in readable.splitlines()]) == 40


def test_search_was_down_and_then_silent(sample: ReadBack) -> None:
    (outage,) = (i for i in sample.truth["incidents"] if i["kind"] == "outage")
    beats = [h for h in sample.of("heartbeat") if h["service"] == "search"]
    inside = [h for h in beats if outage["from"] <= h["occurred_at"] < outage["to"]]
    assert not any(h["up"] for h in inside)
    assert all(h["up"] for h in beats if h not in inside)
    change = next(c for c in sample.of("change") if c["event_id"] == outage["change"])
    assert (change["kind"], change["ended_at"]) == ("incident", outage["to"])


def test_every_reference_to_an_interaction_is_met(sample: ReadBack) -> None:
    known = {e["event_id"] for e in sample.of("interaction")}
    for stream in ("error", "feedback", "validation", "outcome"):
        assert all(e["interaction_id"] in known for e in sample.of(stream)), stream
    parents = {r["event_id"] for r in sample.roots()}
    assert all(e["parent_id"] in parents for e in sample.of("interaction") if "parent_id" in e)
