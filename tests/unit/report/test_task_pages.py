import pytest
from tests.unit.report.fixtures import HOSTILE

from ratchet.report.task_pages import task_pages

TASK = {
    "task_id": "0a1b2c3d4e5f",
    "title": "Improve export (average score 3.2 of 10)",
    "priority": "high",
    "why": "8 in 10 of the 30 scores are low.",
    "suggested_action": "Read the low comments about “slow”.",
    "metric": "share of low scores of “export”",
    "state": "validated",
    "proposed_on": "2026-11-20",
    "evidence": {
        "occurrences": 1240,
        "window_days": 30,
        "units": 22,
        "mart": "mart_feedback",
        "share": {"value": 0.8, "n": 30, "low": 0.63, "high": 0.9},
        "sample_feedback": ["too slow"],
        "sample_event_ids": ["fb-1"],
    },
}


def page(**changed):
    return task_pages({"tasks": [TASK | changed]})["tasks/0a1b2c3d4e5f.md"]


def test_a_task_is_a_page_that_stands_alone():
    text = page()
    assert text.startswith("# Improve export (average score 3.2 of 10)\n\n8 in 10 of the 30 scores are low.\n")
    for said in (
        "Occurrences: 1,240 in 30 days",
        "Share: 80.0%",
        "63.0–90.0%",
        "> too slow",
        "- fb-1",
        "mart\\_feedback",
    ):
        assert said in text
    assert "**Done when** share of low scores of “export” has improved" in text


@pytest.mark.parametrize("attack", HOSTILE)
def test_words_from_a_log_cannot_act(attack):
    evidence = TASK["evidence"] | {"sample_feedback": [attack], "sample_event_ids": [attack], "mart": attack}
    text = page(title=attack, why=attack, suggested_action=attack, evidence=evidence, metric=attack)
    lines = text.splitlines()
    assert sum(line.startswith("#") for line in lines) == 1
    assert "<" not in text.replace("\\<", "")
    assert "](" not in text.replace("\\](", "")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "", None, "x" * 65, "a\x00b"])
def test_an_id_that_is_no_file_name_gets_no_page(name):
    assert task_pages({"tasks": [TASK | {"task_id": name}]}) == {}


def test_every_task_of_a_night_has_its_page_and_no_night_has_none():
    night = [TASK | {"task_id": f"{n:012x}"} for n in range(3)]
    assert list(task_pages({"tasks": night})) == [f"tasks/{n:012x}.md" for n in range(3)]
    assert task_pages(None) == task_pages({"tasks": []}) == {}


def test_a_task_with_little_evidence_still_has_a_page():
    assert "Occurrences: 0 in 0 days" in page(evidence={})
