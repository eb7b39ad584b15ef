"""A small seeded part of the simulation of whole nights: the promises hold as far as few nights can tell."""

import bench_all_findings as bench
import numpy as np


def test_few_nights_without_anything_raise_a_finding():
    rng = np.random.default_rng(5)
    assert (
        bench.bench_patterns.quiet(rng, 20, 0.0)["any"] <= 0.15
    )  # at most 5 %: four of twenty come by chance in 2 of 100


def test_what_is_planted_is_found():
    rng = np.random.default_rng(6)
    assert bench.bench_trends.found_days(rng, 60) >= 0.85
    assert bench.bench_patterns.shifted(rng, 20) >= 0.8
    assert bench.bench_trends.found_trends(rng, 30)["within_14_nights"] >= 0.65


def test_time_limits_keep_their_promise():
    assert min(bench.limits(np.random.default_rng(7), 60)) >= 0.88
