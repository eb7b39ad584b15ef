import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.statistics.words import distinctive


def test_a_word_of_one_group_stands_out_and_a_common_word_does_not():
    slow = ["the export is slow"] * 12
    others = ["the answer is wrong"] * 40 + ["the tone is rude"] * 20
    found = distinctive(slow, others)
    assert [w.word for w in found] == ["export", "slow"]
    assert (found[0].texts, found[0].texts_elsewhere) == (12, 0)


def test_the_score_is_monroes_log_odds_by_hand():
    found = distinctive(["aaa bbb"] * 6, ["bbb ccc"] * 6, z=0)
    prior = {"aaa": 6.0, "bbb": 12.0, "ccc": 6.0}
    odds = math.log((6 + prior["aaa"]) / (12 + 24 - 6 - prior["aaa"])) - math.log(6 / (12 + 24 - 6))
    assert found[0].word == "aaa"
    assert found[0].z == pytest.approx(odds / math.sqrt(1 / 12 + 1 / 6))


def test_one_long_text_does_not_decide():
    assert distinctive(["rant " * 500, "fine words"], ["fine words"] * 9) == ()


def test_placeholders_of_redaction_are_no_words():
    assert not distinctive(["<EMAIL> [PHONE_NUMBER] xyzzy"] * 9, ["plain comment"] * 30, z=0)[1:]


@pytest.mark.parametrize(
    ("texts", "others"), [([], ["a word"]), (["a word"], []), (["", "!!"], ["??"]), (["one"], ["one"])]
)
def test_nothing_to_compare_gives_nothing(texts, others):
    assert distinctive(texts, others) == ()


@given(st.lists(st.text(), max_size=8), st.lists(st.text(), max_size=8), st.randoms())
def test_the_order_of_texts_does_not_matter(texts, others, shuffle):
    found = distinctive(texts, others, z=0, min_texts=1)
    shuffle.shuffle(texts)
    assert distinctive(texts, others, z=0, min_texts=1) == found
