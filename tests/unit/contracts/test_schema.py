from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ratchet.contracts.schema import contract_schema, stream_schema
from ratchet.contracts.streams import STREAMS, Kind, field_specs

VALIDATOR = Draft202012Validator(contract_schema())
SAMPLES: dict[Kind, Any] = {
    Kind.STRING: "x",
    Kind.INTEGER: 1,
    Kind.NUMBER: 1.5,
    Kind.BOOLEAN: True,
    Kind.TIMESTAMP: "2026-11-20T10:00:00.123456Z",
    Kind.JSON: [],
    Kind.OBJECT: {"a": {"b": 1}},
}


def _event(stream: str, *, only_required: bool = False, **changes: Any) -> dict[str, Any]:
    specs = [spec for spec in field_specs(stream) if spec.required or not only_required]
    values = {spec.name: spec.choices[0] if spec.choices else _in_bounds(spec) for spec in specs}
    return {"event_type": stream, **values, **changes}


def _in_bounds(spec: Any) -> Any:
    return SAMPLES[spec.kind] if spec.minimum is None else type(SAMPLES[spec.kind])(spec.minimum)


def test_the_schema_is_itself_valid() -> None:
    Draft202012Validator.check_schema(contract_schema())


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("only_required", [True, False])
def test_a_full_and_a_minimal_event_of_every_stream_pass(stream: str, only_required: bool) -> None:
    VALIDATOR.validate(_event(stream, only_required=only_required))


@pytest.mark.parametrize("stream", STREAMS)
def test_optional_fields_may_be_null_and_unknown_ones_are_welcome(stream: str) -> None:
    nulls = {spec.name: None for spec in field_specs(stream) if not spec.required}
    VALIDATOR.validate(_event(stream, only_required=True, **nulls, brand_new={"deep": [1]}))


@pytest.mark.parametrize("stream", STREAMS)
def test_each_required_field_is_missed(stream: str) -> None:
    for name in [spec.name for spec in field_specs(stream) if spec.required]:
        event = _event(stream)
        del event[name]
        assert not VALIDATOR.is_valid(event), name


@pytest.mark.parametrize("stream", STREAMS)
def test_a_value_of_the_wrong_type_is_refused_in_every_typed_field(stream: str) -> None:
    for spec in field_specs(stream):
        if spec.kind is not Kind.JSON:
            wrong = 7 if spec.kind in (Kind.STRING, Kind.TIMESTAMP, Kind.OBJECT, Kind.BOOLEAN) else "7"
            assert not VALIDATOR.is_valid(_event(stream, **{spec.name: wrong})), spec.name


@pytest.mark.parametrize("stream", STREAMS)
def test_values_beyond_the_bounds_are_refused(stream: str) -> None:
    for spec in field_specs(stream):
        if spec.kind in (Kind.INTEGER, Kind.NUMBER):
            for bound, step in ((spec.minimum, -1), (spec.maximum, 1)):
                beyond = int((bound if bound is not None else step * 1e15) + step)
                assert not VALIDATOR.is_valid(_event(stream, **{spec.name: beyond})), spec.name


@pytest.mark.parametrize("stream", STREAMS)
def test_a_value_outside_a_closed_set_is_refused(stream: str) -> None:
    for spec in field_specs(stream):
        if spec.choices:
            assert not VALIDATOR.is_valid(_event(stream, **{spec.name: "other than these"})), spec.name


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"event_type": "interactions"}, "no such stream"),
        ({"event_type": "decision"}, "Ratchet's own"),
        ({"event_id": ""}, "empty id"),
        ({"event_id": "x" * 129}, "id too long"),
        ({"occurred_at": "2026-11-20T10:00:00"}, "no offset"),
        ({"occurred_at": "20 November 2026"}, "no RFC 3339"),
        ({"occurred_at": "2026-13-20T10:00:00Z"}, "no such month"),
        ({"occurred_at": "2026-11-20T24:00:00Z"}, "no such hour"),
        ({"occurred_at": 1_763_632_800}, "seconds since 1970"),
    ],
)
def test_a_broken_common_field_is_refused(changes: dict[str, Any], why: str) -> None:
    assert not VALIDATOR.is_valid(_event("interaction", **changes)), why


def test_findings_are_a_list_of_objects() -> None:
    good = [{"category": "security", "indicator": "eval", "message": "eval of input", "field": None}]
    assert VALIDATOR.is_valid(_event("validation", findings=good))
    assert not VALIDATOR.is_valid(_event("validation", findings="eval of input"))
    assert not VALIDATOR.is_valid(_event("validation", findings=[{"category": 3}]))


def test_an_unknown_stream_has_no_schema() -> None:
    with pytest.raises(KeyError):
        stream_schema("decision")
