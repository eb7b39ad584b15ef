"""A small, seeded version of benchmarks/bench_rollouts.py."""

import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "bench_rollouts.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_rollouts", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_harm_is_rolled_back_before_most_users_get_it(bench):
    courses = [bench.course(bench.SCENARIOS[0], 150, seed) for seed in range(12)]
    assert [(c.ended, "most" in c.reached) for c in courses] == [("off", False)] * 12


def test_a_harmless_feature_reaches_everyone_stage_by_stage(bench):
    courses = [bench.course(bench.SCENARIOS[1], 150, seed) for seed in range(100, 112)]
    assert sum(c.ended == "everyone" for c in courses) >= 11
    through = ("internal", "beta", "quarter", "most", "everyone")
    assert all(c.reached == through for c in courses if c.ended == "everyone")
    assert min(c.nights for c in courses) >= 2 + 2 + 3 + 4


def test_a_feature_at_the_margin_does_not_reach_everyone(bench):
    assert all(bench.course(bench.SCENARIOS[3], 40, seed).ended != "everyone" for seed in range(200, 206))
