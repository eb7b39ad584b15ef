from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratchet.generate import wishes
from ratchet.generate.features import propose_features
from ratchet.generate.order import choose, ranked


@pytest.fixture
def made(gap, gaps_result, rules):
    """Return feature requests of (name, effect, reach, confidence)."""

    def build(*rows):
        found = propose_features(gaps_result(*(gap(name) for name, *_ in rows)), rules())
        return [
            replace(i, effect=effect, reach=reach, confidence=confidence)
            for i, (_, effect, reach, confidence) in zip(found, rows, strict=True)
        ]

    return build


def test_the_order_is_effect_times_reach_times_confidence_less_cost(made, rules):
    found = ranked(made(("small", 0.9, 10, 0.9), ("wide", 0.2, 500, 0.7), ("unsure", 0.9, 50, 0.3)), rules())
    assert [(i.target, i.value) for i in found] == [
        ("wide", pytest.approx(65)), ("unsure", pytest.approx(8.5)), ("small", pytest.approx(3.1))
    ]  # fmt: skip


def test_a_dear_type_comes_later_and_one_without_confidence_last(made, rules):
    none, some = made(("none", 0.9, 900, None), ("some", 0.1, 1, 0.1))
    assert [i.target for i in ranked([none, some], rules())] == ["some", "none"]
    assert ranked([some], rules(improvement_costs={}))[0].cost == 0


def test_ties_are_broken_by_id(made, rules):
    found = ranked(made(*((name, 0.5, 10, 0.5) for name in "abcdef")), rules())
    assert [i.improvement_id for i in found] == sorted(i.improvement_id for i in found)


def test_a_cycle_lets_in_so_many_new_ones_and_all_known_ones(made, rules):
    found = ranked(made(*((str(n), 0.5, n, 0.5) for n in range(15))), rules())
    known = found[14].improvement_id
    cycle = choose(found, {i.improvement_id for i in found} - {known}, rules(), may_propose=True)
    assert [i.target for i in cycle.chosen] == [str(n) for n in range(14, 4, -1)] + ["0"]
    assert len(cycle.deferred) == 4


def test_clusters_of_what_people_say_take_the_room_that_other_findings_leave(made, rules):
    found = ranked(made(*((str(n), 0.5, n + 1, 0.5) for n in range(15))), rules())
    said = [replace(i, key=wishes.KEY) if int(i.target) > 6 else i for i in found]
    cycle = choose(said, {i.improvement_id for i in said}, rules(), may_propose=True)
    assert [i.target for i in cycle.chosen] == ["14", "13", "12", "6", "5", "4", "3", "2", "1", "0"]
    assert [i.target for i in cycle.deferred] == ["11", "10", "9", "8", "7"]


def test_the_budget_limits_a_cycle_too_and_leaves_room_for_what_is_cheaper(made, rules):
    found = [replace(i, cost=c) for i, c in zip(made(*((n, 0.5, 10, 0.5) for n in "abc")), (60, 60, 40), strict=True)]
    cycle = choose(found, {i.improvement_id for i in found}, rules(), may_propose=True)
    assert [i.target for i in cycle.chosen] == ["a", "c"]


def test_a_night_that_has_decided_proposes_nothing_new(made, rules):
    found = made(("a", 0.5, 10, 0.5))
    assert choose(found, {found[0].improvement_id}, rules(), may_propose=False).chosen == ()


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 99), st.floats(0, 1)), max_size=8), st.randoms())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_does_not_depend_on_the_order_it_was_given(made, rules, rows, shuffle):
    found = made(*((str(n), *row) for n, row in enumerate(rows)))
    first = ranked(found, rules())
    shuffle.shuffle(found)
    assert ranked(found, rules()) == first
