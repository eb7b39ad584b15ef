"""Agents compared on the same cases, what validators found, the grains, and what is recommended."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.unit.analyze.agent_frames import DAY, agents, cell, executions

from ratchet import settings
from ratchet.analyze.agents.night import compare_agents
from ratchet.contracts.agents import AgentsResult, Choice
from ratchet.contracts.estimates import as_record

RULES = settings.load("development").failure_classes


def compared(*cells: list[dict[str, Any]], rows: tuple[Any, ...] = ()) -> AgentsResult:
    return compare_agents(agents(*cells), executions(*rows), RULES, 5, DAY)


def row(found: AgentsResult, dimension: str, name: str, within: str = "task_type") -> Any:
    (own,) = [r for r in found.league if (r.dimension, r.name, r.within) == (dimension, name, within)]
    return own


HARD = {"intent": "hard", "task_type": "report", "language": "en"}
EASY = {"intent": "easy", "task_type": "report", "language": "en"}


def test_the_league_goes_by_the_same_cases_and_not_by_who_had_the_easy_ones() -> None:
    found = compared(
        cell(810, 90, agent_tier="small", **EASY),
        cell(40, 60, agent_tier="small", **HARD),
        cell(95, 5, agent_tier="large", **EASY),
        cell(540, 360, agent_tier="large", **HARD),
    )
    small, large = row(found, "agent_tier", "small"), row(found, "agent_tier", "large")
    assert (small.success.number, large.success.number) == (0.85, 0.635)
    assert (large.rank, small.rank) == (1, 2)
    assert small.adjusted.number < 0.75 < large.adjusted.number
    assert small.q < 0.001
    assert [r.name for r in found.league if r.dimension == "agent_tier"] == ["large", "small"]


def test_an_outage_of_the_provider_is_not_the_fault_of_the_agent() -> None:
    found = compared(
        cell(90, 10, "Wrong: answer", model="a", **EASY),
        cell(0, 100, "HTTP 402 Insufficient credits", model="a", **EASY),
        cell(0, 7, "invalid input", model="a", **EASY),
        cell(85, 15, "Wrong: answer", unknown=4, model="b", **EASY),
    )
    a, b = row(found, "model", "a"), row(found, "model", "b")
    assert (a.failures, a.infrastructure, a.user_caused, b.unknown) == (10, 100, 7, 4)
    assert (a.success.number, a.success.n) == (0.9, 100)
    assert [(e.message_template, e.failure_class, e.failures) for e in a.errors] == [
        ("HTTP 402 Insufficient credits", "infrastructure", 100),
        ("Wrong: answer", "agent", 10),
        ("invalid input", "user", 7),
    ]
    (outage,) = [r for r in found.recommendations if r.title.startswith("See to")]
    assert outage.rows == ({"table": "league", "dimension": "model", "name": "a", "within": "", "group": ""},)
    assert "100 of 207 attempts (48.3%)" in outage.why


def test_a_weak_one_is_named_with_the_best_and_both_rows_exist() -> None:
    found = compared(
        *(cell(90, 10, agent_tier=name, **EASY) for name in ("a", "b", "c")),
        cell(600, 400, agent_tier="weak", **EASY),
    )
    (advice,) = [r for r in found.recommendations if "tier" in r.title]
    assert advice.title == "Look at tier weak at tasks of type report"
    known = {(r.dimension, r.name, r.within, r.group) for r in found.league}
    cited = [(r["dimension"], r["name"], r["within"], r["group"]) for r in advice.rows]
    assert cited[0] == ("agent_tier", "weak", "task_type", "report")
    assert set(cited) <= known


def test_alike_agents_are_recommended_nothing_about() -> None:
    found = compared(*(cell(900 + i, 100 - i, agent_tier=str(i), **EASY) for i in range(5)))
    assert found.recommendations == ()
    assert all(r.q > 0.05 for r in found.league)


def test_time_quality_satisfaction_and_cost_stand_beside_success() -> None:
    sums = {"duration_n": 4, "duration_ln": 4 * 6.0, "duration_ln_sq": 4 * 36.25, "cost_n": 2, "cost_usd": 0.3}
    more = {"quality_n": 10, "quality_sum": 700.0, "scored": 5, "score_sum": 40.0, "cost_sq": 0.05}
    found = row(compared(cell(9, 1, model="a", **EASY, **sums, **more), cell(9, 1, model="b", **EASY)), "model", "a")
    assert found.typical_ms.number == pytest.approx(403.43, rel=1e-4)
    assert found.typical_ms.low < found.typical_ms.number < found.typical_ms.high
    assert (found.quality.number, found.satisfaction.number, found.cost_usd.number) == pytest.approx((70, 8, 0.15))
    other = row(compared(cell(9, 1, model="a", **EASY), cell(9, 1, model="b", **EASY)), "model", "b")
    assert other.quality.as_record()["reason"] == "no quality score was logged"
    assert other.typical_ms.n == 0


def test_configurations_are_compared_within_their_agent_and_versions_within_their_prompt() -> None:
    found = compared(
        cell(50, 50, agent="x", config_hash="one", prompt_id="p", prompt_version="1", **EASY),
        cell(90, 10, agent="x", config_hash="two", prompt_id="p", prompt_version="2", **EASY),
        cell(90, 10, agent="y", config_hash="one", **EASY),
    )
    assert [(r.name, r.rank) for r in found.league if r.within == "agent"] == [("two", 1), ("one", 2)]
    assert [(r.name, r.group, r.rank) for r in found.league if r.within == "prompt_id"] == [
        ("2", "p", 1),
        ("1", "p", 2),
    ]


def test_too_few_outcomes_are_shown_and_not_ranked() -> None:
    found = compared(cell(9, 0, model="a", **EASY), cell(90, 10, model="b", **EASY), cell(80, 20, model="c", **EASY))
    few = row(found, "model", "a")
    assert (few.rank, few.q, few.adjusted.number) == (None, None, None)
    assert few.success.n == 9
    assert few.adjusted.as_record()["reason"].startswith("nobody else had the same cases")


def test_what_no_validator_looked_at_is_not_zero() -> None:
    looked = {
        "validations": 40,
        "syntax_n": 40,
        "syntax_errors": 12,
        "flawed": 12,
        "coverage_n": 4,
        "coverage_sum": 2.0,
    }
    (found,) = compared(cell(50, 0, language="python", **looked)).validation
    assert (found.syntax_errors.number, found.flawed.number, found.coverage.number) == (0.3, 0.3, 0.5)
    assert found.coverage.n == 4
    assert found.style_issues.as_record() == {
        "value": None,
        "n": 0,
        "low": None,
        "high": None,
        "reason": "no validator looked at it",
    }
    assert found.security_warnings.number is None
    assert found.overall.number is None


def test_flawed_results_of_a_language_are_recommended_a_better_prompt() -> None:
    flawed = {"validations": 100, "syntax_n": 100, "syntax_errors": 60, "flawed": 50}
    fine = {"validations": 100, "syntax_n": 100, "flawed": 5}
    found = compared(cell(50, 0, language="python", **flawed), cell(50, 0, language="sql", **fine))
    assert [r.title for r in found.recommendations] == ["Ask for correct and safe python in the prompt"]


def test_the_night_is_counted_at_every_grain() -> None:
    rows = (
        *(("execution", name, 1, int(name == "a")) for name in "abc"),
        *(("session", name, 1, int(name == "s")) for name in ("s", "")),
        ("session", "t", 1, 0),
        ("user", "u", 3, 1),
        ("system", "", 3, 1),
    )
    found = {g.grain: g for g in compared(rows=rows).levels}
    assert {name: (g.rows, g.requests, g.failures, g.hit.number) for name, g in found.items()} == {
        "execution": (3, 3, 1, pytest.approx(1 / 3)),
        "session": (2, 3, 1, 0.5),
        "user": (1, 3, 1, 1.0),
        "system": (1, 3, 1, None),
    }


def test_nothing_logged_is_said() -> None:
    found = compared()
    assert (found.league, found.validation, found.levels, found.recommendations) == ((), (), (), ())
    assert found.reason.startswith("no two agents")


def test_the_order_of_rows_changes_nothing_and_the_artifact_conforms(conforms: Any) -> None:
    cells = [cell(90 + i, 10, "e", agent_tier=f"t{i}", model=f"m{i % 2}", **EASY) for i in range(4)]
    frame = agents(*cells)
    one = compare_agents(frame, executions(("system", "", 3, 1)), RULES, 5, DAY).as_artifact()
    other = pd.concat([frame.iloc[::-1], agents(cell(5, 5)).assign(as_of=DAY.replace(day=19))])
    assert compare_agents(other, executions(("system", "", 3, 1)), RULES, 5, DAY).as_artifact() == one
    conforms("agents", one)


def model(name: str, hits: int, fails: int, cost: float, seconds: float, **named: str) -> list[dict[str, Any]]:
    """Return the cell of a model whose durations and costs scatter by a fifth."""
    n, log = hits, float(np.log(1000 * seconds))
    costs = {"cost_n": n, "cost_usd": n * cost, "cost_sq": n * cost**2 * 1.04}
    times = {"duration_n": n, "duration_ln": n * log, "duration_ln_sq": n * (log**2 + 0.04)}
    return cell(hits, fails, "Wrong", model=name, **named, **costs, **times)


def test_a_cheaper_model_that_is_as_good_is_better_and_the_dear_one_is_beaten() -> None:
    found = compared(
        model("dear", 9000, 1000, 0.02, 2.0, **EASY),
        model("cheap", 4500, 500, 0.005, 2.0, **EASY),
        model("quick but wrong", 3000, 2000, 0.004, 0.5, **EASY),
    ).choices
    whole, easy = found
    assert (whole.intent, easy.intent) == ("", "easy")
    assert (easy.today, easy.better) == ("dear", "cheap")
    assert {m.model: m.efficient for m in easy.models} == {"cheap": True, "dear": False, "quick but wrong": True}
    assert "cost -0.015 USD" in easy.reason
    assert Choice.from_record(as_record(easy)) == easy
    figures = {m.model: m for m in easy.models}
    assert figures["cheap"].typical_ms.number == pytest.approx(2000, rel=0.01)
    assert figures["cheap"].cost_usd.number == pytest.approx(0.005)


def test_models_with_other_cases_are_not_better_for_them() -> None:
    found = compared(
        model("a", 4500, 500, 0.002, 1.0, **EASY),
        model("a", 250, 250, 0.02, 4.0, **HARD),
        model("b", 450, 50, 0.002, 1.0, **EASY),
        model("b", 2500, 2500, 0.02, 4.0, **HARD),
    ).choices
    assert [(c.intent, c.better) for c in found] == [("", ""), ("easy", ""), ("hard", "")]
    whole = {m.model: m.success.number for m in found[0].models}
    assert whole["a"] == pytest.approx(whole["b"])


def test_few_outcomes_and_single_models_are_no_choice() -> None:
    assert compared(model("a", 20, 5, 0.1, 1.0, **EASY), model("b", 20, 5, 0.1, 1.0, **EASY)).choices == ()
    assert compared(model("a", 200, 5, 0.1, 1.0, **EASY)).choices == ()


def test_without_costs_and_times_success_alone_decides() -> None:
    found = compared(cell(900, 100, model="a", **EASY), cell(500, 10, model="b", **EASY)).choices
    assert found[0].better == "b"
    assert found[0].models[0].cost_usd.number is None
