from __future__ import annotations

import time
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

from ratchet import samples
from ratchet.contracts.buckets import Hash, assign
from ratchet.samples import catalogue, privacy, words
from ratchet.samples.experiments import TRIALS
from ratchet.samples.plan import Plan

from .conftest import END, ReadBack


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_the_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        samples.write(tmp_path / name, 5, 500, 3, END)
    assert _bytes(tmp_path / "a") == _bytes(tmp_path / "b")


@pytest.mark.parametrize(("seed", "end"), [(4, END), (-3, END), (3, date(2026, 11, 19))])
def test_another_seed_or_end_gives_other_events(tmp_path: Path, seed: int, end: date) -> None:
    samples.write(tmp_path / "a", 1, 400, 3, END)
    samples.write(tmp_path / "b", 1, 400, seed, end)
    first, second = (next((tmp_path / name).rglob("events-00.jsonl")).read_bytes() for name in ("a", "b"))
    same = set(first.splitlines()) & set(second.splitlines())
    assert all(b'"event_type":"change"' in line or not line for line in same)


@pytest.mark.parametrize(("days", "events_per_day"), [(1, 1), (2, 300), (3, 5000)])
def test_any_volume_is_about_what_was_asked_for_and_passes_the_gate(
    tmp_path: Path, days: int, events_per_day: int
) -> None:
    told = samples.write(tmp_path, days, events_per_day, 7, END)
    mean = told["totals"]["loaded"] / days
    assert 0.7 * events_per_day < mean < 1.3 * max(events_per_day, 300)
    assert all(day["quarantined"] / day["lines"] < 0.05 for day in told["days"])


def test_a_busy_day_is_made_at_a_rate_of_a_million_events_a_minute(tmp_path: Path) -> None:
    begin = time.process_time()
    told = samples.write(tmp_path, 1, 60_000, 7, END)
    assert told["totals"]["loaded"] > 55_000
    assert time.process_time() - begin < 60 * told["totals"]["loaded"] / 1e6 + 1


def test_progress_is_told_day_by_day(tmp_path: Path) -> None:
    seen: list[tuple[date, int]] = []
    told = samples.write(tmp_path, 2, 300, 7, END, lambda day, lines: seen.append((day, lines)))
    assert seen == [(day["landed_date"], day["lines"]) for day in told["days"]]


def test_every_slot_of_every_template_is_known() -> None:
    rng = np.random.default_rng(1)
    machines = catalogue.load("machines")
    templates = [text for intent in catalogue.intents() for text in (*intent.texts, *intent.replies)]
    templates += [text for fault in catalogue.faults() for text in (fault.message, fault.context)]
    templates += [tool[key] for tool in machines["tools"].values() for key in ("path", "params")]
    templates += [*machines["findings"], *(text for texts in machines["comments"].values() for text in texts)]
    for template in templates:
        assert "<" not in words.fill(template, 1, rng)[0]
    with pytest.raises(KeyError):
        words.fill("<no such slot>".replace(" ", "_"), 1, rng)


def test_an_answer_speaks_of_what_was_asked() -> None:
    rng = np.random.default_rng(1)
    for asked, answered in zip(
        *words.pairs("post it in <channel> and <channel>", "Posted in <channel>.", 20, rng), strict=True
    ):
        assert answered == f"Posted in {asked.split()[3]}."


def test_texts_vary(sample: ReadBack) -> None:
    asked = [r["request_text"] for r in sample.roots() if r.get("intent") == "search_files"]
    assert len(set(asked)) > 0.85 * len(asked)
    assert {r["language"] for r in sample.roots()} == {"en", "de", "fr"}


def test_every_tool_and_fault_that_an_intent_names_exists() -> None:
    tools, faults = set(catalogue.load("machines")["tools"]), {fault.key for fault in catalogue.faults()}
    for intent in catalogue.intents():
        assert set(intent.tools) <= tools
        assert {*intent.faults, *filter(None, [intent.fault])} <= faults
    types = [fault.error_type for fault in catalogue.faults()]
    assert len(types) == len(set(types)), "an error type stands for one planted error"


def test_assignments_can_be_computed_again_from_the_log(sample: ReadBack) -> None:
    for trial in (trial for trial in TRIALS if len(trial.stages) == 1):
        split = [f for f in sample.of("flag_evaluation") if f["flag_key"] == trial.flag and f["reason"] == "SPLIT"]
        assert len(split) > 100
        for event in split:
            index = assign(Hash.FLAGD, trial.flag, event["unit_id"], [50, 50])  # the treatment has the lowest buckets
            assert event["variant"] == trial.variants[::-1][index]


def test_nobody_leaves_a_rollout_as_it_grows(sample: ReadBack) -> None:
    served: dict[str, list[str]] = {}
    events = [f for f in sample.of("flag_evaluation") if f["flag_key"] == "smart_search"]
    for event in sorted(events, key=lambda f: datetime.fromisoformat(f["occurred_at"])):
        if event["reason"] in ("SPLIT", "TARGETING"):
            served.setdefault(event["unit_id"], []).append(event["variant"])
    assert all(variants == sorted(variants, key=("off", "on").index) for variants in served.values())
    assert sum(len(set(variants)) == 2 for variants in served.values()) > 5


@pytest.mark.parametrize(("body", "digit"), [("7992739871", 3), ("411111111111111", 1)])
def test_luhn_digit(body: str, digit: int) -> None:
    assert privacy.luhn_digit([int(d) for d in body]) == digit


def test_a_plan_of_one_day_still_tells_the_whole_story() -> None:
    plan = Plan(END, 1, 1000, 7)
    assert plan.start == plan.end
    assert plan.outage[0].astype(str).startswith(END.isoformat())
    assert plan.gap_demand("gap_new", 0) >= 2
