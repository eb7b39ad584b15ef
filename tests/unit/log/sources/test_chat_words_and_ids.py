"""What was said, the sums over answers, and ids that come from content."""

from __future__ import annotations

from datetime import date

from .chats import ANSWER, SOURCE, USER, asks, call, conversation, roots, tool
from .conftest import Mapped


def test_content_comes_as_text_parts_or_null(mapped: Mapped) -> None:
    parts = [{"type": "text", "text": "one"}, {"type": "image_url", "image_url": {"url": "x"}}, "two"]
    record = {
        "messages": [
            {"role": "system", "content": "rules"},
            {"role": "user", "content": None},
            {"role": "user", "content": parts},
            {"role": "assistant", "content": [{"type": "text", "text": {"value": "three"}}]},
            {"role": "assistant", "content": None},
        ]
    }
    [root] = roots(mapped(SOURCE, [record]))
    assert (root["request_text"], root["response_text"]) == ("one\ntwo", "three")


def test_an_answer_that_is_itself_json_is_unwrapped_and_counted(mapped: Mapped) -> None:
    wrapped = {"role": "assistant", "content": '{"thought": "hm", "response": "Yes."}'}
    plain = {"role": "assistant", "content": '{"rows": 3}'}
    events = mapped(SOURCE, [{"messages": [USER, wrapped]}, {"messages": [USER, plain]}])
    assert [r["response_text"] for r in roots(events)] == ["Yes.", '{"rows": 3}']
    assert [r["attributes"]["json_answers"] for r in roots(events)] == [1, 1]


def test_sums_need_every_answer_to_carry_the_number(mapped: Mapped) -> None:
    priced = {**ANSWER, "usage": {"input_tokens": 5, "output_tokens": 3}, "cost": 0.5}
    events = mapped(SOURCE, [{"messages": [USER, priced, USER, priced]}, {"messages": [USER, priced, USER, ANSWER]}])
    full, partial = roots(events)
    assert (full["input_tokens"], full["output_tokens"], full["cost_usd"]) == (10, 6, 1.0)
    assert (partial["input_tokens"], partial["output_tokens"], partial["cost_usd"]) == (None, None, None)


def test_ids_come_from_content_and_not_from_where_or_when_it_landed(mapped: Mapped) -> None:
    record = conversation(asks(call()), tool("Error: x"), reward=1)
    here = mapped(SOURCE, {"a.json": [record]})
    there = mapped(SOURCE, {"other/b.jsonl": [conversation(note="another"), record]}, landed=date(2026, 11, 21))
    ids = {e["event_id"] for events in here.values() for e in events}
    assert ids < {e["event_id"] for events in there.values() for e in events}


def test_the_same_conversation_twice_in_a_file_is_two_and_twice_in_two_files_is_one(mapped: Mapped) -> None:
    record = conversation()
    assert len({r["event_id"] for r in roots(mapped(SOURCE, {"a.json": [record, record]}))}) == 2
    assert len({r["event_id"] for r in roots(mapped(SOURCE, {"a.json": [record], "b.json": [record]}))}) == 1


def test_layout_of_the_json_does_not_change_an_id(mapped: Mapped) -> None:
    dated = conversation(id="c", created=1763625600)
    reordered = dict(reversed(list(dated.items())))
    assert len({r["event_id"] for r in roots(mapped(SOURCE, {"a.json": [dated], "b.json": [reordered]}))}) == 1


def test_a_number_as_id_names_no_session_since_it_repeats_from_file_to_file(mapped: Mapped) -> None:
    first, second = roots(mapped(SOURCE, [conversation(id=1), conversation(id="c-1")]))
    assert (first["session_id"], first["attributes"]["record_id"]) == (first["event_id"], "1")
    assert second["session_id"] == "c-1"
