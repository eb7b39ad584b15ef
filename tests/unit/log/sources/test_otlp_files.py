"""What files hold and are called, records that are refused, and the table of names."""

from __future__ import annotations

import csv

from ratchet.log.sources import SHIPPED

from .conftest import Mapped
from .otlp import SOURCE, TRACE, below_root, exported, span


def test_a_file_exporter_writes_lines_whatever_it_calls_the_file(mapped: Mapped) -> None:
    lines = [exported(span(1)), exported(span(2, 1, attributes={"gen_ai.tool.name": "f"}))]
    for name in ("traces.jsonl", "traces.json"):
        events = mapped(SOURCE, {name: lines})
        assert [e["attributes"]["span_name"] for e in events["interaction"]] == ["span 1", "span 2"]


def test_a_span_of_the_python_sdk(mapped: Mapped) -> None:
    document = {
        "name": "chat",
        "context": {"trace_id": "0x" + TRACE, "span_id": "0x00000000000000ff", "trace_state": "[]"},
        "kind": "SpanKind.CLIENT",
        "parent_id": None,
        "start_time": "2025-11-20T08:00:00.000000Z",
        "end_time": "2025-11-20T08:00:01.500000Z",
        "status": {"status_code": "ERROR", "description": "late"},
        "attributes": {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 4},
        "events": [
            {
                "name": "exception",
                "timestamp": "2025-11-20T08:00:01.000000Z",
                "attributes": {"exception.type": "TimeoutError", "exception.message": "late"},
            }
        ],
        "resource": {"attributes": {"service.name": "shop"}},
    }
    events = mapped(SOURCE, [document])
    [root], [error] = events["interaction"], events["error"]
    assert (root["trace_id"], root["duration_ms"], root["success"]) == (TRACE, 1500.0, False)
    assert (root["service"], root["input_tokens"], root["error"]) == ("shop", 4, "TimeoutError: late")
    assert error["occurred_at"] == "2025-11-20T08:00:01.000000Z"


def test_a_record_without_spans_or_logs_becomes_a_line_that_is_refused(mapped: Mapped) -> None:
    records = [{"hello": 1}, {"resourceMetrics": [{"scopeMetrics": []}]}, 7, None, {"a": [1, "x"]}]
    events = mapped(SOURCE, [*records])["interaction"]
    assert [e["record"] for e in events] == records
    assert all(e["unmapped"] and "event_type" not in e for e in events)


def test_a_span_without_an_id_is_refused_alone(mapped: Mapped) -> None:
    events = mapped(SOURCE, [exported(span(1), {"name": "no id"}, "text")])["interaction"]
    assert [e.get("unmapped") for e in events] == [None, "a span without an id", "a span without an id"]


def test_hostile_texts_pass_through_unchanged(mapped: Mapped) -> None:
    text = "'; drop table raw; -- \" \\ \u0000 <script> \U0001f600"
    found = below_root(
        mapped, **{"gen_ai.tool.name": text, "user.id": text, text: text, "exception": [text, {text: 1}]}
    )
    assert (found["intent"], found["user_id"], found["attributes"][text]) == (text, text, text)
    assert found["attributes"]["exception"] == [text, {text: 1}]


def test_every_alias_leads_to_a_field_that_the_mapping_reads() -> None:
    folder = SHIPPED / SOURCE
    rows = list(csv.DictReader((folder / "aliases.csv").read_text().splitlines()))
    sql = "".join(path.read_text() for path in folder.glob("*.sql"))
    unread = {r["field"] for r in rows} - {"dropped"} - {f for f in {r["field"] for r in rows} if f"'{f}'" in sql}
    assert unread == set()
    assert len({(r["field"], r["attribute"], r["value"]) for r in rows}) == len(rows)
    ranks: dict[str, list[int]] = {}
    for row in rows:
        ranks.setdefault(row["field"], []).append(int(row["rank"]))
    assert all(found == list(range(1, len(found) + 1)) for found in ranks.values())
