"""Assignments equal those of the tools themselves, and one unit gets what many get."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratchet.contracts import bucket_arrays, buckets
from ratchet.contracts.buckets import BUCKETINGS, NOBODY, Hash

TESTS = Path(__file__).resolve().parents[2]
FLAGD = json.loads((TESTS / "data" / "flagd_fractional.json").read_text("utf-8"))
GROWTHBOOK = TESTS.parent.parent / "shared" / "data" / "growthbook_sdk_cases" / "cases.json"


@pytest.fixture(scope="module")
def growthbook():
    if not GROWTHBOOK.exists():
        pytest.skip(f"{GROWTHBOOK} is not beside this checkout")
    return json.loads(GROWTHBOOK.read_text("utf-8"))


@pytest.mark.parametrize(
    ("key", "hashed"),
    [
        ("", 0),
        ("test", 0xBA6BD213),
        ("hello", 0x248BFA47),
        ("Hello, world!", 0xC0363E43),
        ("The quick brown fox jumps over the lazy dog", 0x2E4FF723),
    ],
)
def test_murmur3_gives_the_published_values(key, hashed):
    assert buckets.murmur3(key) == buckets.murmur3(key.encode()) == hashed
    assert bucket_arrays.murmur3([key.encode()])[0] == hashed


@pytest.mark.parametrize(("text", "hashed"), [("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)])
def test_fnv1a_gives_the_published_values(text, hashed):
    assert buckets.fnv1a(text) == bucket_arrays.fnv1a([text])[0] == hashed


@pytest.mark.parametrize(
    ("size", "head"), [(0, "60"), (23, "77"), (24, "7818"), (255, "78ff"), (256, "790100"), (65536, "7a00010000")]
)
def test_cbor_text_has_the_shortest_head(size, head):
    assert buckets.cbor_text("x" * size).hex() == head + "78" * size


@pytest.mark.parametrize("case", FLAGD["cases"], ids=lambda c: f"{c['hash']}-{c['salt']}-{c['weights']}")
def test_every_unit_gets_what_flagd_itself_gives_it(case):
    expected = [NOBODY if index == "-" else int(index) for index in case["expected"]]
    hash_, salt, weights = Hash(case["hash"]), case["salt"], case["weights"]
    assert bucket_arrays.assign(hash_, salt, FLAGD["units"], weights).tolist() == expected
    assert [buckets.assign(hash_, salt, unit, weights) for unit in FLAGD["units"]] == expected


def test_growthbook_hashes(growthbook):
    assert len(growthbook["hash"]) == 8
    for seed, value, version, expected in growthbook["hash"]:
        assert buckets.growthbook_hash(seed, value, version) == expected
        if expected is not None:
            hash_ = Hash(f"growthbook_v{version}")
            scale = 1000 if version == 1 else 10000
            assert bucket_arrays.numbers(hash_, seed, [value])[0] / scale == expected
            assert BUCKETINGS[hash_].number(seed, value) / scale == expected


def test_growthbook_bucket_ranges(growthbook):
    for name, (variations, coverage, weights), expected in growthbook["getBucketRange"]:
        ranges = buckets.bucket_ranges(variations, coverage, weights)
        assert len(ranges) == len(expected), name
        for got, wanted in zip(ranges, expected, strict=True):
            assert got == pytest.approx(tuple(wanted), abs=1e-9), name


def test_growthbook_variation_choice(growthbook):
    for name, number, ranges, expected in growthbook["chooseVariation"]:
        assert buckets.choose_variation(number, ranges) == expected, name


def test_growthbook_namespaces(growthbook):
    for name, unit, namespace, expected in growthbook["inNamespace"]:
        assert buckets.in_namespace(unit, *namespace) is expected, name


def test_growthbook_equal_weights(growthbook):
    for variations, expected in growthbook["getEqualWeights"]:
        assert buckets.equal_weights(variations) == pytest.approx(expected, abs=1e-6)


SIMPLE = {"key", "variations", "weights", "hashVersion", "seed"}


def test_growthbook_experiments_assign_whole_users(growthbook):
    """Every published experiment that only hashes is assigned as the SDK does it, by both paths."""
    seen = 0
    for name, context, experiment, value, in_experiment, hashed in growthbook["run"]:
        unit = context["attributes"].get("id")
        if not (set(experiment) <= SIMPLE and set(context) == {"attributes"} and in_experiment and hashed and unit):
            continue
        weights = [round(100 * w) for w in experiment.get("weights", [1] * len(experiment["variations"]))]
        hash_ = Hash(f"growthbook_v{experiment.get('hashVersion', 1)}")
        salt = experiment.get("seed", experiment["key"])
        index = buckets.assign(hash_, salt, unit, weights)
        assert experiment["variations"][index] == value, name
        assert bucket_arrays.assign(hash_, salt, [unit], weights).tolist() == [index]
        seen += 1
    assert seen >= 15


HOSTILE = st.text(st.characters(exclude_categories=()), max_size=40) | st.sampled_from(
    ["x" * 1000, "\ud800", "😀" * 80]
)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(BUCKETINGS)),
    HOSTILE,
    st.lists(HOSTILE, max_size=12),
    st.lists(st.integers(0, 1000), min_size=1, max_size=6),
)
def test_one_unit_gets_what_many_get(hash_, salt, units, weights):
    many = bucket_arrays.assign(hash_, salt, units, weights)
    assert many.tolist() == [buckets.assign(hash_, salt, unit, weights) for unit in units]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 100), min_size=2, max_size=6).map(sorted), st.text(max_size=8))
def test_nobody_moves_when_a_weight_grows(stages, salt):
    units = [f"unit-{i}" for i in range(300)]
    inside = [set(np.flatnonzero(bucket_arrays.assign(Hash.FLAGD, salt, units, [s, 100 - s]) == 0)) for s in stages]
    assert all(before <= after for before, after in itertools.pairwise(inside))


@pytest.mark.parametrize("hash_", sorted(BUCKETINGS))
def test_shares_are_the_weights(hash_):
    units = [f"user-{i}" for i in range(40_000)]
    shares = np.bincount(bucket_arrays.assign(hash_, "salt.", units, [1, 2, 5]), minlength=3) / len(units)
    assert shares == pytest.approx([0.125, 0.25, 0.625], abs=0.01)


@pytest.mark.parametrize("hash_", sorted(BUCKETINGS))
def test_no_weight_is_nobody(hash_):
    assert buckets.assign(hash_, "", "u", [0, 0]) == bucket_arrays.assign(hash_, "", ["u"], [0, 0])[0] == NOBODY


def test_an_unknown_way_of_hashing_is_not_guessed():
    with pytest.raises(KeyError):
        buckets.assign(Hash.NONE, "", "u", [1])
    with pytest.raises(KeyError):
        bucket_arrays.assign(Hash.NONE, "", ["u"], [1])


def test_a_new_tool_is_one_entry(monkeypatch):
    mine = buckets.Bucketing(lambda salt, unit: len(salt + unit) % 2, lambda number, weights: number)
    monkeypatch.setattr(buckets, "BUCKETINGS", BUCKETINGS | {Hash.NONE: mine})
    monkeypatch.setattr(bucket_arrays, "BUCKETINGS", BUCKETINGS | {Hash.NONE: mine})
    assert buckets.assign(Hash.NONE, "", "u", [1, 1]) == 1
    assert bucket_arrays.assign(Hash.NONE, "", ["u", "uu"], [1, 1]).tolist() == [1, 0]
