from __future__ import annotations

from typing import Any

from .conftest import Mapped


def comparison(**more: Any) -> dict[str, Any]:
    return {"instruction": "Shorten", "input": "", "response1": "a", "response2": "b", "cmp_key": "m1_m2"} | more


def test_a_verdict_is_a_score_of_both_answers(mapped: Mapped) -> None:
    events = mapped("ratings", [comparison(annotator1=1, annotator2=0, annotator3=2)])
    one, two = events["interaction"]
    assert (one["request_text"], one["response_text"], one["model"], two["model"]) == ("Shorten", "a", "m1", "m2")
    scores = {(f["interaction_id"] == two["event_id"], f["rater_id"]): f["score"] for f in events["feedback"]}
    assert scores == {
        (False, "annotator1"): 2,
        (True, "annotator1"): 0,
        (False, "annotator2"): 1,
        (True, "annotator2"): 1,
        (False, "annotator3"): 0,
        (True, "annotator3"): 2,
    }
    assert {(f["kind"], f["score_min"], f["score_max"], f["rater"]) for f in events["feedback"]} == {
        ("score", 0, 2, "expert")
    }
    assert len({f["attributes"]["item_id"] for f in events["feedback"]}) == 1
    assert {e["clock"] for e in (one, two)} == {"synthetic"}


def test_a_verdict_of_another_kind_has_no_score_and_a_missing_one_none_at_all(mapped: Mapped) -> None:
    found = mapped("ratings", [comparison(rater_1="left", rater_2=None, rater_3=2)])["feedback"]
    assert [(f["rater_id"], f["score"], f["attributes"]["verdict"]) for f in found] == [
        ("rater_1", None, "left"),
        ("rater_1", None, "left"),
        ("rater_3", 0, "2"),
        ("rater_3", 2, "2"),
    ]


def test_an_empty_answer_is_an_answer(mapped: Mapped) -> None:
    events = mapped("ratings", [comparison(response1="", annotator1=2)])
    assert [e["response_text"] for e in events["interaction"]] == [None, "b"]
    assert len(events["feedback"]) == 2


def test_the_same_comparison_has_the_same_id_whoever_judges_it(mapped: Mapped) -> None:
    events = mapped(
        "ratings", [comparison(annotator1=1), comparison(annotator2=2), comparison(input="x", annotator1=1)]
    )
    ids = [e["event_id"] for e in events["interaction"]]
    assert ids[:2] == ids[2:4] != ids[4:]


def test_single_ratings_are_about_what_was_logged(mapped: Mapped) -> None:
    given = [
        {"interaction_id": "i", "rater": "ann", "rating": 4, "timestamp": "2026-11-19T08:00:00Z"},
        {"interaction_id": "i", "annotator": "bo", "score": 70, "score_min": 0, "score_max": 100, "question": "tone"},
        {"interaction_id": "i", "thumb": "up", "rater_kind": "user"},
        {"interaction_id": "i", "comment": "too long"},
    ]
    found = mapped("ratings", [{"ratings": given}])["feedback"]
    shown = {f["kind"]: (f["rater_id"], f["rater"], f["clock"], f["attributes"].get("question")) for f in found}
    assert shown == {
        "rating": ("ann", "expert", "real", None),
        "score": ("bo", "expert", "synthetic", "tone"),
        "thumb": (None, "user", "synthetic", None),
        "comment": (None, "expert", "synthetic", None),
    }


def test_what_is_neither_is_refused_and_said(mapped: Mapped) -> None:
    odd = [{}, 7, comparison(), {"interaction_id": "i"}, {"rating": 3}, {"response1": "a", "annotator1": 1}]
    events = mapped("ratings", odd)
    assert [("unmapped" in e) for e in events["interaction"]] == [True] * 6
    assert events["feedback"] == []
