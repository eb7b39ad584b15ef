"""Feedback of real traces and real raters comes in whole, and a night says how far the raters agree."""

from __future__ import annotations

import gzip
import json
import shutil
from collections import Counter
from itertools import permutations
from typing import Any

import duckdb
import pytest

from ratchet import marts
from ratchet.analyze.raters import agreements
from ratchet.home import Home
from ratchet.log.ingest import IngestOptions, ingest_until
from ratchet.log.sources import LandedSource
from ratchet.settings import load
from ratchet.warehouse import Warehouse
from tests.integration.test_sources_real_data import DATA, DAY, TODAY

TRACES, RATERS = "langfuse_framework_traces", "pandalm_human_feedback/testset-v1.json.gz"
pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the real logs of ../shared/data are not here")


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, dict[str, Any]]:
    """Both land on one day, as two sources."""
    root = tmp_path_factory.mktemp("feedback")
    zones = [root / name / f"dt={DAY}" for name in ("langfuse", "ratings")]
    shutil.copytree(DATA / TRACES, zones[0])
    zones[1].mkdir(parents=True)
    shutil.copyfile(DATA / RATERS, zones[1] / "raters.json.gz")
    home = Home(root / "home")
    ingest_until(home, [LandedSource(z.parent.name, z.parent) for z in zones], DAY, IngestOptions(), TODAY)
    return home, json.loads((home.loads / f"{DAY}.json").read_text())


def bronze(home: Home, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        for stream in ("interaction", "feedback"):
            connection.execute(f"create view {stream} as from read_parquet('{home.bronze / stream}/*/*.parquet')")
        return connection.execute(query).fetchall()


def traces() -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((DATA / TRACES).glob("*.json"))]


def comparisons() -> list[tuple[int, ...]]:
    with gzip.open(DATA / RATERS) as file:
        return [tuple(row[f"annotator{k}"] for k in (1, 2, 3)) for row in json.load(file)]


def test_nothing_is_refused_and_the_lines_add_up(landed: tuple[Home, dict[str, Any]]) -> None:
    totals = landed[1]["totals"]
    assert totals["lines"] == totals["loaded"] + totals["duplicates"] + totals["quarantined"] + totals["blank"]
    assert totals["quarantined"] == 0


def test_every_trace_observation_and_score_of_langfuse_is_there_once(landed: tuple[Home, dict[str, Any]]) -> None:
    raw = traces()
    steps = {(t["trace"]["id"], o["id"]) for t in raw for o in t["observations"] if o["type"] != "EVENT"}
    scores = {s["id"]: s for t in raw for s in t["trace"].get("scores") or []}
    found = bronze(
        landed[0],
        "select count(*) filter (where parent_id is null), count(*) filter (where parent_id is not null)"
        " from interaction where event_id like 'langfuse:%'",
    )
    assert found == [(len({t["trace"]["id"] for t in raw}), len(steps))]
    shown = bronze(landed[0], "select event_id, score, rater from feedback where event_id like 'langfuse:%'")
    lower_is_better = {"toxicity": True, "hallucination": True, "correctness": False}
    assert {name: (pytest.approx(score), rater) for name, score, rater in shown} == {
        f"langfuse:{name}": (1 - s["value"] if lower_is_better[s["name"]] else s["value"], "evaluator")
        for name, s in scores.items()
    }


def test_every_verdict_is_a_score_of_both_answers(landed: tuple[Home, dict[str, Any]]) -> None:
    verdicts = Counter(v for row in comparisons() for v in row)
    scores = dict(
        bronze(
            landed[0],
            "select score, count(*) from feedback"
            " where event_id like 'ratings:%' and interaction_id like '%:1' group by 1",
        )
    )
    assert scores == {1.0: verdicts[0], 2.0: verdicts[1], 0.0: verdicts[2]}


def test_a_night_tells_how_far_the_raters_agree(landed: tuple[Home, dict[str, Any]]) -> None:
    with Warehouse.open(landed[0]) as warehouse:
        warehouse.prepare(DAY, [DAY], load())
        models = ("stg_feedback", "stg_interaction", "int_feedback_matches", "mart_rater_agreement")
        marts.run_dbt(warehouse, "run", "--select", *models)
        [found] = agreements(warehouse.frame("from mart_rater_agreement"), DAY)
    rows = comparisons()
    same = sum(len(set(row)) == 1 for row in rows)
    assert (found["items"], found["ratings"], found["unanimous"]["value"]) == (
        len(rows),
        3 * len(rows),
        same / len(rows),
    )
    assert found["alpha_nominal"]["value"] == pytest.approx(plain_alpha(rows))
    assert found["alpha_nominal"]["low"] > 0.8
    assert found["alpha"]["value"] == pytest.approx(0.8748, abs=5e-5)


def plain_alpha(rows: list[tuple[int, ...]]) -> float:
    """Return nominal alpha over the coincidence matrix, pair by pair."""
    pairs = Counter(pair for row in rows for pair in permutations(row, 2))
    weight = len(rows[0]) - 1
    n = sum(pairs.values()) / weight
    apart = sum(count for (a, b), count in pairs.items() if a != b) / weight
    of = Counter(v for row in rows for v in row)
    chance = sum(of[a] * of[b] for a, b in permutations(of, 2)) / (n - 1)
    return 1 - apart / chance
