"""Every case of "What bad input gets": nothing is lost, nothing is silent, and one bad line costs no other."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import DAY, LATER, event, lines

REFUSED = {
    "not_json": [
        *("hello", "{", '{"a": 1', '{"a": tru}', "{'a': 1}", '{"a": 1,}', '{"event_id": "x", "up": [true,]}'),
        *(
            json.dumps(event(1)) + json.dumps(event(2)),
            '{"a": "tab\there"}',
            '{"a": "\\ud800"}',
            "\x00",
            '{"a":"\x01"}',
        ),
    ],
    "not_object": ["[]", "[1, 2]", "5", '"text"', "null", "true"],
    "no_event_type": ["{}", json.dumps(event(event_type=None)), json.dumps(event(event_type=5))],
    "reserved_stream": [json.dumps(event(event_type="decision", improvement_id="x", state="approved"))],
    "unknown_stream": [json.dumps(event(event_type="interactions")), json.dumps(event(event_type=""))],
    "missing_field": [
        *(json.dumps(event(event_id=None)), json.dumps(event(event_id="")), json.dumps(event(occurred_at=None))),
        *(json.dumps(event(up=None)), json.dumps(event(stream="feedback", kind="rating"))),
        json.dumps(event(stream="outcome", metric="m", unit_id="u")),
    ],
    "wrong_type": [
        *(
            json.dumps(event(user_id=5)),
            json.dumps(event(up="yes")),
            json.dumps(event(up=1)),
            json.dumps(event(event_id=7)),
        ),
        *(json.dumps(event(attributes=[1])), json.dumps(event(attributes="x")), json.dumps(event(service={"a": 1}))),
        *(json.dumps(event(stream="interaction", duration_ms="12")), json.dumps(event(stream="interaction", size=1.5))),
        *(json.dumps(event(stream="interaction", size=True)), json.dumps(event(occurred_at=1762000000))),
        *(json.dumps(event(occurred_at=t)) for t in ("yesterday", "2026-11-10", "2026-11-10T08:00:00", "infinity", "")),
        *(json.dumps(event(occurred_at=t)) for t in ("2026-13-10T08:00:00Z", "2026-02-30T08:00:00Z")),
        *(json.dumps(event(occurred_at=t)) for t in ("2026-11-10T24:00:00Z", "2026-11-10T08:00:00 UTC")),
        json.dumps(event(stream="change", kind="release", target="x", ended_at="soon")),
        json.dumps(event(stream="validation", interaction_id="i", findings={"category": "x"})),
        json.dumps(event(stream="validation", interaction_id="i", findings=[{"category": 5}])),
        json.dumps(event(stream="validation", interaction_id="i", findings=["x"])),
        json.dumps(event(user_id=5)).replace("user_id", "us\\u0065r_id"),
    ],
    "too_long": [json.dumps(event(event_id="x" * 129))],
    "not_a_choice": [
        *(json.dumps(event(clock="fake")), json.dumps(event(stream="feedback", interaction_id="i", kind="stars"))),
        json.dumps(event(stream="flag_evaluation", flag_key="f", variant="v", unit_id="u", reason="split")),
    ],
    "out_of_range": [
        *(json.dumps(event(stream="interaction", duration_ms=n)) for n in (-1, float("nan"), float("inf"), 1e16)),
        *(
            json.dumps(event(stream="interaction", complexity=1.01)),
            json.dumps(event(stream="interaction", size=10**20)),
        ),
        *(json.dumps(event(stream="outcome", metric="m", value=-1.1e15, unit_id="u")),),
        *(json.dumps(event(stream="error", error_type="E", http_status=99)), json.dumps(event(batch=float("-inf")))),
        json.dumps(event(stream="outcome", metric="m", unit_id="u", value=0)).replace(" 0}", " 1e999}"),
        json.dumps(event(stream="interaction", params={"deep": [float("nan")]})),
    ],
    "clock": [
        json.dumps(event(occurred_at=t))
        for t in ("1999-12-31T23:59:59Z", "2026-11-13T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59")
    ],
}
GOOD = [
    *(
        event(f"t{i}", occurred_at=t)
        for i, t in enumerate(
            (
                *("2000-01-01T00:00:00Z", "2026-11-12T23:59:59.999999Z", "2026-11-10T08:00:00.123456789+05:30"),
                *(
                    "2026-11-10 08:00:00-08:00",
                    "2026-11-10t08:00:00z",
                    "2026-06-30T23:59:60Z",
                    "2026-11-13T00:30:00+02:00",
                ),
            )
        )
    ),
    event("x" * 127),
    event("n", user_id=None, session_id=None, attributes=None),
    event(
        "i", "interaction", size=5.0, duration_ms=1e15, input_tokens=3e2, params=[1, "nan, ok], inf}", {"size": "big"}]
    ),
    event("v", "validation", interaction_id="i", findings=[{"category": "c", "field": None, "more": 1}]),
    event("f", "feedback", interaction_id="i", kind="rating", rating=4.5, thumb=None),
    event("é—😀", "error", error_type="E", message="a\u2028b\x00c", context=None),
]


def test_each_bad_line_goes_to_quarantine_with_its_reason_and_its_text(zone):
    bad = [(reason, line) for reason, many in REFUSED.items() for line in many]
    zone.put("bad.jsonl", lines(*(line for _, line in bad)))
    [report] = zone.load()
    rows = zone.rows("select source_line, reason, raw, detail, source_file, source from {quarantine} order by all")
    assert [(r[0], r[1]) for r in rows] == [(n, reason) for n, (reason, _) in enumerate(bad, 1)]
    for (_, line), row in zip(bad, rows, strict=True):
        assert row[2] == line or json.loads(row[2]) == json.loads(line)
        assert row[4:] == ("dt=2026-11-10/bad.jsonl", "native")
    assert all(row[3] for row in rows if row[1] != "not_json")
    assert report["reasons"] == [
        {"reason": r, "lines": n} for r, n in sorted(Counter(r for r, _ in bad).items(), key=lambda i: (-i[1], i[0]))
    ]
    assert report["quarantined_share"] == 1.0
    assert report["totals"] == {"lines": len(bad), "loaded": 0, "duplicates": 0, "quarantined": len(bad), "blank": 0}


def test_good_lines_at_the_edges_are_loaded(zone):
    zone.put("good.jsonl", lines(*GOOD))
    [report] = zone.load()
    assert report["totals"]["loaded"] == len(GOOD), zone.rows("select * from {quarantine}")
    times = dict(zone.rows("select event_id, occurred_at::varchar from {bronze} where event_id like 'et%'"))
    assert times["et2"] == "2026-11-10 02:30:00.123456"
    assert times["et3"] == "2026-11-10 16:00:00"
    assert times["et5"] == "2026-06-30 23:59:59"
    assert zone.rows("select size, duration_ms, input_tokens, params from {bronze} where event_id = 'ei'") == [
        (5, 1e15, 300, '[1,"nan, ok], inf}",{"size":"big"}]')
    ]
    assert zone.rows(
        "select message from {bronze} where event_type is null or event_id = 'eé—😀'"
        if False
        else "select message from {bronze} where event_id = 'eé—😀'"
    ) == [("a\u2028b\x00c",)]


def test_all_problems_of_a_line_are_told_the_one_that_counts_first(zone):
    zone.put("a.jsonl", lines(event(clock="x", user_id=5, occurred_at="1990-01-01T00:00:00Z", up=None)))
    zone.load()
    assert zone.rows("select reason, detail from {quarantine}") == [
        (
            "missing_field",
            "up is missing; user_id is not a string; clock is none of real, synthetic; occurred_at is before 2000",
        )
    ]


def test_unknown_fields_are_kept_in_attributes_and_counted(zone):
    records = [
        event(1, color="red", nested={"a": [1, None]}),
        event(2, color="blue", attributes={"region": "eu"}),
        event(3, region="us", attributes={"region": "eu"}),
        event(4, attributes={"region": "eu", "none": None}),
        event(5, intent="of another stream"),
        event(6, user_id=None, trace_id=None),
    ]
    zone.put("a.jsonl", lines(*records))
    [report] = zone.load()
    kept = {e: json.loads(a) if a else None for e, a in zone.rows("select event_id, attributes from {bronze}")}
    assert kept == {
        "e1": {"color": "red", "nested": {"a": [1, None]}},
        "e2": {"region": "eu", "color": "blue"},
        "e3": {"region": "eu", "unknown_fields": {"region": "us"}},
        "e4": {"region": "eu", "none": None},
        "e5": {"intent": "of another stream"},
        "e6": None,
    }
    assert report["unknown_fields"] == [
        {"stream": "heartbeat", "field": f, "events": n}
        for f, n in (("color", 2), ("intent", 1), ("nested", 1), ("region", 1))
    ]


def test_of_a_key_that_comes_twice_the_last_value_counts(zone):
    twice = json.dumps(event(1, service="old", color="old", attributes={"a": 1}))[:-1]
    zone.put("a.jsonl", lines(twice + ', "service": "new", "color": "new", "up": false}', twice + ', "up": "yes"}'))
    zone.load()
    assert zone.rows("select service, up, attributes from {bronze}") == [("new", False, '{"a":1,"color":"new"}')]
    assert zone.rows("select source_line, detail from {quarantine}") == [(2, "up is not true or false")]


def test_a_million_keys_in_one_line(zone):
    many = {f"k{i}": i for i in range(1_000_000)}
    zone.put("a.jsonl", lines(event(1), event(2, **many), event(3)))
    [report] = zone.load()
    assert report["totals"]["loaded"] == 3
    assert zone.rows("select len(json_keys(attributes)) from {bronze} where event_id = 'e2'") == [(1_000_000,)]
    assert len(report["unknown_fields"]) == 100
    assert report["unknown_fields_left_out"] == 999_900


def test_deeply_nested_json_is_kept_as_text(zone):
    deep = "[" * 100_000 + "]" * 100_000
    line = json.dumps(event(1, "interaction", params=0)).replace('"params": 0', f'"params": {deep}')
    zone.put("a.jsonl", lines(line, event(2)))
    assert zone.load()[0]["totals"]["loaded"] == 2
    assert zone.rows("select strlen(params) from {bronze} where event_id = 'e1'") == [(200_000,)]


def test_long_lines_pass_up_to_the_limit_and_cost_no_other(zone):
    long = event(2, "interaction", request_text="x" * 20_000_000)
    longer = event(3, "interaction", request_text="y" * 21_000_000 + " joe@x.com")
    zone.options = replace(zone.options, max_line_bytes=20_500_000)
    zone.put("a.jsonl", lines(event(1), long, longer, event(4)) + lines(longer)[:-1])
    [report] = zone.load()
    assert report["totals"] == {"lines": 5, "loaded": 3, "duplicates": 0, "quarantined": 2, "blank": 0}
    assert zone.rows("select strlen(request_text) from {bronze} where event_id = 'e2'") == [(20_000_000,)]
    refused = zone.rows("select source_line, reason, length(raw) from {quarantine} order by all")
    assert refused == [(3, "line_too_long", 4000), (5, "line_too_long", 4000)]


def test_a_short_limit_holds_within_a_block(zone):
    zone.options = replace(zone.options, max_line_bytes=200)
    zone.put("a.jsonl", lines(event(1), event(2, user_id="x" * 200), event(3)))
    zone.load()
    assert zone.rows("select source_line, reason from {quarantine}") == [(2, "line_too_long")]


def test_invalid_utf8_costs_only_its_own_lines(zone):
    latin = json.dumps(event(3, service="caf\u00e9"), ensure_ascii=False).encode("latin-1")
    zone.put("a.jsonl", lines(event(1), event(2), latin, event(4), b"\xff\xfe joe@x.com", event(6)))
    zone.put("utf16.jsonl", json.dumps(event(7)).encode("utf-16"))
    [report] = zone.load()
    assert zone.rows(
        "select source_line, reason, raw from {quarantine} where source_file like '%a.jsonl' order by 1"
    ) == [
        (3, "bad_utf8", latin.decode("utf-8", "replace")),
        (5, "bad_utf8", "\ufffd\ufffd [EMAIL]"),
    ]
    assert [(row[0], row[2]) for row in zone.kept()] == [("e1", 1), ("e2", 2), ("e4", 4), ("e6", 6)]
    assert report["files"][1]["quarantined"] == 1


def test_line_ends_byte_order_mark_and_blank_lines(zone):
    one, two, three = (json.dumps(event(i)).encode() for i in (1, 2, 3))
    zone.put("a.jsonl", b"\xef\xbb\xbf" + one + b"\r\n\r\n  \n\n" + two + b"\n\t\r\n" + three + b"\r\n")
    zone.put("b.jsonl", json.dumps(event(4)).encode().replace(b", ", b",\r ") + b"\n" + b"\x0b\n")
    zone.put("c.jsonl", b"\n\n\n")
    zone.put("d.jsonl", b"\xef\xbb\xbf")
    [report] = zone.load()
    assert [(row[0], row[2]) for row in zone.kept()] == [("e1", 1), ("e2", 5), ("e3", 7), ("e4", 1)]
    assert [(f["lines"], f["blank"], f["quarantined"]) for f in report["files"]] == [
        (7, 4, 0),
        (2, 0, 1),
        (3, 3, 0),
        (0, 0, 0),
    ]


def test_zero_bytes_and_broken_archives_are_named(zone):
    whole = lines(*(event(i) for i in range(5000)))
    packed = gzip.compress(whole, mtime=0)
    zstd = pa.Codec("zstd").compress(whole, asbytes=True)
    zone.put("a.jsonl", b"")
    zone.put("b.jsonl.gz", b"")
    zone.put("c.jsonl.gz", packed[: len(packed) // 2])
    zone.put("d.jsonl.gz", gzip.compress(lines(event("d1"))) + gzip.compress(lines(event("d2"))))
    zone.put("e.jsonl.zst", pa.Codec("zstd").compress(lines(event("z1")), asbytes=True))
    zone.put("f.jsonl.zst", zstd[: len(zstd) // 2])
    zone.put("g.jsonl.gz", b"not packed at all")
    zone.put("h.jsonl", lines(event("last")))
    [report] = zone.load()
    found = (
        {f["file"][14:16]: f for f in report["files"]}
        if False
        else {f["file"].split("/")[1][0]: f for f in report["files"]}
    )
    assert {name for name, f in found.items() if f["problem"]} == {"b", "c", "f", "g"}
    assert found["a"]["lines"] == found["b"]["lines"] == found["g"]["lines"] == 0
    assert found["c"]["loaded"] > 1000
    assert found["c"]["quarantined"] <= 1  # the line that was cut
    assert (found["d"]["loaded"], found["e"]["loaded"], found["h"]["loaded"]) == (2, 1, 1)
    readable = found["c"]["loaded"]
    assert zone.rows("select max(source_line), count(*) from {bronze} where source_file like '%c.jsonl.gz'") == [
        (readable, readable)
    ]


def test_the_last_line_without_newline_waits_while_its_day_runs(zone):
    zone.put("a.jsonl", lines(event(1)) + json.dumps(event(2)).encode())
    zone.put("b.jsonl.gz", gzip.compress(lines(event(3)) + b'{"event_id": "e4", "ev'))
    [running] = zone.load(today=DAY)
    assert running["totals"] == {"lines": 2, "loaded": 2, "duplicates": 0, "quarantined": 0, "blank": 0}
    assert zone.load(today=DAY) == []
    [over] = zone.load(today=date(2026, 11, 11))
    assert over["totals"] == {"lines": 4, "loaded": 3, "duplicates": 0, "quarantined": 1, "blank": 0}
    assert zone.load(today=LATER) == []


@pytest.mark.parametrize(
    "name", ['it\'s "quoted".jsonl', "sp ace;drop table.jsonl", "ünï—😀.jsonl", "a*b?[c]{d}.jsonl", "x%s$1.jsonl"]
)
def test_any_file_name(zone, name):
    zone.put(name, lines(event(1), "bad"))
    zone.load()
    assert zone.kept() == [("e1", f"dt=2026-11-10/{name}", 1, DAY)]
    assert zone.rows("select source_file from {quarantine}") == [(f"dt=2026-11-10/{name}",)]


def test_a_file_that_no_source_reads_is_named(zone):
    zone.put("a.jsonl", lines(event(1)))
    zone.put("notes.txt", b"hello")
    zone.put("_SUCCESS", b"")
    zone.put(".hidden.jsonl", lines(event(2)))
    [report] = zone.load()
    assert [(f["file"], f["problem"]) for f in report["files"]] == [
        ("dt=2026-11-10/a.jsonl", None),
        ("dt=2026-11-10/notes.txt", "no source reads a file of this name"),
    ]


garbage = st.one_of(
    st.binary(max_size=40),
    st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(
        [b"", b" ", b"\r", b"{}", b"[1,2", b'{"event_type": "heartbeat"}', b"\x00", b"\xef\xbb\xbf", b"\xff"]
    ),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda x: st.dictionaries(st.text(max_size=5), x),
        max_leaves=4,
    ).map(lambda v: json.dumps(v).encode()),
    st.fixed_dictionaries(
        {},
        optional={
            k: st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers() for k in event(1, color=1)
        },
    ).map(lambda v: json.dumps({**event(1), **v}).encode()),
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(st.lists(garbage, min_size=100, max_size=300), st.booleans())
def test_whatever_the_lines_hold_they_all_add_up(zone, tmp_path_factory, many, newline_at_end):
    content = b"\n".join(many) + (b"\n" if newline_at_end else b"")
    zone.put("a.jsonl", content)
    zone.put("b.jsonl.gz", gzip.compress(content))
    reports = zone.load()  # adds up each file
    for report in reports:
        plain, packed = report["files"]
        expected = content.removeprefix(b"\xef\xbb\xbf").count(b"\n") + (
            not content.endswith(b"\n") and bool(content.removeprefix(b"\xef\xbb\xbf"))
        )
        assert plain["lines"] == packed["lines"] == expected
        assert (
            plain["blank"]
            == packed["blank"]
            == sum(not line.strip(b" \t\r\n") for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n")[:expected])
        )
        assert packed["loaded"] == 0
