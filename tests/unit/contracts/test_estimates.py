from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ratchet.contracts.estimates import Estimate, as_record
from ratchet.contracts.names import LONGEST, bounded, in_words
from ratchet.errors import NotComputable


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Finding:
    day: date
    share: Estimate
    colours: tuple[Colour, ...]


def test_an_estimate_has_the_same_four_keys_whether_it_could_be_computed_or_not():
    assert Estimate(0.5, 8, 0.2, 0.8).as_record() == {"value": 0.5, "n": 8, "low": 0.2, "high": 0.8}
    assert Estimate(NotComputable("no data"), 3).as_record() == {
        "value": None, "n": 3, "low": None, "high": None, "reason": "no data"
    }  # fmt: skip


def test_a_result_of_records_becomes_plain_json():
    found = Finding(date(2026, 11, 20), Estimate(1.0, 2, note="complete"), (Colour.RED,))
    assert as_record({"found": [found]}) == {
        "found": [
            {
                "day": "2026-11-20",
                "share": {"value": 1.0, "n": 2, "low": None, "high": None, "reason": "complete"},
                "colours": ["red"],
            }
        ]
    }


def test_a_long_name_is_bounded_and_stays_different_from_others():
    first, second = ("x" * 9_000 + end for end in "ab")
    assert bounded(first) != bounded(second)
    assert len(bounded(first)) == LONGEST
    assert bounded("short") == "short"


def test_a_name_in_a_sentence_is_one_short_line():
    assert in_words("  a\n\tb\x00\u2028c ") == "a b c"
    assert in_words("word " * 40) == f"{('word ' * 16)[:79].rstrip()}…"
