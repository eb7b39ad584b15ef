"""Tests of `fix.py`."""

from __future__ import annotations

from typing import Any

from ratchet.generate.families.templates import context_length as fix


class ExampleError(Exception):
    """Stands for the error in the log."""


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    """The middle goes, and a mark says so."""
    text = "a" * fix.MOST_CHARACTERS + "z" * fix.MOST_CHARACTERS
    mended = fix.mend(ExampleError("long"), {"prompt": text, "n": 1})
    assert mended is not None
    assert fix.size(mended) <= fix.MOST_CHARACTERS
    said = str(mended["prompt"])
    assert (said[0], said[-1], mended["n"]) == ("a", "z", 1)
    assert fix.MARK in said


def test_the_oldest_messages_go_first() -> None:
    """The first and the last message stay as they are."""
    length = fix.MOST_CHARACTERS // 3
    texts = ["s" * 9, "o" * length, "o" * length, "o" * length, "last"]
    messages: list[dict[str, Any]] = [{"content": text} for text in texts]
    mended = fix.mend(ExampleError("long"), {"messages": messages})
    assert mended is not None
    assert mended["messages"][0] == messages[0]
    assert mended["messages"][-1] == messages[-1]
    assert len(messages) == 5


def test_a_short_text_is_left_alone() -> None:
    """What fits is not the reason of the error."""
    assert fix.mend(ExampleError("long"), {"prompt": "short"}) is None
