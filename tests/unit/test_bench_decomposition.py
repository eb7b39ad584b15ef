"""The generalised ESD test of benchmarks/bench_decomposition.py gives the values that its author published."""

import bench_decomposition as bench
import numpy as np
import pytest

# fmt: off
ROSNER = np.array([  # Rosner 1983, table 1
    -0.25, 0.68, 0.94, 1.15, 1.20, 1.26, 1.26, 1.34, 1.38, 1.43, 1.49, 1.49, 1.55, 1.56, 1.58, 1.65, 1.69, 1.70,
    1.76, 1.77, 1.81, 1.91, 1.94, 1.96, 1.99, 2.06, 2.09, 2.10, 2.14, 2.15, 2.23, 2.24, 2.26, 2.35, 2.37, 2.40,
    2.47, 2.54, 2.62, 2.64, 2.90, 2.92, 2.92, 2.93, 3.21, 3.26, 3.30, 3.59, 3.68, 4.30, 4.64, 5.34, 5.42, 6.01,
])
# fmt: on


def test_its_steps_are_those_of_the_published_example():
    taken = bench.steps(ROSNER, 10, 0.05)
    assert [d for _, d, _ in taken[:4]] == pytest.approx([3.118906, 2.942973, 3.179424, 2.810181], abs=2e-6)
    assert [c for _, _, c in taken[:4]] == pytest.approx([3.158794, 3.151430, 3.143890, 3.136165], abs=2e-6)
    assert [ROSNER[place] for place in bench.esd(ROSNER, 10, 0.05)] == [6.01, 5.42, 5.34]


def test_noise_has_no_outlier_and_a_planted_day_is_one():
    rng = np.random.default_rng(3)
    values = bench.bench_trends.series(rng)
    assert not bench.is_outlier(bench.expected_by_stl(values))
    values[-1] += 1.0
    assert bench.is_outlier(bench.expected_by_stl(values))
