"""The catalogue of learning patterns: complete, safe, and how well it reads labelled texts."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pytest
import yaml

from ratchet.errors import SettingsError
from ratchet.learning_patterns import FILE, Catalogue, load
from ratchet.settings import config_folder

LABELLED = Path(__file__).resolve().parents[1] / "data" / "learning_patterns.yaml"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(config_folder())


@pytest.fixture(scope="module")
def found(catalogue: Catalogue):  # type: ignore[no-untyped-def]
    """Return which indicators DuckDB finds in a text, by name."""
    with duckdb.connect() as connection:

        def names(text: str) -> set[str]:
            tests = ", ".join("regexp_matches($text, '{}', 'i')".format(i.regex.replace("'", "''")) for _, i in pairs)
            row = connection.execute(f"select {tests}", {"text": text}).fetchall()[0]
            return {indicator.name for (_, indicator), hit in zip(pairs, row, strict=True) if hit}

        pairs = catalogue.indicators
        yield names


def test_the_catalogue_is_that_of_the_document(catalogue: Catalogue) -> None:
    assert {(p.category, p.name): len(p.indicators) for p in catalogue.patterns} == {
        ("security", "input_validation"): 3,
        ("security", "authentication"): 3,
        ("security", "data_protection"): 3,
        ("quality", "error_handling"): 3,
        ("quality", "code_structure"): 3,
        ("quality", "documentation"): 3,
        ("performance", "optimization"): 3,
        ("performance", "scalability"): 3,
        ("prompt_optimization", "clarity"): 3,
        ("prompt_optimization", "efficiency"): 3,
    }
    assert len({i.name for _, i in catalogue.indicators}) == 30


def test_every_indicator_finds_its_own_name_and_no_counterexample(catalogue: Catalogue, found) -> None:  # type: ignore[no-untyped-def]
    for _, indicator in catalogue.indicators:
        assert indicator.name in found(indicator.name)
        assert [text for text in indicator.counterexamples if indicator.name in found(text)] == []


def test_precision_and_recall_on_labelled_texts(catalogue: Catalogue, found) -> None:  # type: ignore[no-untyped-def]
    labelled = yaml.safe_load(LABELLED.read_text("utf-8"))
    pairs = [(label, found(text)) for label, texts in labelled.items() for text in texts]
    right = sum(label in names for label, names in pairs)
    claimed = sum(len(names) for _, names in pairs)
    wanted = sum(label != "none" for label, _ in pairs)
    assert (claimed, right, wanted) == tuple(catalogue.measured.model_dump().values())
    assert right / claimed >= 0.95
    assert 0.75 <= right / wanted < 1  # the set holds texts that the expressions do not know


def test_an_expression_that_would_backtrack_takes_linear_time() -> None:
    with duckdb.connect() as connection:
        started = time.process_time()
        connection.execute("select regexp_matches(repeat('a', 100000) || 'b', '^(a+)+$')").fetchall()
        assert time.process_time() - started < 2


@pytest.mark.parametrize("regex", ["(?=x)", "(?<!a)b", r"(a)\1", "(", "a++", ""])
def test_what_re2_does_not_know_is_refused_in_one_line(tmp_path: Path, regex: str) -> None:
    text = yaml.safe_load((config_folder() / FILE).read_text("utf-8"))
    text["patterns"][0]["indicators"][0]["regex"] = regex
    (tmp_path / FILE).write_text(yaml.safe_dump(text), "utf-8")
    with pytest.raises(SettingsError, match=r"patterns.0.indicators.0.regex: ") as refused:
        load(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_folder_without_a_catalogue_has_the_one_that_is_shipped(tmp_path: Path, catalogue: Catalogue) -> None:
    assert load(tmp_path) == catalogue


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    text = (config_folder() / FILE).read_text("utf-8").replace("    description:", "    descripton:", 1)
    (tmp_path / FILE).write_text(text, "utf-8")
    with pytest.raises(SettingsError, match="did you mean description"):
        load(tmp_path)
