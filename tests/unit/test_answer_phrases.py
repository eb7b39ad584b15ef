"""The phrases by which answers say no: every example of every language, and nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
import yaml

from ratchet.answer_phrases import FILE, AnswerPhrases, load
from ratchet.errors import SettingsError
from ratchet.settings import config_folder


@pytest.fixture(scope="module")
def phrases() -> AnswerPhrases:
    return load(config_folder())


@pytest.fixture(scope="module")
def said(phrases: AnswerPhrases):  # type: ignore[no-untyped-def]
    """Return what an answer is held for by DuckDB, all languages at once."""
    tests = ", ".join(
        "regexp_matches($text, '{}', 'i')".format(r.replace("'", "''")) for r in phrases.as_told().values()
    )
    with duckdb.connect() as connection:
        yield lambda text: connection.execute(f"select {tests}", {"text": text}).fetchall()[0]


def test_english_german_spanish_and_french_are_shipped(phrases: AnswerPhrases) -> None:
    assert [language.language for language in phrases.languages] == ["en", "de", "es", "fr"]


def test_every_example_is_found_and_no_counterexample(phrases: AnswerPhrases, said) -> None:  # type: ignore[no-untyped-def]
    for language in phrases.languages:
        assert [a for a in language.refusals if not said(a)[0]] == []
        assert [a for a in language.fallbacks if not said(a)[1]] == []
        assert [a for a in language.others if any(said(a))] == []


def test_every_expression_is_needed_by_an_example_of_its_language(phrases: AnswerPhrases) -> None:
    with duckdb.connect() as connection:
        for language in phrases.languages:
            for wanted, examples in (("refuses", language.refusals), ("falls_back", language.fallbacks)):
                for regex in getattr(language, wanted):
                    hits = [
                        connection.execute("select regexp_matches(?, ?, 'i')", [text, regex]).fetchall()[0][0]
                        for text in examples
                    ]
                    assert any(hits), (language.language, regex)


@pytest.mark.parametrize("regex", ["(?=x)", r"(a)\\1", "(", ""])
def test_what_re2_does_not_know_is_refused_in_one_line(tmp_path: Path, regex: str) -> None:
    content = yaml.safe_load((config_folder() / FILE).read_text("utf-8"))
    content["languages"][0]["refuses"][0] = regex
    (tmp_path / FILE).write_text(yaml.safe_dump(content), "utf-8")
    with pytest.raises(SettingsError, match=r"languages.0.refuses.0: ") as refused:
        load(tmp_path)
    assert "\n" not in str(refused.value)


def test_a_folder_without_phrases_has_those_that_are_shipped(tmp_path: Path, phrases: AnswerPhrases) -> None:
    assert load(tmp_path) == phrases
