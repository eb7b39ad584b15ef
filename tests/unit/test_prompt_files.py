"""The prompt store: what a file may say, what it is refused for, and what is published of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ratchet import prompt_files
from ratchet.deploy.prompts import document
from ratchet.settings import config_folder

GOOD = """
id: summary
serve: 1
versions:
  - {version: 2, text: "Short.\\nClear.", note: clear}
  - {version: 1, text: Short.}
  - {version: 3, text: Never tried.}
"""
TRIED = GOOD + "experiment: {flag_key: f, arms: {control: 1, clear: 2}}\n"


def store(tmp_path: Path, **files: str) -> prompt_files.Store:
    folder = tmp_path / prompt_files.FOLDER
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    return prompt_files.load(tmp_path)


def test_a_prompt_keeps_its_history_and_shows_what_changed(tmp_path: Path) -> None:
    (prompt,) = store(tmp_path, a=GOOD).prompts
    assert [v.version for v in prompt.versions] == [1, 2, 3]
    assert prompt.diff(1, 2).splitlines() == [
        "--- summary version 1",
        "+++ summary version 2",
        "@@ -1 +1,2 @@",
        " Short.",
        "+Clear.",
    ]


def test_only_what_somebody_can_get_is_published(tmp_path: Path) -> None:
    assert document(store(tmp_path, a=GOOD).prompts) == {
        "prompts": {"summary": {"serve": 1, "versions": {"1": "Short."}}}
    }
    assert document(store(tmp_path, a=TRIED).prompts)["prompts"]["summary"] == {
        "serve": 1,
        "versions": {"1": "Short.", "2": "Short.\nClear."},
        "flag_key": "f",
        "arms": {"control": 1, "clear": 2},
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("serve: 1", "serve: 9"), "serve: there is no version 9"),
        (TRIED.replace("clear: 2}", "clear: 7}"), "experiment.arms.clear: there is no version 7"),
        (GOOD.replace("version: 2", "version: 1"), "a version is there twice"),
        (GOOD.replace("serve", "serves"), "unknown key 'serves'"),
        (GOOD.replace("text: Short.", 'text: ""'), "versions.1.text"),
        ("id: [", "cannot be read"),
    ],
)
def test_a_bad_file_is_named_in_one_line_and_spares_the_others(tmp_path: Path, text: str, says: str) -> None:
    found = store(tmp_path, bad=text, good=GOOD.replace("summary", "other"))
    (problem,) = found.problems
    assert says in problem
    assert "bad.yaml" in problem
    assert "\n" not in problem
    assert [p.prompt_id for p in found.prompts] == ["other"]


def test_the_same_prompt_in_two_files_is_refused(tmp_path: Path) -> None:
    found = store(tmp_path, a=GOOD, b=GOOD)
    assert len(found.prompts) == 1
    assert "'summary' is in another file too" in found.problems[0]


def test_the_shipped_prompts_can_be_used() -> None:
    found = prompt_files.load(config_folder())
    assert found.problems == ()
    assert [p.prompt_id for p in found.prompts] == ["summary"]
