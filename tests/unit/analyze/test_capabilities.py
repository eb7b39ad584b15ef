from datetime import date

import pandas as pd
import pytest

from ratchet.analyze.actions import actions
from ratchet.analyze.capabilities import capabilities
from ratchet.analyze.first_steps import first_steps
from ratchet.analyze.package_diff import changes
from ratchet.contracts.packages import Argument, Capability, Package

DAY = date(2026, 11, 20)
K = 5


def usage(*rows):
    """Return mart_usage of (level, value, requests, successes, failures, units); the whole is added up."""
    listed = [("intent", *row) for row in rows]
    for level in ("root", "step"):
        some = [row for row in rows if row[0] == level]
        listed.append(("all", level, "", *(sum(row[i] for row in some) for i in (2, 3, 4)), 90))
    return pd.DataFrame(
        {"as_of": DAY, "window_days": 30, "dimension": d, "level": level, "value": v, "requests": n, "successes": s}
        | {"failures": f, "unknown": n - s - f, "units": u, "unit_kind": "user"}
        for d, level, v, n, s, f, u in listed
    )


def calls(*rows):
    """Return mart_actions of (level, action, kind, parameter, value, calls, asked_again, measured, units)."""
    names = ("level", "action", "kind", "parameter", "value", "calls", "asked_again", "measured", "units")
    found = pd.DataFrame([(DAY, *row, "user") for row in rows], columns=["as_of", *names, "unit_kind"])
    return found.assign(comparable=found["calls"])


def steps(*rows):
    """Return mart_first_steps of (path, users, succeeded, failed, went_on, left_after_failure)."""
    return pd.DataFrame(
        {"as_of": DAY, "path": list(path), "steps": len(path), "users": n, "succeeded": s, "failed": f, "went_on": w}
        | {"left_after_failure": left, "from_the_start": 3, "first_date": date(2026, 11, 7), "last_date": DAY}
        for path, n, s, f, w, left in rows
    )


USED = usage(
    ("step", "search_index", 100, 90, 8, 40), ("root", "ask", 300, 200, 100, 90), ("root", "tell", 300, 300, 0, 90)
)
CALLS = calls(
    ("root", "ask", "action", "", "", 300, 60, 0, 0),
    ("root", "tell", "action", "", "", 300, 3, 0, 0),
    ("step", "search_index", "action", "", "", 100, 0, 80, 0),
    ("step", "search_index", "shape", "", "limit: integer\nquery: string", 60, 0, 0, 30),
    ("step", "search_index", "shape", "", "secret: string", 70, 0, 0, 4),
    ("step", "search_index", "value", "limit", "5", 40, 0, 0, 20),
    ("step", "search_index", "value", "limit", '"5"', 90, 0, 0, 20),
    ("step", "search_index", "value", "query", '"my salary"', 50, 0, 0, 4),
)


def found(mart=CALLS, used=USED, least=K):
    return {a.action: a for a in actions(used, mart, DAY, least).actions}


def test_the_usual_call_is_what_most_calls_of_enough_people_share():
    search = found()["search_index"]
    assert [(p.name, p.type, p.value, p.units) for p in search.parameters] == [
        ("limit", "integer", "5", 20),
        ("query", "string", "", 0),
    ]
    assert (search.shape_calls, search.shape_units, search.measured) == (60, 30, 80)
    assert search.hidden == ""
    assert "secret" not in search.example
    assert "salary" not in search.example


def test_a_value_that_too_few_share_is_no_part_of_the_example():
    only = CALLS[CALLS["value"] != '"5"']
    search = found(only)["search_index"]
    assert search.example == '{"limit": 5, "query": "…"}'
    assert found(only, least=21)["search_index"].example == '{"limit": 0, "query": "…"}'


def test_nothing_is_shown_that_too_few_people_share():
    search = found(least=31)["search_index"]
    assert (search.parameters, search.example) == ((), "")
    assert search.hidden == "fewer than 31 users share one way to call it"
    assert found()["ask"].hidden == "no successful call with parameters was logged"


def test_a_topic_is_confusing_when_it_is_asked_again_beyond_chance():
    ask, tell = found()["ask"], found()["tell"]
    assert ask.is_confusing
    assert (ask.retry_rate.number, ask.retry_rate.n) == (0.2, 300)
    assert ask.retry_lift.low > 1
    assert not tell.is_confusing
    assert found()["search_index"].retry_rate is None


def test_asking_again_is_a_share_of_the_requests_that_can_be_told_apart():
    half = CALLS.assign(comparable=CALLS["calls"] // 2)
    assert (found(half)["ask"].retry_rate.number, found(half)["ask"].retry_rate.n) == (0.4, 150)
    assert found(CALLS.assign(comparable=0, asked_again=0))["ask"].retry_rate.number is None


@pytest.mark.parametrize(("again", "asked"), [(3, 29), (12, 300)], ids=["few requests", "below five percent"])
def test_a_topic_is_not_confusing_on_few_requests_or_a_small_share(again, asked):
    mart = calls(
        ("root", "ask", "action", "", "", asked, again, 0, 0), ("root", "tell", "action", "", "", 3000, 3, 0, 0)
    )
    assert not found(mart)["ask"].is_confusing


def test_topics_that_differ_by_chance_are_not_called_confusing():
    """Of 60 worlds of 20 topics that are all asked again 10 % of the time, few name even one."""
    import numpy as np

    rng = np.random.default_rng(5)
    wrong = 0
    for _ in range(60):
        rows = [("root", f"t{i}", "action", "", "", 200, int(rng.binomial(200, 0.1)), 0, 0) for i in range(20)]
        named = usage(*(("root", f"t{i}", 200, 200, 0, 50) for i in range(20)))
        wrong += any(a.is_confusing for a in found(calls(*rows), named).values())
    assert wrong <= 8


PATHS = steps(([], 50, 0, 0, 45, 0), (["a"], 20, 15, 4, 12, 3), (["a", "b"], 6, 6, 0, 2, 0), (["c"], 4, 4, 0, 4, 0))


def test_beginnings_are_shown_with_their_success_and_where_people_stop():
    result = first_steps(PATHS, DAY, K)
    assert (result.users, result.hidden, result.reason) == (50, 1, "")
    first, second = result.paths
    assert (first.path, first.users, first.share.number, first.left_after_failure) == (("a",), 20, 0.4, 3)
    assert (first.success_rate.number, first.success_rate.n) == (15 / 19, 19)
    assert (first.drop_off.number, first.drop_off.n) == (0.4, 20)
    assert second.path == ("a", "b")


def test_where_no_first_week_is_over_it_says_so():
    assert "first seen 6 to 35 days ago" in first_steps(PATHS[PATHS["steps"] > 9], DAY, K).reason
    assert first_steps(PATHS, DAY, 60).reason == "no beginning is shared by 60 users"


def capability(name, *arguments, summary="", signature=""):
    signature = signature or f"{name}({', '.join(a.name for a in arguments)})"
    return Capability(f"assistant.{name}", "function", signature, summary, arguments=arguments, file="assistant.py")


def package(*listed, day=DAY):
    return Package("assistant", day, 1, listed)


@pytest.mark.parametrize("name", ["search_index", "searchIndex", "tools.search_index", "SearchIndex"])
def test_what_is_used_is_found_in_the_code_by_its_name(conforms, name):
    looked = package(capability(name), capability("never_used", summary="Do."))
    result = capabilities(
        actions(USED, CALLS, DAY, K), first_steps(PATHS, DAY, K), [(looked, None)], DAY, first_landed=DAY, least_units=K
    ).as_artifact()
    conforms("capabilities", result)
    assert result["undocumented"] == [{"name": f"assistant.{name}", "calls": 100, "units": 40}]
    assert [c["action"] for c in result["capabilities"]] == ["search_index", ""]


def test_a_night_without_a_package_documents_use_alone(conforms):
    known = actions(USED, CALLS, DAY, K), first_steps(PATHS, DAY, K)
    result = capabilities(*known, [], DAY, first_landed=DAY, least_units=K).as_artifact()
    conforms("capabilities", result)
    assert (result["packages"], result["capabilities"], result["reason"]) == ([], [], "")
    assert result["requests"] == 600


def test_nothing_at_all_says_so(conforms):
    known = actions(USED[:0], CALLS[:0], DAY, K), first_steps(PATHS[:0], DAY, K)
    result = capabilities(*known, [], DAY, first_landed=None, least_units=K).as_artifact()
    conforms("capabilities", result)
    assert result["reason"] == "no intent was logged, and no package was read"


def argument(name, kind="any", default=None):
    return Argument(name, kind, default=default)


@pytest.mark.parametrize(
    ("before", "after", "breaking"),
    [
        ((), (argument("a"),), "a is required"),
        ((), (argument("a", default="1"),), ""),
        ((argument("a", default="1"),), (argument("a"),), "a is required"),
        ((argument("a"),), (), "a is gone"),
        ((argument("a"),), (argument("rest", "mapping"),), ""),
        ((argument("a"),), (argument("a", "keyword"),), "a must be named"),
        ((argument("a"),), (argument("x", default="1"), argument("a")), "positions changed"),
        ((argument("a"), argument("b")), (argument("b"), argument("a")), "positions changed"),
    ],
)
def test_what_breaks_a_caller_is_said(before, after, breaking):
    old = package(capability("f", *before, signature="old"), day=date(2026, 11, 1))
    (change,) = changes(package(capability("f", *after, signature="new")), old)
    assert (change.change, change.breaking) == ("changed", breaking)


def test_what_came_and_went_is_said_and_what_breaks_comes_first():
    old = package(capability("gone"), capability("same"))
    found = changes(package(capability("added"), capability("same")), old)
    assert [(c.name, c.change, c.breaking) for c in found] == [
        ("assistant.gone", "removed", "it is gone"),
        ("assistant.added", "added", ""),
    ]
    assert changes(package(capability("same")), None) == ()
