"""docs/own_source.md: the folder that stands there is built as it stands, and does what the page says."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest

from ratchet import cli
from ratchet.settings import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "own_source.md").read_text("utf-8")
FILES = {
    name: textwrap.dedent(block).strip("\n") + "\n"
    for name, block in re.findall(r"(?m)^`([\w./]+)`:\n\n((?:^ {4}.*\n|^\n)+)", PAGE)
}
COMMANDS = [command.split()[1:] for command in re.findall(r"(?m)^ {4}(ratchet .*)$", PAGE)]
SAID = textwrap.dedent(re.search(r"(?m)^(?: {4}The first .*\n)(?: {4}.*\n|\n)+", PAGE)[0]).strip("\n")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_shows_a_whole_source():
    assert list(FILES) == [
        "logs/parrot.jsonl",
        "parrot/source.yaml",
        "parrot/moods.csv",
        "parrot/prepare_1_talks.sql",
        "parrot/interaction.sql",
        "parrot/feedback.sql",
    ]
    assert [command[:2] for command in COMMANDS] == [["sources", "check"], ["run", "--source"]]


def test_the_look_says_what_the_page_says(folder, capsys):
    assert cli.main(COMMANDS[0]) == 1  # a line is refused
    said = [line.rstrip() for line in capsys.readouterr().out.strip("\n").splitlines()]
    assert "\n".join(said) == SAID


def test_a_mapping_that_fails_names_its_file(folder, capsys):
    sql = folder / "parrot" / "feedback.sql"
    sql.write_text(FILES["parrot/feedback.sql"].replace("moods.score", "moods.scores"))
    assert cli.main(COMMANDS[0]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "parrot/feedback.sql" in said
