"""The evaluator gives what flagd gives, tells a split from a rule, and never guesses a rule it does not know."""

import json
from pathlib import Path

import pytest

from ratchet.client.evaluation import Reason, resolve
from ratchet.client.rules import Rules, TargetingError
from ratchet.contracts.buckets import Hash

from .conftest import split

FLAGD = json.loads((Path(__file__).resolve().parents[2] / "data" / "flagd_fractional.json").read_text("utf-8"))


def value(rule, context=None, hash_=Hash.FLAGD, shared=None):
    return Rules("flag", context or {}, shared or {}, hash_).value(rule)


@pytest.mark.parametrize("case", FLAGD["cases"], ids=lambda c: f"{c['hash']}-{c['salt']}-{c['weights']}")
def test_splits_are_those_of_the_flagd_they_were_made_for(case):
    parts = [[str(index), weight] for index, weight in enumerate(case["weights"])]
    rule = {"fractional": [{"cat": [case["salt"], {"var": "targetingKey"}]}, *parts]}
    served = [value(rule, {"targetingKey": unit}, case["hash"]) for unit in FLAGD["units"]]
    assert served == [None if index == "-" else index for index in case["expected"]]


@pytest.mark.parametrize("case", [c for c in FLAGD["cases"] if c["salt"] == "flag" and c["hash"] != "flagd_v3"])
def test_the_short_form_hashes_flag_and_unit(case):
    parts = [[str(index), weight] for index, weight in enumerate(case["weights"])]
    for unit, index in zip(FLAGD["units"], case["expected"], strict=True):
        expected = None if index == "-" or not unit else index
        assert value({"fractional": parts}, {"targetingKey": unit}, case["hash"]) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"==": [1, 1]}, True),
        ({"==": ["1", 1]}, True),
        ({"==": [None, "x"]}, False),
        ({"===": ["1", 1]}, False),
        ({"!=": ["a", "b"]}, True),
        ({"!==": ["1", 1]}, True),
        ({"!": [""]}, True),
        ({"!!": "x"}, True),
        ({"!!": [[]]}, False),
        ({"in": ["b", ["a", "b"]]}, True),
        ({"in": ["b", "abc"]}, True),
        ({"in": [1, "abc"]}, False),
        ({"in": ["b", {"var": "missing"}]}, False),
        ({"<": [1, 2, 3]}, True),
        ({"<=": [1, 3, 2]}, False),
        ({">": [2, 1]}, True),
        ({">=": ["2", 1]}, False),
        ({"and": [True, "x"]}, "x"),
        ({"and": ["", "x"]}, ""),
        ({"or": ["", "x"]}, "x"),
        ({"or": ["", 0]}, 0),
        ({"if": [False, 1, True, 2, 3]}, 2),
        ({"if": [False, 1, 3]}, 3),
        ({"if": [False, 1]}, None),
        ({"cat": ["a", 1, None, True]}, "a1true"),
        ({"var": "user.name"}, "Ann"),
        ({"var": "user.tags.1"}, "b"),
        ({"var": "user.tags.9"}, None),
        ({"var": ["nothing", "else"]}, "else"),
        ({"var": "$flagd.flagKey"}, "flag"),
        ({"var": ""}, {"user": {"name": "Ann", "tags": ["a", "b"]}}),
        ({"starts_with": ["abc", "ab"]}, True),
        ({"ends_with": ["abc", "ab"]}, False),
        ({"ends_with": [1, "ab"]}, None),
        ({"sem_ver": ["2.0.0", "=", "2.0.0"]}, True),
        ({"sem_ver": ["v1.2", ">", "1.1.9"]}, True),
        ({"sem_ver": ["1.0.0-alpha.2", "<", "1.0.0-alpha.10"]}, True),
        ({"sem_ver": ["1.0.0-rc", "<", "1.0.0"]}, True),
        ({"sem_ver": ["1.0.0+build", "=", "1.0.0"]}, True),
        ({"sem_ver": ["3.1.4", "~", "3.1.0"]}, True),
        ({"sem_ver": ["3.2.0", "~", "3.1.0"]}, False),
        ({"sem_ver": ["3.9.0", "^", "3.1.0"]}, True),
        ({"sem_ver": ["nonsense", "=", "1.0.0"]}, None),
        ({"sem_ver": ["1.0.0", "===", "1.0.0"]}, None),
        ({"fractional": [{"var": "missing"}, ["a", 1]]}, None),
        ({"fractional": ["k", ["a", 0], ["b", 0]]}, None),
        ({"fractional": ["k", ["a", -5], ["b", 1]]}, "b"),
        ({"fractional": ["k", ["a", 2**31]]}, None),
        ({"fractional": ["k", [{"var": "user.name"}, 1]]}, "Ann"),
        ({"$ref": "rule"}, "shared"),
    ],
)
def test_each_operation(rule, expected):
    context = {"user": {"name": "Ann", "tags": ["a", "b"]}}
    assert value(rule, context, shared={"rule": {"cat": ["sha", "red"]}}) == expected


@pytest.mark.parametrize(
    "rule",
    [
        {"no_such_operation": [1]},
        {"var": "$flagd.timestamp"},
        {"==": [1]},
        {"in": []},
        {"$ref": "nothing"},
        {"==": [1, 1], "!=": [1, 1]},
        {"fractional": ["k", ["a", "1"]]},
        {"fractional": ["k", ["a", True]]},
        {"fractional": ["k", []]},
        {"starts_with": ["abc", 3]},
    ],
)
def test_what_is_not_known_is_never_guessed(rule):
    with pytest.raises(TargetingError):
        value(rule)


def test_a_bucket_is_a_split_and_a_group_is_a_rule():
    targeting = {
        "if": [
            *({"in": [{"var": "targetingKey"}, ["ann"]]}, "on"),
            *({"!!": [{"var": "targetingKey"}]}, {"fractional": [{"var": "targetingKey"}, ["on", 0], ["off", 1]]}),
        ]
    }
    flag = split(targeting=targeting)
    assert resolve("f", flag, {"targetingKey": "ann"}, {}).reason is Reason.TARGETING
    assert resolve("f", flag, {"targetingKey": "bob"}, {}).reason is Reason.SPLIT
    nobody = resolve("f", flag, {"targetingKey": None}, {})
    assert (nobody.variant, nobody.reason) == ("off", Reason.DEFAULT)


@pytest.mark.parametrize(
    ("flag", "variant", "reason"),
    [
        (split(state="DISABLED"), None, Reason.DISABLED),
        (split(targeting={}), "off", Reason.STATIC),
        (split(targeting={}, defaultVariant=None), None, Reason.DEFAULT),
        (split(targeting={"if": [False, "on"]}), "off", Reason.DEFAULT),
        (split(targeting={"if": [False, "on"]}, defaultVariant=None), None, Reason.DEFAULT),
        (split(targeting={"if": [True, True]}, variants={"true": 1, "off": 0}), "true", Reason.TARGETING),
    ],
)
def test_reasons(flag, variant, reason):
    found = resolve("f", flag, {"targetingKey": "u"}, {})
    assert (found.variant, found.reason) == (variant, reason)


DEEP = {"!": [True]}
for _ in range(3000):
    DEEP = {"!": [DEEP]}


@pytest.mark.parametrize(
    "targeting", [{"if": [True, "no such"]}, DEEP, {"$ref": []}, {"var": [{}]}, {"in": [{}, 5, 6]}]
)
def test_a_broken_flag_is_an_error_and_nothing_else(targeting):
    flag = split(targeting=targeting)
    try:
        found = resolve("f", flag, {"targetingKey": "u"}, {})
    except TargetingError:
        return
    assert found.reason is Reason.DEFAULT
