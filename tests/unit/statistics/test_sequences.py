"""Frequent sequences: equal to published results of PrefixSpan and Seq2Pat, and to a count by hand."""

from __future__ import annotations

import gzip
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from ratchet.statistics.sequences import Sessions, frequent, rule, sessions_of

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"


def made(sequences: list[list[int]], weights: list[float] | None = None) -> Sessions:
    actions = np.array([a for s in sequences for a in s], dtype=int)
    lengths = np.array([len(s) for s in sequences])
    return sessions_of(actions, lengths, np.array(weights or [1.0] * len(sequences)))


def data(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs {path}")
    return path


def test_sequences_are_those_prefixspan_publishes() -> None:
    example = json.loads(data("prefixspan_reference/readme_example.json").read_text())
    found = frequent(made(example["sequences"]), example["minsup"], longest=9)
    assert found == {tuple(e["pattern"]): e["support"] for e in example["expected"]}


def test_sequences_are_those_seq2pat_publishes() -> None:
    lines = gzip.decompress(data("seq2pat_sequences/input.txt.gz").read_bytes()).decode().splitlines()
    published = data("seq2pat_sequences/no_constraints_results.txt").read_text().splitlines()
    expected = {tuple(row[:-1]): row[-1] for row in ([int(v) for v in line.split()] for line in published)}
    sequences = [[int(v) for v in line.split()] for line in lines]
    least = min(expected.values())
    found = frequent(made(sequences), least, longest=8, shortest=2)
    assert {pattern: support for pattern, support in found.items() if pattern in expected} == expected
    assert len(found) == len(expected)


def by_hand(sequences: list[list[int]], pattern: tuple[int, ...], max_gap: int | None) -> int:
    def fits(places: tuple[int, ...]) -> bool:
        return max_gap is None or all(b - a <= max_gap + 1 for a, b in itertools.pairwise(places))

    return sum(
        any(
            tuple(s[i] for i in places) == pattern and fits(places)
            for places in itertools.combinations(range(len(s)), len(pattern))
        )
        for s in sequences
    )


@pytest.mark.parametrize("max_gap", [None, 0, 1])
def test_every_sequence_is_counted_as_one_would_by_hand(max_gap: int | None) -> None:
    rng = np.random.default_rng(4)
    sequences = [rng.integers(0, 3, rng.integers(0, 8)).tolist() for _ in range(40)]
    found = frequent(made(sequences), 1, longest=3, max_gap=max_gap)
    every = [p for n in (1, 2, 3) for p in itertools.product(range(3), repeat=n)]
    assert found == {p: n for p in every if (n := by_hand(sequences, p, max_gap))}


def test_a_session_may_stand_for_many_and_unnamed_actions_only_hold_a_place() -> None:
    found = frequent(made([[1, -1, 2], [1, 2]], [5, 2]), 1, longest=2, max_gap=0)
    assert found == {(1,): 7, (2,): 7, (1, 2): 2}


def test_confidence_lift_and_fisher_are_those_of_the_table() -> None:
    sequences = [[1, 2]] * 8 + [[1]] * 2 + [[2]] * 3 + [[3]] * 7
    found = rule(made(sequences), (1, 2))
    assert (found.support, found.confidence) == (0.4, 0.8)
    assert found.lift == pytest.approx(0.8 / 0.55)
    assert found.co_p == pytest.approx(stats.fisher_exact([[8, 2], [3, 7]], alternative="greater")[1])
    assert found.order_p == pytest.approx(0.5**8)


def test_company_alone_is_no_order() -> None:
    sequences = [[1, 2], [2, 1]] * 20 + [[3]] * 40
    found = rule(made(sequences), (1, 2))
    assert found.co_p < 0.001
    assert found.p > 0.5
    assert rule(made([[1, 1]] * 30), (1, 1)).p == 1.0


@pytest.mark.parametrize("between", [0, 62, 63, 64, 130])
def test_long_sessions_are_counted_whole(between: int) -> None:
    sessions = made([[1] + [3] * between + [2], [2, 1]])
    assert (1, 2) in frequent(sessions, 1, longest=2)
    assert ((1, 2) in frequent(sessions, 1, longest=2, max_gap=62)) == (between <= 62)
