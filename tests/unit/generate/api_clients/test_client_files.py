import ast
import json
from pathlib import Path

import pytest

from ratchet.analyze.api_specs import parse
from ratchet.generate.api_clients import client_files
from ratchet.validate.client_syntax import problems

HOSTILE = Path(__file__).resolve().parents[3] / "data" / "apis" / "hostile.yaml"
OK = {"200": {"description": "ok"}}


def written(paths, **more):
    document = {"openapi": "3.0.3", "info": {"title": "Pets", "version": "1"}, "paths": paths, **more}
    return client_files(parse(json.dumps(document).encode()), "pets", {})


def methods(files):
    tree = next(node for node in ast.parse(files["client.py"]).body if isinstance(node, ast.ClassDef))
    return {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}


def answering(schema):
    return {"200": {"description": "ok", "content": {"application/json": {"schema": schema}}}}


def test_a_hostile_specification_gives_names_literals_and_docstrings_only():
    files = client_files(parse(HOSTILE.read_bytes()), "hostile", {})
    assert problems(files) == []
    calls = {ast.unparse(n.func) for n in ast.walk(ast.parse(files["client.py"])) if isinstance(n, ast.Call)}
    assert calls <= {"self._call", "self._pages", "self.list_", "_Part", "_Body", "_Paging"}
    assert files["client.py"].isascii()
    assert files["models.py"].isascii()


def test_names_are_valid_unique_and_the_same_every_time():
    files = client_files(parse(HOSTILE.read_bytes()), "hostile", {})
    assert list(methods(files)) == ["import_", "import_2", "import_3", "list_", "list_pages", "upload"]
    arguments = [a.arg for a in methods(files)["import_"].args.kwonlyargs]
    assert arguments == ["self_", "x_dash", "x_dash_query", "list_", "models_", "q_import_os", "body", "x"]
    assert files == client_files(parse(HOSTILE.read_bytes()), "hostile", {})


def test_an_operation_without_a_name_is_called_by_method_and_path():
    assert list(
        methods(written({"/pets/{petId}/toys": {"get": {"responses": OK, "parameters": [_path("petId")]}}}))
    ) == ["get_pets_by_pet_id_toys"]


def _path(name):
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


@pytest.mark.parametrize(
    ("schema", "annotation"),
    [
        ({"type": "string"}, "str"),
        ({"type": "integer", "nullable": True}, "int | None"),
        ({"type": "array", "items": {"type": "number"}}, "list[float]"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "dict[str, bool]"),
        ({"type": "object"}, "dict[str, Any]"),
        ({}, "Any"),
        ({"enum": ["a", "a", "b"]}, "Literal['a', 'b']"),
        ({"enum": [1, None, True, 2.5]}, "Literal[1, True] | float | None"),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "string"}]}, "str | int"),
        ({"allOf": [{"type": "string"}, {"description": "x"}]}, "str"),
    ],
)
def test_schemas_become_annotations(schema, annotation):
    files = written({"/a": {"get": {"operationId": "get", "responses": answering(schema)}}})
    assert ast.unparse(methods(files)["get"].returns) == annotation


def test_parts_of_an_object_are_joined():
    schema = {
        "allOf": [{"$ref": "#/components/schemas/Base"}, {"required": ["b"], "properties": {"b": {"type": "integer"}}}]
    }
    base = {
        "Base": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "c": {"type": "string"}}}
    }
    files = written(
        {"/a": {"get": {"operationId": "get", "responses": answering(schema)}}}, components={"schemas": base}
    )
    lines = [line.strip() for line in files["models.py"].splitlines()]
    assert {"a: str", "b: int", "c: NotRequired[str]"} <= set(lines)


def test_pages_are_followed_by_cursor_where_the_answer_names_one():
    answer = {
        "type": "object",
        "properties": {
            "items": {"type": "array", "items": {"type": "integer"}},
            "meta": {"type": "object", "properties": {"nextCursor": {"type": "string"}}},
        },
    }
    query = [
        {"name": "cursor", "in": "query", "schema": {"type": "string"}},
        {"name": "limit", "in": "query", "schema": {"type": "integer"}},
    ]
    files = written({"/a": {"get": {"operationId": "list_a", "parameters": query, "responses": answering(answer)}}})
    pages = methods(files)["list_a_pages"]
    assert ast.unparse(pages.returns) == "Iterator[int]"
    assert [a.arg for a in pages.args.kwonlyargs] == ["limit", "max_pages"]
    assert "_Paging('cursor', items=('items',), next=('meta', 'nextCursor'))" in ast.unparse(pages)


def test_a_cursor_that_no_answer_names_makes_no_pages():
    query = [{"name": "cursor", "in": "query", "schema": {"type": "string"}}]
    answer = {"type": "array", "items": {"type": "integer"}}
    files = written({"/a": {"get": {"operationId": "list_a", "parameters": query, "responses": answering(answer)}}})
    assert list(methods(files)) == ["list_a"]


def test_tools_are_json_schema_without_references():
    node = {
        "Node": {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    }
    body = {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}
    operation = {"operationId": "make", "summary": "Makes one\u202e", "requestBody": body, "responses": OK}
    files = written({"/a/{id}": {"parameters": [_path("id")], "post": operation}}, components={"schemas": node})
    tool = json.loads(files["tools.json"])[0]
    assert (tool["name"], tool["description"]) == ("make", "Makes one")
    assert tool["input_schema"]["required"] == ["id", "body"]
    assert "$ref" not in files["tools.json"]


def test_examples_of_the_specification_come_first():
    query = [
        {"name": "a", "in": "query", "schema": {"type": "string"}, "example": "rex"},
        {"name": "b", "in": "query", "required": True, "schema": {"type": "integer", "minimum": 7}},
        {"name": "c", "in": "query", "schema": {"type": "string", "format": "date"}},
    ]
    files = written({"/a": {"get": {"operationId": "get", "parameters": query, "responses": OK}}})
    full, needed = json.loads(files["cases.json"])
    assert full["arguments"] == {"b": 7, "a": "rex", "c": "2026-01-31"}
    assert needed["arguments"] == {"b": 7}
    assert needed["expected"]["query"] == [["b", "7"]]


def test_names_without_a_latin_letter_are_no_obstacle():
    answer = {
        "type": "object",
        "properties": {"名": {"type": "string"}, "items": {"type": "array", "items": {"type": "string"}}},
    }
    query = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in ("頁", "cursor")]
    files = written({"/寵": {"get": {"parameters": query, "responses": answering(answer)}}})
    assert problems(files) == []
    (method,) = methods(files).values()
    assert [a.arg for a in method.args.kwonlyargs] == ["parameter", "cursor"]


def test_schemas_that_all_refer_to_each_other_give_an_example_and_a_tool_of_bounded_size():
    names = [f"S{n}" for n in range(60)]
    every = {f"to_{name}": {"$ref": f"#/components/schemas/{name}"} for name in names}
    schemas = {name: {"type": "object", "required": list(every), "properties": every} for name in names}
    body = {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/S0"}}}}
    files = written({"/a": {"post": {"requestBody": body, "responses": OK}}}, components={"schemas": schemas})
    assert len(files["cases.json"]) < 100_000
    assert len(files["tools.json"]) < 200_000


@pytest.mark.parametrize(
    "hostile",
    ['/a" + str(__import__("os").getpid()) + "', "'''", '"""', "\\", "{", "}", "{0}", "\u2028", "self", "x-y"],
)
def test_hostile_words_stay_literals_wherever_they_stand(hostile):
    query = {
        "name": hostile,
        "in": "query",
        "description": hostile,
        "schema": {"type": "string", "enum": [hostile, "b"], "default": hostile, "example": hostile},
    }
    operation = {"operationId": hostile, "summary": hostile, "description": hostile, "tags": [hostile]}
    schema = {"type": "object", "description": hostile, "properties": {hostile: {"type": "string", "enum": [hostile]}}}
    path = "/" + hostile.strip("{}/")
    files = written({path: {"get": {**operation, "parameters": [query], "responses": answering(schema)}}})
    assert problems(files) == []
    calls = {ast.unparse(n.func) for n in ast.walk(ast.parse(files["client.py"])) if isinstance(n, ast.Call)}
    assert calls <= {"self._call", "_Part"}
    (method,) = methods(files).values()
    (argument,) = method.args.kwonlyargs
    assert json.loads(files["cases.json"])[0]["arguments"] == {argument.arg: hostile}
