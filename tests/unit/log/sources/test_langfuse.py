from __future__ import annotations

import json
from typing import Any

from .conftest import Mapped

START = "2026-11-19T08:00:00.000Z"


def observation(name: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    times = {"startTime": START, "endTime": "2026-11-19T08:00:02.500Z"}
    whole = {"id": name, "parentObservationId": parent, "type": "SPAN", "name": name, "level": "DEFAULT", **times}
    return whole | more


def call(name: str, parent: str | None, tokens: int, **more: Any) -> dict[str, Any]:
    used = {"usageDetails": {"input": tokens, "output": 1}, "totalCost": tokens / 1000, "model": "m"}
    return observation(name, parent, **{"type": "GENERATION", **used, **more})


def export(*observations: dict[str, Any], **trace: Any) -> dict[str, Any]:
    return {"trace": {"id": "t", "timestamp": START, "name": "ask", **trace}, "observations": list(observations)}


def test_a_trace_is_a_root_and_its_observations_are_steps(mapped: Mapped) -> None:
    tool = observation("look", "plan", type="TOOL", input={"city": "Oslo"}, output="rain")
    found = export(observation("plan"), tool, observation("lost", "nowhere"), userId="u", sessionId="s", release="2.1")
    root, *steps = mapped("langfuse", [found])["interaction"]
    assert (root["event_id"], root["intent"], root["user_id"], root["session_id"]) == ("langfuse:t", "ask", "u", "s")
    assert (root["duration_ms"], root["success"], root["clock"], root["release"]) == (2500, True, "real", "2.1")
    assert [(s["intent"], s["parent_id"], s["task_type"]) for s in steps] == [
        ("look", "langfuse:t:plan", "tool_call"),
        ("lost", "langfuse:t", "span"),
        ("plan", "langfuse:t", "span"),
    ]
    assert (steps[0]["params"], steps[0]["response_text"]) == ({"city": "Oslo"}, "rain")


def test_a_call_that_wraps_another_is_not_counted_twice(mapped: Mapped) -> None:
    found = export(call("outer", None, 100), call("inner", "outer", 60), call("next", None, 5))
    root, *steps = mapped("langfuse", [found])["interaction"]
    assert (root["input_tokens"], root["output_tokens"], root["cost_usd"], root["model"]) == (65, 2, 0.065, "m")
    assert [s["input_tokens"] for s in steps] == [60, 5, 100]


def test_a_sum_with_a_missing_part_is_unknown(mapped: Mapped) -> None:
    [root, *_] = mapped("langfuse", [export(call("a", None, 7), call("b", None, 7, usageDetails={}))])["interaction"]
    assert (root["input_tokens"], root["output_tokens"]) == (None, None)


def test_words_are_found_in_the_forms_of_many_frameworks(mapped: Mapped) -> None:
    parts = [{"role": "user", "parts": [{"type": "text", "content": "Tokyo?"}]}]
    said = [
        ("Hello", "Hello"),
        (json.dumps("Hello"), "Hello"),
        (json.dumps(json.dumps({"prompt": "Weather?"})), "Weather?"),
        ({"messages": [{"type": "system", "content": "Be brief"}, {"type": "human", "content": "Search"}]}, "Search"),
        (json.dumps(parts), "Tokyo?"),
        ({"args": ["Solve it"], "kwargs": {}}, "Solve it"),
        ({"odd": 1}, '{"odd":1}'),
        ("{broken", "{broken"),
        ("5 < 6", "5 < 6"),
    ]
    documents = [export(id=f"t{i}", input=given) for i, (given, _) in enumerate(said)]
    assert [e["request_text"] for e in mapped("langfuse", documents)["interaction"]] == [words for _, words in said]


def test_scores_are_feedback_on_a_scale_that_is_known_by_name(mapped: Mapped) -> None:
    scores = [
        {"id": "1", "name": "toxicity", "value": 0.8, "source": "EVAL", "timestamp": START, "comment": "rude"},
        {"id": "2", "name": "user-feedback", "value": 1, "source": "API", "dataType": "BOOLEAN"},
        {"id": "3", "name": "house style", "value": 7, "source": "ANNOTATION", "authorUserId": "ann"},
        {"id": "4", "name": "verdict", "stringValue": "good", "source": "ANNOTATION", "observationId": "plan"},
    ]
    found = mapped("langfuse", [export(observation("plan"), scores=scores)])["feedback"]
    shown = [(f["kind"], f["score"], f["score_min"], f["score_max"], f["rater"], f["clock"]) for f in found]
    assert shown == [
        ("score", 1 - 0.8, 0, 1, "evaluator", "real"),
        ("score", 1, 0, 1, "user", "synthetic"),
        ("score", 7, None, None, "expert", "synthetic"),
        ("comment", None, None, None, "expert", "synthetic"),
    ]
    assert [f["interaction_id"] for f in found] == ["langfuse:t"] * 3 + ["langfuse:t:plan"]
    assert (found[0]["attributes"]["question"], found[0]["attributes"]["value"], found[3]["comment"]) == (
        "toxicity",
        "0.8",
        "good",
    )


def test_an_error_is_told_once_where_it_happened(mapped: Mapped) -> None:
    failed = {"level": "ERROR", "statusMessage": "ValueError: no such city"}
    found = export(observation("plan", **failed), observation("look", "plan", **failed))
    events = mapped("langfuse", [found])
    assert [(e["interaction_id"], e["error_type"]) for e in events["error"]] == [("langfuse:t:look", "ValueError")]
    assert [e["success"] for e in events["interaction"]] == [False, False, False]
    unsaid = mapped("langfuse", [export(observation("plan", level="ERROR"))])["error"]
    assert [(e["error_type"], e["message"]) for e in unsaid] == [("ObservationError", None)]


def test_what_has_no_end_or_no_time_is_unknown(mapped: Mapped) -> None:
    events = mapped("langfuse", [export(observation("plan", startTime=None, endTime=None), timestamp=None)])
    root, step = events["interaction"]
    assert (root["success"], step["success"], root["duration_ms"]) == (None, None, None)
    assert (root["clock"], root["attributes"]["clock_note"], step["clock"]) == (
        "synthetic",
        "no_timestamps",
        "synthetic",
    )


def test_a_list_of_the_api_and_odd_records_do_no_harm(mapped: Mapped) -> None:
    odd = [{"trace": None}, {"id": ""}, 5, {"id": "x", "observations": [None, 3, {"id": None}], "scores": [1, {}]}]
    page = {"data": [{"id": "p", "timestamp": START, "observations": ["only an id"], "scores": []}], "meta": {}}
    events = mapped("langfuse", {"a.jsonl": odd, "b.json": [page]})
    assert [e["event_id"] for e in events["interaction"] if "unmapped" not in e] == ["langfuse:x", "langfuse:p"]
    assert sum("unmapped" in e for e in events["interaction"]) == 3


def test_ids_fit_the_contract_and_come_from_content(mapped: Mapped) -> None:
    long = export(observation("o" * 200), id="t" * 200)
    first, again = (mapped("langfuse", {name: [long]})["interaction"] for name in ("a.jsonl", "b.jsonl"))
    assert [e["event_id"] for e in first] == [e["event_id"] for e in again]
    assert max(len(e["event_id"]) for e in first) <= 128
    assert first[1]["parent_id"] == first[0]["event_id"]
