"""The scorer of benchmarks/bench_nab.py follows the benchmark's rules; the night's detector on one of its series."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "bench_nab.py"


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_nab", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def raised(n: int, *places: int) -> np.ndarray:
    found = np.zeros(n, dtype=bool)
    found[list(places)] = True
    return found


@pytest.fixture
def series(bench):
    return bench.Series("one", np.zeros(1_000), 12, ((400, 499), (800, 899)))


def test_a_detector_that_never_speaks_gets_nothing_and_a_perfect_one_all(bench, series):
    assert bench.nab_score([series], [raised(1_000)]) == 0
    assert bench.nab_score([series], [raised(1_000, 400, 800)]) == pytest.approx(100)


def test_an_alarm_is_worth_less_the_later_it_comes(bench, series):
    early, middle, late = (bench.nab_score([series], [raised(1_000, at, 800)]) for at in (400, 450, 499))
    assert early > middle > late > bench.nab_score([series], [raised(1_000, 800)])
    worth = 2 / (1 + np.exp(-5 * 0.5)) - 1
    assert middle == pytest.approx(100 * (worth / bench.value_of(-1.0) + 1 + 2) / 4)


def test_only_the_first_alarm_of_a_window_counts(bench, series):
    assert bench.raw_score(series, raised(1_000, 400, 450, 499, 800)) == bench.raw_score(
        series, raised(1_000, 400, 800)
    )


def test_a_false_alarm_costs_less_right_behind_a_window(bench, series):
    before, behind, far = (bench.raw_score(series, raised(1_000, 400, 800, at)) for at in (300, 510, 799))
    assert before == pytest.approx(2 - 0.11)
    assert behind == pytest.approx(2 + 0.11 * (2 / (1 + np.exp(5 * 11 / 99)) - 1))
    assert far == pytest.approx(2 - 0.11, abs=1e-3)


def test_probation_is_fifteen_per_cent_of_at_most_5000_values(bench, series):
    assert [bench.probation(n) for n in (1_000, 4_032, 20_000)] == [150, 604, 750]
    assert bench.nab_score([series], [raised(1_000, 0, 149)]) == 0


def test_precision_and_recall_count_alarms_and_windows(bench, series):
    found = bench.quality([series], [raised(1_000, 300, 410, 420, 800)])
    assert (found["precision"], found["recall"]) == (0.75, 1.0)
    assert found["false_alarms_per_1000_points"] == pytest.approx(1_000 / 850)


def test_what_the_night_uses_is_scored_on_real_series(bench):
    if not bench.DATA.exists():
        pytest.skip(f"needs {bench.DATA}")
    corpus = bench.load(bench.DATA)
    assert (len(corpus), sum(len(s.windows) for s in corpus)) == (34, 50)
    told = [bench.alarms(bench.scores(s), bench.THRESHOLD, bench.QUIET_HOURS * s.hour) for s in corpus]
    assert bench.nab_score(corpus, told) >= 60
    some = corpus[::8]
    gaussian = bench.best(some, [bench.windowed_gaussian(s.values) for s in some])
    assert 0 < gaussian["score"] < bench.nab_score(some, list(told[::8]))
