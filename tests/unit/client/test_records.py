"""Whatever an application hands over, the line that comes out passes the contract, and nothing is silent."""

import datetime as dt
import decimal
import json
import uuid
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratchet.client import Client, records
from ratchet.contracts.streams import STREAMS, field_specs
from ratchet.log.validate import validate

from .conftest import CONTRACT, NOW, read


class Raises:
    def __str__(self):
        raise RuntimeError("no")


CIRCLE = []
CIRCLE.append(CIRCLE)
DEEP = {}
for _ in range(5000):
    DEEP = {"a": DEEP}
HOSTILE = [
    float("nan"),
    float("inf"),
    10**400,
    -(2**80),
    "\ud800",
    "a\x00b\x1b[0m\u2028",
    "x" * 1_000_000,
    "=cmd|' /C calc'!A0",
    "</script><script>alert(1)</script>",
    "'; drop table events; --",
    b"\xff\x00",
    {1: {2.5: {None: "keys"}}, "\ud800": 1},
    {"a", "b"},
    decimal.Decimal("1.5"),
    uuid.UUID(int=1),
    dt.date(2026, 1, 1),
    CIRCLE,
    DEEP,
    object(),
    np.float32(1.5),
    np.int64(3),
    True,
    -1,
    "",
    [],
]


def test_every_hostile_value_in_every_field_gives_a_line_that_passes(client, home, monkeypatch):
    monkeypatch.setattr(records, "MAX_TEXT", 5000)
    logged = 0
    for stream in STREAMS:
        for spec in field_specs(stream):
            for value in HOSTILE:
                fields = {s.name: _fitting(s) for s in field_specs(stream) if s.required and s.name != "event_id"}
                fields.pop("occurred_at")
                client.log(stream, **(fields | {spec.name: value}))
                logged += 1
    counts = client.counts
    client.close()
    events = read(home.landing)
    assert len(events) == logged - counts["refused"]
    verdict = validate(home.landing, today=NOW.date())
    assert verdict.totals["quarantined"] == 0, verdict.in_words()
    assert verdict.totals["loaded"] == len({event["event_id"] for event in events})


def _fitting(spec):
    if spec.choices:
        return spec.choices[0]
    return {"string": "x", "integer": 1, "number": 1.0, "boolean": True}.get(spec.kind)


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=()))
    | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(STREAMS)), st.data())
def test_what_is_not_refused_holds_to_the_contract(stream, data):
    fields = {spec.name: data.draw(ANY) for spec in field_specs(stream) if data.draw(st.booleans())}
    try:
        event, _ = records.record(stream, {**fields, "event_id": "e1", "unknown": data.draw(ANY)}, NOW)
    except records.RefusedError:
        return
    CONTRACT.validate(json.loads(records.line(event)))


def test_a_value_that_a_field_cannot_hold_is_kept_aside(client, home, warnings_of):
    client.log("interaction", duration_ms=-5, complexity=7, success="yes", intent="ask", color="red")
    (event,) = read(home.landing)
    assert event["intent"] == "ask"
    assert event["attributes"] == {
        "color": "red",
        "invalid_fields": {"success": "yes", "duration_ms": -5, "complexity": 7},
    }
    assert client.counts == {"put_aside": 1}
    assert "interaction.success" in warnings_of()[0]


def test_a_required_value_that_cannot_be_held_refuses_the_event(client, home, warnings_of):
    for value in (float("nan"), None, "12", 1e16, Raises()):
        client.log_outcome("m", value, "u")
    client.log("nonsense")
    client.log("outcome", metric=Raises(), value=1, unit_id="u")
    assert client.counts == {"refused": 7}
    assert len(warnings_of()) == 1
    assert read(home.landing) == []


def test_objects_and_circles_and_a_million_values_do_not_stop_the_application(client, home):
    client.log_request("u", "ask", params=Raises())
    client.log_request("u", "ask", params=list(range(1_000_000)))
    client.log_request("u", "ask", params=["x" * 300_000] * 100)
    assert client.counts == {"refused": 3}
    client.log_request("u", "ask", params=CIRCLE)
    assert len(read(home.landing)) == 1


def test_long_text_is_cut_and_says_so():
    event, _ = records.record("interaction", {"event_id": "e", "request_text": "x" * 300_000}, NOW)
    assert event["request_text"].endswith("x… (300,000 characters)")


@pytest.mark.parametrize(
    ("given_time", "kept"),
    [
        (None, "2026-11-20T12:00:00+00:00"),
        (datetime(2026, 11, 20, 10, tzinfo=timezone(timedelta(hours=-5))), "2026-11-20T15:00:00+00:00"),
        ("2026-11-20T11:00:00.5Z", "2026-11-20T11:00:00.500000+00:00"),
        (datetime(1999, 1, 1, tzinfo=UTC), None),
        (NOW + timedelta(days=3), None),
        ("yesterday", None),
        (17, None),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))), None),
    ],
)
def test_times_are_utc_and_possible(given_time, kept):
    if kept is None:
        with pytest.raises(records.RefusedError, match="occurred_at"):
            records.record("heartbeat", {"event_id": "e", "service": "s", "up": True, "occurred_at": given_time}, NOW)
    else:
        event, _ = records.record(
            "heartbeat", {"event_id": "e", "service": "s", "up": True, "occurred_at": given_time}, NOW
        )
        assert event["occurred_at"] == kept


def test_numbers_of_other_libraries_are_numbers():
    fields = {
        "event_id": "e",
        "duration_ms": np.float32(1.5),
        "size": np.int64(3),
        "success": np.bool_(True),
        "cost_usd": decimal.Decimal(2),
    }
    event, aside = records.record("interaction", fields, NOW)
    assert (event["duration_ms"], event["size"], event["success"], event["cost_usd"], aside) == (1.5, 3, True, 2.0, ())


def test_every_kind_of_call_passes_validate_logs(tmp_path):
    client = Client(tmp_path, service="chat", release="1.2", environment="production")
    asked = client.log_request("u1", "ask", {"q": 1}, False, ValueError("bad"), duration_ms=12.5)
    try:
        raise TimeoutError("slow")
    except TimeoutError as error:
        client.capture_error(error, {"limit": 3}, interaction_id=asked)
    client.capture_error("RateLimit", {"api": "x"}, "trace")
    client.capture_explicit_feedback(asked, 4, "good")
    client.capture_explicit_feedback(asked, True)
    client.capture_explicit_feedback(asked, "down")
    client.capture_implicit_feedback(asked, {"action": "edited_output", "seconds": 4})
    client.capture_implicit_feedback(asked, "used_as_is")
    client.capture_feedback(asked, score=3, score_min=0, score_max=5, rater="expert", rater_id="r")
    client.capture_feedback(asked, comment="hm")
    client.log_outcome("latency", 1.5, "u1", denominator=2, pair_id="p")
    client.record_result("exp", "u1", 3)
    client.log_flag_evaluation("f", "on", "u1", "TARGETING")
    client.close()
    verdict = validate(tmp_path / "landing", today=datetime.now(UTC).date())
    assert verdict.totals["quarantined"] == 0, verdict.in_words()
    assert verdict.totals["loaded"] == 13
    events = read(tmp_path / "landing")
    assert [event.get("kind") for event in events if event["event_type"] == "feedback"] == [
        *("rating", "thumb", "thumb", "behaviour", "behaviour", "score", "comment"),
    ]
    assert events[1]["stack_trace"].endswith("TimeoutError: slow\n")
    assert {event["service"] for event in events} == {"chat"}
    assert client.counts == {}


def test_no_two_events_share_an_id(client, home):
    assert len({client.log_request("u", "ask") for _ in range(1000)}) == 1000
    assert len({event["event_id"] for event in read(home.landing)}) == 1000


def test_ids_are_hashed_with_the_key_before_they_are_written(home):
    client = Client(home.root, id_key="secret")
    client.log_request("maria@example.com", "ask")
    client.log_outcome("m", 1, "maria@example.com")
    client.log_outcome("m", 1, "session-1", unit_type="session")
    first, second, third = read(home.landing)
    assert first["user_id"] == second["unit_id"] != third["unit_id"] == "session-1"
    assert first["user_id"].startswith("u_")
    assert len(first["user_id"]) == 34
    assert client.counts == {}


def test_an_address_as_an_id_is_warned_about(client, warnings_of):
    client.log_request("maria@example.com", "ask")
    assert client.counts == {"maskable_id": 1}
    assert "id_key" in warnings_of()[0]
