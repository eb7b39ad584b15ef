"""The rules of implicit gaps on answers that a person has read, as benchmarks/bench_implicit_gaps.py counts them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "bench_implicit_gaps.py"
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the real logs of ../shared/data are not here")


@pytest.fixture(scope="module")
def bench() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("bench_implicit_gaps", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def test_answers_that_are_held_for_refusals_mostly_are(bench: ModuleType) -> None:
    found = bench.answers(list(bench.conversations()))
    assert found["labelled"] == 180
    assert found["refuses"]["precision"]["share"] >= 0.9
    assert found["falls_back"]["precision"]["share"] >= 0.9
    assert found["refuses"]["recall"]["share"] >= 0.6


def test_the_labels_stand_for_all_answers_that_they_were_drawn_from(bench: ModuleType) -> None:
    talks = list(bench.conversations())
    labels = bench.read_json(bench.LABELS)["answers"]
    assert {kind for kind, _ in labels.values()} == {"refuses", "falls_back", "neither"}
    assert sum(weight for _, weight in labels.values()) == pytest.approx(124 + 20 + 1490, abs=1)
    assert 400 < len(talks) < 500
