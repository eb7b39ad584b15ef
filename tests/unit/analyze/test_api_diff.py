import json

import pytest

from ratchet.analyze.api_diff import difference
from ratchet.analyze.api_specs import parse

OK = {"200": {"description": "ok"}}
JSON = {"200": {"description": "ok", "content": {"application/json": {"schema": {}}}}}


def api(paths):
    document = {"openapi": "3.0.3", "info": {"title": "Pets", "version": "1"}, "paths": paths}
    return parse(json.dumps(document).encode())


def query(required=False, **schema):
    return {"parameters": [{"name": "q", "in": "query", "required": required, "schema": schema or {"type": "string"}}]}


def changed(before, after):
    one, other = (api({"/a": {"get": {"responses": OK, **operation}}}) for operation in (before, after))
    return difference(one, other)


def test_operations_come_and_go():
    before, after = api({"/a": {"get": {"responses": OK}}}), api({"/b": {"get": {"responses": OK}}})
    found = difference(before, after).as_record()
    assert found == {"added": ["GET /b"], "removed": ["GET /a"], "breaking": ["GET /a is gone"]}


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        ({}, query(required=True), "query parameter 'q' is required"),
        (query(), query(required=True), "query parameter 'q' is required"),
        (query(), {}, "query parameter 'q' is gone"),
        (query(), query(type="integer"), "is integer, no longer string"),
        (query(type="string", enum=["a", "b"]), query(type="string", enum=["a"]), "no longer takes 'b'"),
        ({"responses": JSON}, {}, "it answers nothing, no longer json"),
        ({}, {"requestBody": {"required": True, "content": {"application/json": {}}}}, "a body is required"),
    ],
)
def test_what_breaks_a_caller_is_named(before, after, why):
    (found,) = changed(before, after).breaking
    assert found.startswith("GET /a: ")
    assert why in found


@pytest.mark.parametrize(
    ("before", "after"),
    [({}, query()), (query(required=True), query()), (query(), query()), (query(enum=["a"]), query(enum=["a", "b"]))],
)
def test_what_breaks_nobody_is_not(before, after):
    assert changed(before, after).breaking == ()
