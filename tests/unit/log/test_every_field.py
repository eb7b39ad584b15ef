"""Every field of every stream comes out of bronze as it was logged."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from ratchet.contracts.streams import STREAMS, FieldSpec, Kind, field_specs

from .conftest import event, lines

GIVEN = {"event_id", "occurred_at"}
CONSISTENT = {"feedback": {"kind": "score", "score": 5.5, "score_min": 1.5, "score_max": 9.5}}


def value_of(spec: FieldSpec) -> object:
    """Return a value that the field may hold and that is no default."""
    if spec.choices:
        return spec.choices[-1]
    match spec.kind:
        case Kind.INTEGER:
            return int(max(spec.minimum or 0, 3))
        case Kind.NUMBER:
            return min(max(spec.minimum or 0, 0.5), spec.maximum or 1e9)
        case Kind.BOOLEAN:
            return True
        case Kind.TIMESTAMP:
            return "2026-11-10T09:00:00Z"
        case Kind.JSON:
            return [{key: f"{spec.name} {key}" for key in spec.item_keys}] if spec.item_keys else {"a": spec.name}
        case Kind.OBJECT:
            return {"a": spec.name}
    return f"its {spec.name}"


@pytest.mark.parametrize("stream", STREAMS)
def test_every_field_of_a_stream_comes_out_as_it_was_logged(zone, stream):
    own = {spec.name: value_of(spec) for spec in field_specs(stream) if spec.name not in GIVEN}
    own |= CONSISTENT.get(stream, {})
    zone.put("a.jsonl", lines(event(1, stream, **own)))
    assert zone.load()[-1]["totals"]["quarantined"] == 0
    columns = ", ".join(f'"{name}"' for name in own)
    (row,) = zone.rows(f"select {columns} from {{bronze}}")
    kinds = {spec.name: spec.kind for spec in field_specs(stream)}
    for (name, logged), kept in zip(own.items(), row, strict=True):
        if kinds[name] in (Kind.JSON, Kind.OBJECT):
            kept = json.loads(kept)
        if kinds[name] is Kind.TIMESTAMP:
            kept, logged = kept.replace(tzinfo=UTC), datetime.fromisoformat(str(logged))
        assert kept == logged, name
