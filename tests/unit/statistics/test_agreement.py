import itertools
from collections import Counter

import numpy as np
import pytest

from ratchet.statistics.agreement import Distance, krippendorff_alpha


def alpha(items, distance):
    sets = Counter(tuple(sorted(each)) for each in items)
    return krippendorff_alpha(list(sets), list(sets.values()), distance)


# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): four observers, twelve units, some missing
OBSERVERS = ("1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 .")
UNITS = [tuple(float(v) for v in each if v != ".") for each in zip(*(o.split() for o in OBSERVERS), strict=True)]


@pytest.mark.parametrize(("distance", "published"), [(Distance.NOMINAL, 0.743), (Distance.INTERVAL, 0.849)])
def test_the_published_example_with_missing_ratings(distance, published):
    found = alpha([u for u in UNITS if len(u) > 1], distance)
    assert found.number == pytest.approx(published, abs=5e-4)
    assert (found.n, found.low < found.number < found.high <= 1) == (11, True)


def test_two_raters_by_equality_are_scotts_pi_for_small_samples():
    pairs = [(1, 1)] * 20 + [(2, 2)] * 15 + [(1, 2)] * 10
    ones, n = 20 * 2 + 10, 90
    expected = (ones * (n - ones) * 2) / (n * (n - 1))
    assert alpha(pairs, Distance.NOMINAL).number == pytest.approx(1 - (10 / 45) / expected)


def test_the_jackknife_equals_leaving_one_item_out_after_the_other():
    rng = np.random.default_rng(5)
    items = [tuple(rng.choice([0.0, 5.0, 10.0], 3, p=[0.5, 0.2, 0.3])) for _ in range(40)]
    items += [(0.0, 0.0, 0.0)] * 30
    found = alpha(items, Distance.INTERVAL)
    without = [alpha([x for j, x in enumerate(items) if j != i], Distance.INTERVAL).number for i in range(len(items))]
    error = np.sqrt(69 / 70 * np.sum((np.array(without) - np.mean(without)) ** 2))
    assert found.high - found.number == pytest.approx(1.99495 * error, rel=1e-4)


def test_chance_is_zero_and_the_interval_covers_it():
    rng = np.random.default_rng(11)
    covered = []
    for _ in range(200):
        found = alpha([tuple(rng.choice([0.0, 10.0], 3)) for _ in range(60)], Distance.NOMINAL)
        covered.append(found.low <= 0 <= found.high)
    assert 0.90 <= np.mean(covered) <= 0.99


@pytest.mark.parametrize(
    ("items", "why"), [([(1.0, 2.0)] * 9, "fewer than 10"), ([(5.0, 5.0)] * 20, "all ratings are the same")]
)
def test_what_cannot_be_told_says_why(items, why):
    assert why in alpha(items, Distance.INTERVAL).as_record()["reason"]


def test_the_order_of_sets_and_of_ratings_does_not_matter():
    items = [(0.0, 5.0, 10.0), (5.0, 5.0, 0.0), (10.0, 10.0, 5.0)] * 6
    assert len({alpha(list(order) * 6, Distance.INTERVAL).number for order in itertools.permutations(items[:3])}) == 1
