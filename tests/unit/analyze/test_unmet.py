import json
from datetime import date, timedelta
from pathlib import Path

import jsonschema
import pandas as pd
import pytest

from ratchet import contracts
from ratchet.analyze.unmet import Exposure, find_unmet
from ratchet.contracts.apis import Api, Operation
from ratchet.contracts.unmet import Verdict, WishStatus

from .conftest import Rules

DAY = date(2026, 11, 20)
THINGS = ["the report", "my notes", "the handbook", "the minutes", "the budget", "the contract", "the plan", "the memo"]
EVEN = Exposure(recent=700, before=2300)


def row(text, units=(1, 2), **counts):
    zero = dict.fromkeys(
        ("failed", "with_error", "unsupported", "refused", "fell_back", "empty_answers", "abandoned", "on_a_clock"), 0
    )
    made = {"as_of": DAY, "text": text, "intents": [""], **zero, "unit_keys": list(units), "again": 0, **counts}
    made["in_vain"] = sum(made[k] for k in ("failed", "refused", "fell_back", "empty_answers", "abandoned"))
    made.setdefault("requests", made["in_vain"])
    made.setdefault("known", made["requests"])
    made.setdefault("recent", made["in_vain"] + made["again"])
    made.setdefault("answered", made["requests"])
    made.setdefault("threaded", made["requests"])
    made.setdefault("followed", made["threaded"])
    return made | {
        "in_vain_known": made["in_vain"] - made["abandoned"],
        "first_seen": DAY - timedelta(days=3),
        "last_seen": DAY,
        "sample_event_ids": [f"e-{text}"],
    }


def podcasts(**counts):
    return [row(f"make a podcast out of {t}", (n, n + 1, 50), refused=3, **counts) for n, t in enumerate(THINGS)]


def find(rows, known=(), apis=(), exposure=EVEN, day=DAY, gaps=None):
    frame = pd.DataFrame([r | {"as_of": day} for r in rows] or [row("x")][:0], columns=list(row("x")))
    return find_unmet(frame, known, exposure, apis, Rules(), day, gaps)


def test_one_wish_in_many_words_is_one_cluster_with_its_demand():
    result, _ = find(podcasts())
    (wish,) = result.clusters
    assert (wish.demand, wish.priority.value, wish.units, wish.texts) == (24, "high", 10, 8)
    assert "podcast" in wish.feature
    assert wish.status is WishStatus.NEW
    assert wish.verdict is Verdict.BUILD
    assert wish.demand_interval.low < 24 < wish.demand_interval.high
    assert wish.failure_rate.number == 1.0
    assert len(wish.samples) == 3


def test_entries_begin_as_the_source_document_says_and_keep_to_the_schema():
    artifact = find(podcasts())[0].as_artifact()
    assert [list(entry)[:3] for entry in artifact["clusters"]] == [["feature", "demand", "priority"]]
    schema = json.loads((Path(contracts.__file__).parent / "schemas" / "features.schema.json").read_text("utf-8"))
    for name in ("clusters", "signals", "grouped"):
        jsonschema.validate(artifact[name], {"$defs": schema["$defs"], **schema["properties"][name]})


def test_the_order_of_rows_changes_nothing():
    assert find(podcasts()) == find(podcasts()[::-1])


def test_a_cluster_keeps_its_id_and_comes_back_as_regressed():
    first, state = find(podcasts())
    later = [row(f"podcast out of {t} please", (n, 60), refused=3) for n, t in enumerate(THINGS)]
    second, state = find(later, state, day=DAY + timedelta(days=1))
    assert [w.id for w in second.clusters] == [first.clusters[0].id]
    assert second.clusters[0].known_since == DAY
    quiet, state = find(podcasts(recent=0), state, exposure=Exposure(700, 700))
    assert [w.status for w in quiet.clusters] == [WishStatus.FIXED]
    assert quiet.clusters[0].priority.value == "low"
    nothing, state = find([], state)
    assert nothing.clusters == ()
    back, _ = find(podcasts(), state)
    assert [(w.id, w.status) for w in back.clusters] == [(first.clusters[0].id, WishStatus.REGRESSED)]


@pytest.mark.parametrize(
    ("intent", "gaps", "same"),
    [
        ("make_podcast", {"make_podcast": 500}, "make_podcast"),  # its name says so
        ("studio", {"studio": 40}, "studio"),  # most of the gap
        ("other", {"other": 500}, ""),  # a small part of a gap that says less
        ("studio", {"export": 24}, ""),
        ("", {"": 24}, ""),
    ],
)
def test_a_cluster_that_is_a_gap_by_intent_says_so(intent, gaps, same):
    (wish,) = find(podcasts(intents=[intent]), gaps=gaps)[0].clusters
    assert (wish.same_as, wish.intents) == (same, (intent,))


def test_intents_of_a_cluster_come_by_their_demand():
    rows = podcasts(intents=["z"])
    rows[0]["intents"] = ["a", "b"]
    (wish,) = find(rows, gaps={"a": 2})[0].clusters
    assert (wish.intents, wish.same_as) == (("z", "a", "b"), "")


def test_units_are_called_by_the_weakest_kind_among_them():
    assert find([row(f"make a podcast of {t}", (5, 9), refused=3) for t in THINGS])[0].clusters[0].unit_kind == "user"
    assert (
        find([row(f"make a podcast of {t}", (5, 10), refused=3) for t in THINGS])[0].clusters[0].unit_kind == "session"
    )


def test_verdicts_follow_errors_success_and_the_catalogue():
    serves = Api("Studio", "1", "OpenAPI 3.0", (Operation("post", "/podcasts", "makePodcast", "Make a podcast"),))
    wrapped, _ = find(podcasts(), apis=[("studio", serves)])
    assert (wrapped.clusters[0].verdict, wrapped.clusters[0].operation) == (Verdict.WRAP, "studio: POST /podcasts")
    broken = [row(f"export {t} to excel", (n, 9), failed=3, with_error=3) for n, t in enumerate(THINGS)]
    assert find(broken)[0].clusters[0].verdict is Verdict.FIX
    missing = [row(f"export {t} to excel", (n, 9), failed=3, with_error=3, unsupported=3) for n, t in enumerate(THINGS)]
    assert find(missing)[0].clusters[0].verdict is Verdict.BUILD
    found = [row(f"export {t} to excel", (n, 9), fell_back=3, requests=40) for n, t in enumerate(THINGS)]
    assert find(found)[0].clusters[0].verdict is Verdict.DOCUMENT


def test_asking_again_counts_beside_what_was_in_vain_by_itself():
    rows = podcasts()
    rows[0] |= {"again": 1, "recent": 4}
    assert find(rows)[0].clusters[0].signals["again"] == 1
    assert find(rows)[0].clusters[0].demand == 25


def test_automation_is_split_off_and_counted():
    script = row("refresh dashboard", (99,), failed=48, on_a_clock=46)
    result, _ = find([*podcasts(), script])
    assert [w.demand for w in result.clusters] == [24]
    assert {(g.part, g.texts, g.requests) for g in result.grouped} == {
        ("clusters", 8, 24),
        ("clusters below the floor", 0, 0),
        ("one-offs", 0, 0),
        ("automation", 1, 48),
    }


def test_texts_and_names_need_enough_users():
    few = [row(f"secret plan of {t}", (1, 2), refused=3) for t in THINGS]
    (wish,) = find(few)[0].clusters
    assert wish.samples == ()
    assert wish.feature == f"cluster {wish.id}"


def test_what_cannot_be_seen_is_said():
    signals = {s.signal: s for s in find(podcasts(answered=0, threaded=0))[0].signals}
    assert signals["refused"].reason == "not computable: no answer is logged"
    assert signals["again"].reason == "not computable: no unit is logged, or no real clock"
    assert signals["abandoned"].reason.startswith("not computable: fewer than half of the requests have an outcome")
    assert signals["failed"].reason == ""


@pytest.mark.parametrize("rows", [[], [row("only one", (1,), failed=1)]])
def test_little_is_no_cluster(rows):
    assert find(rows)[0].clusters == ()
