"""The rules of implicit gaps on answers that a person has read, as benchmarks/bench_implicit_gaps.py counts them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "bench_implicit_gaps.py"
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_logs = pytest.mark.skipif(not DATA.exists(), reason="the real logs of ../shared/data are not here")


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


@needs_logs
def test_answers_that_are_held_for_refusals_mostly_are(bench: ModuleType) -> None:
    found = bench.answers(list(bench.conversations()))
    assert found["labelled"] == 180
    assert found["refuses"]["precision"]["share"] >= 0.9
    assert found["falls_back"]["precision"]["share"] >= 0.9
    assert found["refuses"]["recall"]["share"] >= 0.6


@needs_logs
def test_the_labels_stand_for_all_answers_that_they_were_drawn_from(bench: ModuleType) -> None:
    talks = list(bench.conversations())
    labels = bench.read_json(bench.LABELS)["answers"]
    assert {kind for kind, _ in labels.values()} == {"refuses", "falls_back", "neither"}
    assert sum(weight for _, weight in labels.values()) == pytest.approx(124 + 20 + 1490, abs=1)
    assert 400 < len(talks) < 500


def test_in_other_languages_written_answers_are_told_apart_as_well_as_the_documentation_says(bench: ModuleType) -> None:
    """Half of them only look like refusals. `fresh` was written after the phrases: docs/gaps.md says 0.80 and 0.36."""
    found = bench.written()
    for language in ("de", "es", "fr"):
        assert found["tuned_on"][language]["in_vain"]["precision"]["share"] >= 0.9
        assert found["tuned_on"][language]["in_vain"]["recall"]["share"] >= 0.9
    assert found["fresh"]["all"]["in_vain"]["precision"]["share"] >= 0.8
    assert found["fresh"]["all"]["in_vain"]["recall"]["share"] >= 0.35


def test_written_answers_are_balanced_and_none_is_in_both_sets_or_among_the_examples_of_a_phrase(
    bench: ModuleType,
) -> None:
    sets = bench.yaml.safe_load(bench.WRITTEN.read_text("utf-8"))
    shipped = {a for each in bench.answer_phrases.load(bench.config_folder()).languages for a in _examples(each)}
    texts = [a for name in ("tuned_on", "fresh") for kinds in sets[name].values() for s in kinds.values() for a in s]
    assert len({*texts}) == len(texts)
    assert not shipped & {*texts}
    for language in ("de", "es", "fr"):
        said = [sets[name][language] for name in ("tuned_on", "fresh")]
        neither = sum(len(kinds["neither"]) for kinds in said)
        assert neither >= 30
        assert neither == sum(len(kinds["refuses"]) + len(kinds["falls_back"]) for kinds in said)


def _examples(language: Any) -> tuple[str, ...]:
    return (*language.refusals, *language.fallbacks, *language.others)
