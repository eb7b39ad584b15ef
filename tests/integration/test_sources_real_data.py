"""Real logs go through the real ingest, and what arrives equals what an independent reading of the raw files counts."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ratchet.home import Home
from ratchet.log.ingest import IngestOptions, ingest_until
from ratchet.log.sources import LandedSource

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
DAY = date(2026, 11, 20)
TODAY = date(2026, 11, 21)
RETAIL = "tau_bench_retail_agent_variants/tool-calling"
AIRLINE = "tau_bench_airline_gpt4o/gpt-4o-airline.json.gz"
PLAIN = f"{RETAIL}-none-0.1_range_0-100_user-none-llm_06232025.json.gz"
CAREFUL = f"{RETAIL}-with-preconditions-none-0.1_range_0-100_user-none-llm_0626123715.json.gz"
WHISSLE = "whissle_tau2_airline/airline_run1.json.gz"
SPANS = "openinference_otel_spans"

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the real logs of ../shared/data are not here")


@dataclass(frozen=True)
class Landed:
    """What one source made of some files."""

    connection: Any
    report: dict[str, Any]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()

    def row(self, query: str) -> tuple[Any, ...]:
        [found] = self.rows(query)
        return found


def land(folder: Path, source: str, *names: str, day: date = DAY) -> Landed:
    landing = folder / "landing" / f"dt={day}"
    landing.mkdir(parents=True)
    for number, name in enumerate(names):
        shutil.copyfile(DATA / name, landing / f"{number}-{Path(name).name}")
    home = Home(folder / "home")
    ingest_until(home, [LandedSource(source, folder / "landing")], day, IngestOptions(), TODAY)
    connection = duckdb.connect()
    for stream in ("interaction", "error", "outcome", "api_call"):
        if list((home.bronze / stream).glob("*/*.parquet")):
            connection.execute(f"create view {stream} as from read_parquet('{home.bronze / stream}/*/*.parquet')")
    return Landed(connection, json.loads((home.loads / f"{day}.json").read_text()))


def conversations(name: str) -> list[dict[str, Any]]:
    with gzip.open(DATA / name) as file:
        document = json.load(file)
    return document if isinstance(document, list) else document["simulations"]


def messages(run: dict[str, Any]) -> list[dict[str, Any]]:
    return run.get("traj") or run["messages"]


def calls(run: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for message in messages(run):
        for call in message.get("tool_calls") or []:
            yield call.get("function") or call


def reward(run: dict[str, Any]) -> float:
    return run["reward"] if "reward" in run else run["reward_info"]["reward"]


def tool_errors(run: dict[str, Any]) -> list[str]:
    results = [m for m in messages(run) if m["role"] == "tool"]
    return [m["content"] for m in results if m.get("error", m["content"].startswith("Error:"))]


def assert_equal_to_raw(landed: Landed, name: str) -> None:
    """Count the raw file in plain Python and compare."""
    runs = conversations(name)
    tools = [call["name"] for run in runs for call in calls(run)]
    failed = [text for run in runs for text in tool_errors(run)]
    first = [next(m["content"] for m in messages(run) if m["role"] == "user") for run in runs]
    assert landed.row(
        "select count(*), count(distinct session_id), sum(success::int), bool_and(task_type = 'conversation')"
        " from interaction where parent_id is null"
    ) == (len(runs), len(runs), sum(reward(run) >= 1 for run in runs), True)
    assert landed.rows(
        "select intent, count(*) from interaction where parent_id is not null group by intent order by intent"
    ) == sorted((tool, tools.count(tool)) for tool in set(tools))
    assert landed.row("select count(*) from interaction where parent_id is not null and not success") == (len(failed),)
    assert sorted(
        f"{kind}: {message}" for kind, message in landed.rows("select error_type, message from error")
    ) == sorted(_redacted(text) for text in failed)
    assert landed.row("select count(*), round(sum(value), 6) from outcome where metric = 'reward'") == (
        len(runs),
        round(sum(map(reward, runs)), 6),
    )
    texts = [
        text for (text,) in landed.rows("select request_text from interaction where parent_id is null order by all")
    ]
    assert texts == sorted(map(_redacted, first))


def _redacted(text: str) -> str:
    return re.sub(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", "[EMAIL]", text)


def assert_whole(landed: Landed) -> None:
    """Nothing refused, every link leads somewhere, the counts of the load report add up."""
    totals = landed.report["totals"]
    assert totals["lines"] == totals["loaded"] + totals["duplicates"] + totals["quarantined"] + totals["blank"]
    assert (totals["quarantined"], totals["duplicates"], landed.report["unknown_fields"]) == (0, 0, [])
    for table, column in (("interaction", "parent_id"), ("error", "interaction_id"), ("outcome", "interaction_id")):
        dangling = (
            f"select count(*) from {table} t where {column} is not null and not exists (from interaction i where "
        )
        assert landed.row(f"{dangling} i.event_id = t.{column})") == (0,)


@pytest.fixture(scope="module")
def airline(tmp_path_factory: pytest.TempPathFactory) -> Landed:
    return land(tmp_path_factory.mktemp("airline"), "chat_transcripts", AIRLINE)


@pytest.fixture(scope="module")
def whissle(tmp_path_factory: pytest.TempPathFactory) -> Landed:
    return land(tmp_path_factory.mktemp("whissle"), "chat_transcripts", WHISSLE)


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory) -> Landed:
    return land(tmp_path_factory.mktemp("retail"), "chat_transcripts", PLAIN, CAREFUL)


def test_airline_conversations(airline: Landed) -> None:
    assert_whole(airline)
    assert_equal_to_raw(airline, AIRLINE)
    assert airline.row("select count(*), sum(success::int) from interaction where parent_id is null") == (200, 84)
    assert airline.row("select count(*), count(distinct intent) from interaction where parent_id is not null") == (
        1164,
        14,
    )
    assert airline.row("select count(*), count(distinct message) from error") == (73, 23)
    assert airline.report["totals"]["lines"] == 200 + 1164 + 73 + 200


def test_airline_trials_and_users(airline: Landed) -> None:
    runs = conversations(AIRLINE)
    by_trial = airline.rows(
        "select attributes ->> '$.trial' as trial, sum(success::int) from interaction where parent_id is null"
        " group by trial order by trial"
    )
    assert by_trial == [
        (str(t), sum(reward(run) >= 1 for run in runs if run["trial"] == t)) for t in sorted({r["trial"] for r in runs})
    ]
    assert airline.rows("select count(*) from outcome group by pair_id") == [(4,)] * 50
    users = sorted({run["info"]["task"]["user_id"] for run in runs})
    assert airline.rows("select distinct user_id from interaction order by 1") == [(user,) for user in users]


def test_arguments_arrive_as_they_were(airline: Landed) -> None:
    def key(name: str, arguments: Any) -> str:
        return _redacted(json.dumps([name, arguments], sort_keys=True))

    wanted = sorted(key(c["name"], json.loads(c["arguments"])) for run in conversations(AIRLINE) for c in calls(run))
    found = airline.rows("select intent, params from interaction where parent_id is not null")
    assert sorted(key(intent, json.loads(params)) for intent, params in found) == wanted


def test_conversations_without_times_have_a_synthetic_clock_and_no_duration(airline: Landed) -> None:
    assert airline.row("select count(*) from interaction where clock != 'synthetic' or duration_ms is not null") == (0,)
    assert airline.row("select min(occurred_at)::date, max(occurred_at)::date from interaction") == (DAY, DAY)
    assert airline.rows("select distinct attributes ->> '$.clock_note' from interaction where parent_id is null") == [
        ("no_timestamps",)
    ]


@pytest.mark.parametrize(
    ("name", "tools", "errors", "texts", "mean", "broken"),
    [(PLAIN, 793, 34, 12, 0.73, 0), (CAREFUL, 876, 25, 9, 0.70, 99)],
    ids=["plain", "with preconditions"],
)
def test_retail_variants(
    tmp_path: Path, name: str, tools: int, errors: int, texts: int, mean: float, broken: int
) -> None:
    landed = land(tmp_path, "chat_transcripts", name)
    assert_whole(landed)
    assert_equal_to_raw(landed, name)
    assert landed.row("select count(*) from interaction where parent_id is null") == (100,)
    assert landed.row("select count(*), count(distinct intent) from interaction where parent_id is not null") == (
        tools,
        16,
    )
    assert landed.row("select count(*), count(distinct message) from error") == (errors, texts)
    assert landed.row("select round(avg(value), 6) from outcome") == (mean,)
    counted = "select coalesce(sum((attributes ->> '$.broken_arguments')::int), 0) from interaction"
    assert landed.row(counted) == (broken,)


def test_both_retail_variants_share_tasks_and_no_events(retail: Landed) -> None:
    assert_whole(retail)
    assert retail.row("select count(*), count(distinct pair_id) from outcome") == (200, 100)
    discordant = """
        select count(*) filter (where plain > careful), count(*) filter (where plain < careful) from (
            select
                pair_id, sum(value) filter (where source_file like '%/0-%') as plain,
                sum(value) filter (where source_file like '%/1-%') as careful
            from outcome group by pair_id)"""
    assert retail.row(discordant) == (14, 11)


def test_real_times_costs_and_flags(whissle: Landed) -> None:
    runs = conversations(WHISSLE)
    assert_whole(whissle)
    assert_equal_to_raw(whissle, WHISSLE)
    assert whissle.row("select count(*), count(distinct intent) from interaction where parent_id is not null") == (
        265,
        14,
    )
    assert whissle.row("select count(*) from error") == (12,)
    assert whissle.row("select count(*), round(avg(value), 6) from outcome") == (50, 0.56)
    assert whissle.row("select count(*) from interaction where intent = 'transfer_to_human_agents'") == (28,)
    assert whissle.rows("select distinct clock from interaction") == [("real",)]
    median = whissle.row("select median(duration_ms) / 1000 from interaction where parent_id is null")[0]
    assert median == pytest.approx(statistics.median(run["duration"] for run in runs), abs=0.05)
    assert round(median, 1) == 26.9
    first, last = whissle.row("select min(occurred_at)::varchar, max(occurred_at)::varchar from interaction")
    assert first == min(run["start_time"] for run in runs).replace("T", " ")
    assert first.startswith("2026-07-31 01:29:51")
    assert last < "2026-07-31 01:44:06"


def test_ids_hold_when_the_files_land_again_on_another_day_under_other_names(airline: Landed, tmp_path: Path) -> None:
    again = land(tmp_path, "chat_transcripts", WHISSLE, AIRLINE, day=date(2026, 11, 19))
    ids = set(airline.rows("select event_id from interaction union all select event_id from error"))
    assert len(ids) == 200 + 1164 + 73
    assert ids < set(again.rows("select event_id from interaction union all select event_id from error"))


def test_runs_of_the_second_generation(tmp_path: Path) -> None:
    names = sorted(str(p.relative_to(DATA)) for p in DATA.glob("activegraph_tau2_event_logs/*/results.json*"))
    landed = land(tmp_path, "chat_transcripts", *names)
    assert_whole(landed)
    assert landed.row("select count(*), sum(success::int) from interaction where parent_id is null") == (17, 10)
    assert landed.row("select count(*) from interaction where parent_id is null and input_tokens > 0") != (0,)


def test_files_that_hold_no_conversation_are_quarantined_and_say_why(tmp_path: Path) -> None:
    landed = land(tmp_path, "chat_transcripts", f"{SPANS}/capture-results.json", f"{SPANS}/ai-embed.json")
    assert landed.report["totals"] == {"lines": 2, "loaded": 0, "duplicates": 0, "quarantined": 2, "blank": 0}
    assert landed.report["reasons"] == [{"reason": "no_event_type", "lines": 2}]


def test_spans_of_the_vercel_sdk(tmp_path: Path) -> None:
    names = sorted(str(path.relative_to(DATA)) for path in DATA.glob(f"{SPANS}/ai-*.json"))
    spans = [span for name in names for span in json.loads((DATA / name).read_text())]
    landed = land(tmp_path, "otlp", *names)
    assert_whole_spans(landed, len(spans), 0)
    found = landed.rows(
        "select trace_id, attributes ->> '$.span_name', round(duration_ms, 3), success from interaction order by all"
    )
    assert found == sorted(
        (s["spanContext"]["traceId"], s["name"], round(_nanos(s["endTime"], s["startTime"]) / 1e6, 3), True)
        for s in spans
    )
    tokens = "select sum(input_tokens), sum(output_tokens) from interaction where task_type = 'llm_call'"
    assert landed.row(tokens) == tuple(
        sum(s["attributes"].get(f"gen_ai.usage.{side}_tokens", 0) for s in spans) for side in ("input", "output")
    )
    assert landed.row("select count(*) from interaction where request_text is null and task_type = 'llm_call'") == (0,)
    assert landed.rows("select distinct clock from interaction") == [("real",)]


def test_the_same_spans_in_other_files_are_duplicates(tmp_path: Path) -> None:
    names = [f"{SPANS}/all-spans.json", f"{SPANS}/spans-by-operation.json", f"{SPANS}/capture-results.json"]
    spans = json.loads((DATA / names[0]).read_text())
    landed = land(tmp_path, "otlp", *names)
    totals = landed.report["totals"]
    assert (totals["loaded"], totals["duplicates"], totals["quarantined"]) == (len(spans), len(spans), 1)


def assert_whole_spans(landed: Landed, loaded: int, duplicates: int) -> None:
    totals = landed.report["totals"]
    assert (totals["loaded"], totals["duplicates"], totals["quarantined"]) == (loaded, duplicates, 0)
    assert landed.report["unknown_fields"] == []


def _nanos(later: list[int], earlier: list[int]) -> int:
    return (later[0] - earlier[0]) * 10**9 + later[1] - earlier[1]
