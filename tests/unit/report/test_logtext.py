from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.report.logtext import LIMIT, Logged, has_right_to_left, logged, shortened, text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand  more ", "two lines and more"),
        ("bell\x07 nul\x00", "bell·U+0007· nul·U+0000·"),
        ("over\u202eride", "over·U+202E·ride"),
        ("lone \ud800", "lone ·U+D800·"),
        ("tag \U000e0041", "tag ·U+E0041·"),
        ("", "(none)"),
        (None, "(none)"),
        (42, "42"),
        ("a" + "\u0301" * 40, "a" + "\u0301" * 3),
        ("👩‍👩‍👧 שלום", "👩‍👩‍👧 שלום"),
    ],
)
def test_nothing_from_a_log_can_hide_or_reorder(raw: object, shown: str) -> None:
    assert logged(raw) == shown


def test_a_name_of_ten_thousand_characters_is_cut_and_counted() -> None:
    found = logged("x" * 10_000)
    assert found.startswith("x" * LIMIT)
    assert found.endswith("… [10,000 characters]")
    assert len(shortened(found)) == 80


def test_a_cut_falls_between_graphemes() -> None:
    assert shortened("ab" + "e\u0301" * 10, 6) == "abe\u0301…"


def test_a_sentence_knows_what_came_from_a_log() -> None:
    sentence = text("about ", logged("<b>"), ".")
    assert sentence == "about <b>."
    assert [isinstance(p, Logged) for p in sentence.parts] == [False, True, False]


def test_right_to_left_is_noticed() -> None:
    assert has_right_to_left("abc שלום")
    assert not has_right_to_left("abc")


@given(st.text(max_size=600))
def test_any_text_becomes_one_short_line_that_can_be_encoded(raw: str) -> None:
    found = logged(raw)
    assert found.encode("utf-8")
    assert "\n" not in found
    assert len(shortened(found)) <= 80
