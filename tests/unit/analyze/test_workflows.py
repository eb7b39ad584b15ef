"""What workflows waste, on marts made by hand: what is avoidable, what is needed, and what cannot be said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.unit.analyze.workflow_frames import AS_OF, row, tries, workflows

from ratchet.analyze.workflows import find_workflows
from ratchet.contracts.workflows import Verdict


def repeat(same: int, other: int, sessions: int = 30, action: str = "get_user", **columns: Any) -> dict[str, Any]:
    known = {"calls": same + other + 7, "good": same, "bad": other, "unknown": 3, "runs": sessions}
    return row("repeat", action, **known | columns)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (repeat(80, 0), Verdict.AVOIDABLE),
        (repeat(80, 0, sessions=4), Verdict.FEW),
        (repeat(19, 0), Verdict.FEW),
        (repeat(20, 0), Verdict.UNSURE),
        (repeat(60, 40), Verdict.NEEDED),
    ],
)
def test_a_repeat_is_avoidable_where_answers_surely_stay(found: dict[str, Any], verdict: Verdict) -> None:
    (one,) = find_workflows(workflows(found), AS_OF).repeats
    assert one.verdict is verdict
    assert (one.unknown, one.written, one.spared.calls) == (3, 4, found["good"])


def test_the_more_actions_are_judged_the_surer_a_verdict_has_to_be() -> None:
    alone = find_workflows(workflows(repeat(36, 0)), AS_OF).repeats[0]
    others = [repeat(30, 30, action=f"get_{n}") for n in range(40)]
    among = find_workflows(workflows(repeat(36, 0), *others), AS_OF).repeats
    assert alone.verdict is Verdict.AVOIDABLE
    assert {r.action: r.verdict for r in among}["get_user"] is Verdict.UNSURE
    assert {r.action: r.changed for r in among}["get_user"] == alone.changed


def test_what_was_not_measured_of_a_repeat_is_not_zero() -> None:
    untimed, timed = (
        find_workflows(workflows(repeat(80, 0, **columns)), AS_OF).repeats[0]
        for columns in ({}, {"timed": 80, "duration_ms": 4000.0, "longest_ms": 9500, "costed": 2, "cost_usd": 0.5})
    )
    assert (untimed.spared.duration_ms, untimed.spared.cost_usd, untimed.oldest_s) == (None, None, None)
    assert (timed.spared.duration_ms, timed.spared.cost_usd, timed.oldest_s) == (4000.0, 0.5, 9.5)


def test_trying_stops_after_the_fewest_failures_behind_which_it_is_hopeless() -> None:
    found = find_workflows(
        workflows(row("call", "pay", calls=900), *tries("pay", (50, 90), (40, 50), (1, 49), (0, 49))), AS_OF
    )
    (one,) = found.loops
    assert (one.action, one.calls, one.loops, one.verdict, one.failures) == ("pay", 900, 50, Verdict.AVOIDABLE, 3)
    assert (one.succeeds.n, one.in_vain.calls, one.in_vain.duration_ms) == (99, 99, 980.0)
    early = find_workflows(workflows(*tries("pay", (50, 90), (1, 89), (0, 89))), AS_OF).loops[0]
    assert (early.verdict, early.failures, early.in_vain.calls) == (Verdict.AVOIDABLE, 2, 179)


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ([(5, 50), (30, 20), (12, 8)], Verdict.NEEDED),
        ([(5, 50), (30, 20), (2, 18)], Verdict.UNSURE),
        ([(5, 9), (0, 6), (0, 6)], Verdict.FEW),
        ([(5, 9), (0, 6)], Verdict.FEW),
    ],
)
def test_a_loop_that_pays_or_is_rare_is_left_alone(outcomes: list[tuple[int, int]], verdict: Verdict) -> None:
    (one,) = find_workflows(workflows(*tries("pay", *outcomes)), AS_OF).loops
    assert (one.verdict, one.failures) == (verdict, 3)


def test_two_failures_in_a_row_are_no_loop() -> None:
    assert find_workflows(workflows(*tries("pay", (50, 90), (90, 0))), AS_OF).loops == ()


def test_a_cycle_is_avoidable_once_it_was_seen_often_enough() -> None:
    often, seldom = (
        row("cycle", "a", other=name, calls=n, bad=n // 2, runs=n // 4, sample_event_ids=["x"])
        for name, n in (("b", 20), ("c", 12))
    )
    found = find_workflows(workflows(seldom, often), AS_OF).cycles
    assert [(c.second, c.cycles, c.in_vain.calls, c.verdict) for c in found] == [
        ("b", 10, 20, Verdict.AVOIDABLE),
        ("c", 6, 12, Verdict.FEW),
    ]


def test_the_slowest_step_of_the_longest_paths_comes_first() -> None:
    rows = [
        row("request", "", other="ask", calls=10, duration_ms=12_000.0, path_ms=10_000.0),
        row("step", "", other="ask", calls=10, good=10, runs=10, duration_ms=7000.0, path_ms=7000.0),
        row("step", "search", other="ask", calls=10, good=10, runs=10, duration_ms=2500.0, path_ms=2500.0),
        row("step", "log", other="ask", calls=10, good=2, runs=10, duration_ms=2500.0, path_ms=500.0),
        row("request", "", other="", calls=99, duration_ms=990.0, path_ms=990.0),
    ]
    found = find_workflows(workflows(*rows), AS_OF)
    assert [(p.intent, p.requests, p.path_ms, p.work_ms, p.slowest) for p in found.paths] == [
        ("ask", 10, 1000.0, 1200.0, "search"),
        ("", 99, 10.0, 10.0, ""),
    ]
    assert found.paths[0].at_once == pytest.approx(1 / 6)
    assert [(s.action, s.share, s.own_ms) for s in found.path_steps] == [
        ("", 0.7, 700.0),
        ("search", 0.25, 250.0),
        ("log", 0.05, 50.0),
    ]
    assert (found.path_steps[2].on_path.number, found.path_steps[2].on_path.n) == (0.2, 10)


@pytest.mark.parametrize(
    ("good", "bad", "verdict"),
    [
        (60, 1, Verdict.AVOIDABLE),
        (17, 0, Verdict.FEW),
        (30, 4, Verdict.UNSURE),
        (30, 70, Verdict.NEEDED),
        (0, 0, Verdict.FEW),
    ],
)
def test_a_pair_runs_at_once_where_it_surely_does_not_wait(good: int, bad: int, verdict: Verdict) -> None:
    pair = row("pair", "a", other="b", calls=good + bad + 2, good=good, bad=bad, unknown=2, runs=good, duration_ms=9.0)
    (one,) = find_workflows(workflows(pair), AS_OF).pairs
    assert (one.verdict, one.unknown, one.saved_ms) == (verdict, 2, 9.0)


def test_another_order_of_rows_and_other_nights_change_nothing() -> None:
    rows = [*tries("pay", (5, 50), (0, 40), (0, 40)), repeat(80, 0), row("call", "pay", calls=3)]
    one = find_workflows(workflows(*rows), AS_OF)
    stale = [r | {"as_of": "2026-11-19"} for r in rows]
    mixed = workflows(*rows, *stale).sample(frac=1, random_state=3)
    assert find_workflows(mixed, AS_OF) == one
    assert one.calls == 3


@pytest.mark.parametrize("name", ["", "\x00", "<script>", "x" * 5000, "‮"])
def test_any_name_is_a_name(name: str) -> None:
    found = find_workflows(workflows(repeat(80, 0, action=name)), AS_OF).repeats
    assert len(found) == 1


def test_a_night_without_steps_finds_nothing() -> None:
    found = find_workflows(workflows(), AS_OF)
    assert (found.calls, found.requests, found.repeats, found.loops, found.paths) == (0, 0, (), (), ())


def test_on_chance_alone_hardly_anything_is_called_avoidable() -> None:
    rng = np.random.default_rng(5)
    wrong = 0
    for _ in range(200):
        n = rng.integers(20, 200, 20)
        bad = rng.binomial(n, 0.1)
        rows = [repeat(int(a - b), int(b), action=f"a{i}") for i, (a, b) in enumerate(zip(n, bad, strict=True))]
        found = find_workflows(pd.DataFrame(rows), AS_OF).repeats
        wrong += any(r.verdict is Verdict.AVOIDABLE for r in found)
    assert wrong <= 0.05 * 200 + 6
