"""Real conversations and traces: calls in vain and critical paths equal what plain Python counts in the raw files."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from ratchet import settings
from ratchet.home import Home
from ratchet.log.sources import LandedSource
from ratchet.night import Night
from ratchet.steps import execute
from ratchet.warehouse import Warehouse

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
DAY = date(2026, 11, 20)
CHATS = [
    "tau_bench_airline_gpt4o/gpt-4o-airline.json.gz",
    "tau_bench_retail_agent_variants/tool-calling-none-0.1_range_0-100_user-none-llm_06232025.json.gz",
    "tau_bench_retail_agent_variants/tool-calling-with-preconditions-none-0.1_range_0-100_user-none-llm_0626123715.json.gz",
]
TRACES = "langfuse_framework_traces"
READS = {
    "calculate",
    "think",
    "find_user_id_by_email",
    "find_user_id_by_name_zip",
    "get_order_details",
    "get_product_details",
    "get_reservation_details",
    "get_user_details",
    "list_all_airports",
    "list_all_product_types",
    "search_direct_flight",
    "search_onestop_flight",
}

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the real logs of ../shared/data are not here")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Return a home whose marts are built from conversations without a clock and from traces with one."""
    root = tmp_path_factory.mktemp("workflows")
    traces = [str(path.relative_to(DATA)) for path in sorted((DATA / TRACES).glob("*.trace.json"))]
    for source, names in (("chat_transcripts", CHATS), ("langfuse", traces)):
        for number, name in enumerate(names):
            place = root / source / f"dt={DAY}" / f"{number}-{Path(name).name}"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(DATA / name)
    sources = tuple(LandedSource(source, str(root / source)) for source in ("chat_transcripts", "langfuse"))
    night = Night(Home(root / "home"), DAY, settings.load("development"), sources, date(2026, 11, 21))
    for step in ("ingest", "build_marts"):
        execute(step, night)
    return night.home


def rows(home: Home, query: str) -> list[tuple[Any, ...]]:
    with Warehouse.open(home) as warehouse:
        found: list[tuple[Any, ...]] = warehouse.connection.execute(query).fetchall()
    return found


Call = tuple[str, str, bool, str]  # name, arguments, whether it succeeded, answer


def _canonical(arguments: str) -> str:
    try:
        return json.dumps(json.loads(arguments), sort_keys=True)
    except json.JSONDecodeError:
        return arguments  # a text that is no JSON stays a text


def conversations() -> Iterator[list[Call]]:
    """Yield the calls of each conversation in order, read by hand."""
    for name in CHATS:
        for run in json.loads(gzip.decompress((DATA / name).read_bytes())):
            waiting: list[tuple[str, str]] = []
            calls: list[Call] = []
            for message in run["traj"]:
                for call in message.get("tool_calls") or []:
                    waiting.append((call["function"]["name"], _canonical(call["function"]["arguments"])))
                if message["role"] == "tool" and waiting:
                    answer = str(message["content"])
                    calls.append((*waiting.pop(0), not answer.startswith("Error:"), answer))
            yield calls


def repeats(calls: list[Call]) -> Iterator[tuple[str, str]]:
    known: dict[tuple[str, str], tuple[int, str]] = {}
    written = 0
    for name, arguments, succeeded, answer in calls:
        written += name not in READS
        if not succeeded:
            continue
        before = known.get((name, arguments))
        known[name, arguments] = written, answer
        if before is not None:
            same = "same" if answer == before[1] else "other"
            yield name, same if name in READS and before[0] == written else "written"


def tries(calls: list[Call]) -> Iterator[tuple[str, int, bool]]:
    failed_before, last = 0, ""
    for name, _, succeeded, _ in calls:
        failed_before = failed_before if name == last else 0
        if failed_before:
            yield name, min(failed_before, 10), succeeded
        failed_before, last = (0 if succeeded else failed_before + 1), name


def cycles(calls: list[Call]) -> int:
    """Return how many calls go round: equal to the one before the last and not to the last, two of them in a row."""
    turns = [i >= 2 and calls[i] == calls[i - 2] != calls[i - 1] for i in range(len(calls))]
    return sum(
        turn and ((i > 0 and turns[i - 1]) or (i + 1 < len(turns) and turns[i + 1])) for i, turn in enumerate(turns)
    )


def test_calls_made_before_are_those_of_the_raw_files(home: Home) -> None:
    raw = Counter(found for calls in conversations() for found in repeats(calls))
    assert sum(raw.values()) > 30
    assert {verdict for _, verdict in raw} >= {"same", "written"}
    found = rows(
        home,
        "select action, good, bad, calls - good - bad - unknown, unknown from int_workflows_daily"
        f" where kind = 'repeat' and landed_date = '{DAY}' and event_date = '{DAY}' order by action",
    )
    assert found == [
        (name, raw[name, "same"], raw[name, "other"], raw[name, "written"], 0)
        for name in sorted({name for name, _ in raw})
    ]
    assert sum(good for _, good, *_ in found) == 16


def test_tries_after_failures_are_those_of_the_raw_files(home: Home) -> None:
    raw = Counter(found for calls in conversations() for found in tries(calls))
    assert any(failures >= 3 for _, failures, _ in raw)
    found = rows(
        home,
        "select action, tries, good, bad from int_workflows_daily"
        f" where kind = 'try' and event_date = '{DAY}' order by action, tries",
    )
    assert found == [
        (name, n, raw[name, n, True], raw[name, n, False]) for name, n in sorted({(name, n) for name, n, _ in raw})
    ]


def test_cycles_are_those_of_the_raw_files(home: Home) -> None:
    [(found,)] = rows(home, "select sum(calls) from int_workflows_daily where kind = 'cycle'")
    assert found == sum(map(cycles, conversations())) > 0


def traces() -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Yield each trace once with its observations; one whose parent is not there belongs to the trace."""
    documents = [json.loads(path.read_text("utf-8")) for path in sorted((DATA / TRACES).glob("*.trace.json"))]
    for document in {d["trace"]["id"]: d for d in documents}.values():
        known = {o["id"] for o in document["observations"]}
        placed = [o | {"above": o["parentObservationId"]} for o in document["observations"]]
        yield document["trace"], [o | {"above": o["above"] if o["above"] in known else None} for o in placed]


def moment(text: str) -> int:
    """Return microseconds."""
    return round(1e6 * datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def own_times(begin: int, end: int, name: str, steps: list[dict[str, Any]], above: Any) -> Iterator[tuple[str, int]]:
    """Yield every step on the critical path with its own time, by walking back from the end."""
    own = [o for o in steps if o["above"] == above and o.get("endTime")]
    spans = [(min(end, moment(o["endTime"])), max(begin, moment(o["startTime"])), o["id"], o["name"]) for o in own]
    waited, since = 0, end
    for to, start, step, called in sorted(spans, key=lambda s: (-s[0], -s[1], s[2])):
        if start < to <= since:
            waited, since = waited + to - start, start
            yield from own_times(start, to, called, steps, step)
    yield name, end - begin - waited


def test_critical_paths_are_those_of_the_raw_traces(home: Home) -> None:
    raw: Counter[str] = Counter()
    for trace, steps in traces():
        start = moment(trace["timestamp"])
        times = list(own_times(start, start + round(1e6 * trace["latency"]), "", steps, None))
        if len(times) > 1:
            for name, us in times:
                raw[name] += us
    found = rows(home, "select action, sum(path_ms) from int_paths_daily where kind = 'step' group by action")
    assert len(raw) > 5
    # one trace claims to begin a millisecond after its first step
    assert {name: float(ms) for name, ms in found} == pytest.approx({n: us / 1000 for n, us in raw.items()}, abs=1.001)
