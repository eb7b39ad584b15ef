import json

import pytest

from ratchet.analyze.api_specs import parse
from ratchet.analyze.api_specs.read import MAX_DEPTH, read
from ratchet.contracts.apis import Media, Place
from ratchet.errors import SpecError

INFO = {"title": "Pets", "version": "1"}
OK = {"200": {"description": "ok"}}


def spec(paths, **more):
    return json.dumps({"openapi": "3.0.3", "info": INFO, "paths": paths, **more}).encode()


def one(operation, path="/pets", **more):
    return parse(spec({path: {"get": {"responses": OK, **operation}}}, **more)).operations[0]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"<!doctype html><html></html>", "HTML"),
        (b"\xff\xfe\xff", "not UTF-8"),
        (b"\xe9", "not UTF-8"),
        (b"[1, 2]", "holds no mapping"),
        (b"just text", "holds no mapping"),
        (b"{'a': [}", "neither JSON nor YAML"),
        (b"a: [1", "neither JSON nor YAML"),
        (b'{"a": NaN}', "neither `openapi` nor `swagger`"),
        (b"asyncapi: 2.0.0\nchannels: {}", "AsyncAPI"),
        (b"openapi: 3.0.0\ninfo: {title: a, version: '1'}\nchannels: {}", "has `channels`, as AsyncAPI does"),
        (b"openapi: 3.0.0\ninfo: {title: a, version: '1'}", "it has no `paths`"),
        (b"openapi: 3.0.0\ninfo: {title: a, version: '1'}\npaths: null", "it has no `paths`"),
        (b"openapi: 2.9.0\ninfo: {title: a, version: '1'}\npaths: {}", "version '2.9.0' is not known"),
        (b"swagger: '1.2'\npaths: {}", "version '1.2' is not known"),
        (b"openapi: 3.0.0\ninfo: {title: true, version: '1'}\npaths: {}", "True is not of type 'string' (info/title)"),
        (b"openapi: 3.0.0\ninfo: &a {x-again: *a}\npaths: {}", "alias 'a' contains itself"),
        (b"a: *b", "alias 'b' names nothing"),
        (b"? {a: 1}\n: 2", "a key of a mapping is itself"),
        (b"[" * 100_000, "nested too deeply"),
        (b"- " * 100_000 + b"a", "nested too deeply"),
        (b"x: !!python/object/apply:os.getcwd []", "holds no mapping|neither `openapi`"),
    ],
)
def test_what_is_no_specification_gives_one_clear_error(content, why):
    with pytest.raises(SpecError, match=why.replace("(", r"\(").replace(")", r"\)").replace("[", r"\[")) as caught:
        parse(content)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_yaml_bomb_is_refused_before_anything_walks_it():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(SpecError, match="values"):
        parse("\n".join(lines).encode())


def test_aliases_may_stack_no_deeper_than_what_is_written_out():
    lines = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {{x: *a{n - 1}}}" for n in range(1, MAX_DEPTH + 5)]
    with pytest.raises(SpecError, match="nested too deeply"):
        read("\n".join(lines).encode())


def test_yaml_is_read_by_its_core_schema():
    value, notes = read(
        b"a: no\nb: 2026-01-31\nc: 12:30:45\nd: 1e3\ne: 0x1F\nf: ~\n200: x\ntrue: y\ng: 'true'\na: on\n"
    )
    expected = {"a": "on", "b": "2026-01-31", "c": "12:30:45", "d": 1000.0, "e": 31, "f": None}
    assert value == {**expected, "200": "x", "true": "y", "g": "true"}
    assert notes == ["key 'a' comes twice, the last one counts"]


def test_merge_keys_do_not_overwrite():
    assert read(b"a: &a {x: 1, y: 2}\nb: {x: 3, <<: *a}")[0]["b"] == {"x": 3, "y": 2}


def test_three_megabytes_are_read():
    paths = {f"/p{n}": {"get": {"responses": OK, "description": "x" * 900}} for n in range(3000)}
    assert len(parse(spec(paths)).operations) == 3000


def test_parameters_of_the_path_are_shared_and_can_be_described_anew():
    shared = [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "q", "in": "query", "schema": {"type": "string"}},
    ]
    own = [{"name": "q", "in": "query", "required": True, "schema": {"type": "integer"}}]
    document = spec({"/a/{id}": {"parameters": shared, "get": {"parameters": own, "responses": OK}}})
    found = parse(document).operations[0].parameters
    assert [(p.name, p.place, p.required) for p in found] == [("id", Place.PATH, True), ("q", Place.QUERY, True)]
    assert found[1].schema == {"type": "integer"}


def test_a_path_parameter_that_nothing_describes_is_an_error():
    with pytest.raises(SpecError, match="'id' is not described"):
        one({}, "/a/{id}")


def test_a_parameter_described_twice_is_an_error():
    first = {"name": "q", "in": "query", "schema": {}}
    with pytest.raises(SpecError, match="twice"):
        one({"parameters": [first, {**first, "description": "again"}]})


def test_references_are_followed_even_where_they_are_escaped():
    components = {"parameters": {"a/b~c d": {"name": "q", "in": "query", "schema": {"type": "string"}}}}
    found = one({"parameters": [{"$ref": "#/components/parameters/a~1b~0c%20d"}]}, components=components)
    assert found.parameters[0].name == "q"


@pytest.mark.parametrize(
    ("reference", "why"),
    [("#/components/parameters/none", "points at nothing"), ("#/components/parameters/loop", "goes round in a circle")],
)
def test_references_to_nothing_or_in_a_circle_are_errors(reference, why):
    components = {"parameters": {"loop": {"$ref": "#/components/parameters/loop"}}}
    with pytest.raises(SpecError, match=why):
        one({"parameters": [{"$ref": reference}]}, components=components)


@pytest.mark.parametrize("path_item", ["#/paths/~1b", "#/paths/~1pets"])
def test_paths_that_refer_to_each_other_in_a_circle_are_an_error(path_item):
    with pytest.raises(SpecError, match="goes round in a circle"):
        parse(spec({"/pets": {"$ref": path_item}, "/b": {"$ref": "#/paths/~1pets"}}))


def test_schemas_may_go_round_in_a_circle():
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Node"}}}}
    assert one({"requestBody": body}, components={"schemas": {"Node": node}}).body.schema == {
        "$ref": "#/components/schemas/Node"
    }


@pytest.mark.parametrize("where", ["response default", "header x-200"])
def test_a_reference_to_nothing_is_an_error_whatever_the_response_or_header_is_called(where):
    nowhere = {"$ref": "#/components/schemas/none"}
    default = {"description": "no", "content": {"application/json": {"schema": nowhere}}}
    headed = {"description": "ok", "headers": {"x-200": {"schema": nowhere}}}
    with pytest.raises(SpecError, match="points at nothing"):
        one({"responses": {"default": default} if where == "response default" else {"200": headed}})


def test_what_an_extension_refers_to_is_its_own_affair():
    nowhere = {"$ref": "#/components/schemas/none"}
    responses = {"200": {"description": "ok", "x-more": nowhere}, "x-note": {"schema": nowhere}}
    assert one({"responses": responses, "x-origin": nowhere}).label == "GET /pets"


def test_status_codes_that_yaml_reads_as_integers_are_responses():
    document = b"""
openapi: 3.0.3
info: {title: Pets, version: "1"}
paths:
  /pets:
    get:
      responses:
        404: {description: no}
        200: {description: ok, content: {application/json: {schema: {type: integer}}}}
"""
    assert parse(document).operations[0].answer.schemas == ({"type": "integer"},)


def test_a_key_of_a_parameter_that_comes_twice_is_noted():
    document = b"""
openapi: 3.0.3
info: {title: Pets, version: "1"}
paths:
  /pets:
    get:
      parameters:
        - {name: kind, in: query, schema: {type: string, enum: [dog, cat], enum: [dog, dog]}}
      responses: {"200": {description: ok}}
"""
    api = parse(document)
    assert api.operations[0].parameters[0].schema["enum"] == ["dog", "dog"]
    assert "key 'enum' comes twice, the last one counts" in api.notes


def test_references_to_other_files_are_left_open_and_noted():
    api = parse(spec({"/a": {"$ref": "../other.yaml#/a"}, "/b": {"get": {"responses": OK}}}))
    assert [o.path for o in api.operations] == ["/b"]
    assert "1 references lead to other files or to anchors, and are left open" in api.notes


def test_json_is_preferred_among_media_types():
    content = {"text/csv": {}, "application/xml": {}, "application/vnd.api+json": {"schema": {"type": "object"}}}
    found = one({"responses": {"200": {"description": "ok", "content": content}}})
    assert found.answer.media is Media.JSON
    assert found.answer.schemas == ({"type": "object"},)


def test_servers_and_security_are_read():
    api = parse(
        spec(
            {"/a": {"get": {"responses": OK, "servers": [{"url": "https://upload.example.com"}]}}},
            servers=[{"url": "https://{where}.example.com/v1", "variables": {"where": {"default": "eu"}}}],
            security=[{"key": []}, {}],
            components={"securitySchemes": {"key": {"type": "apiKey", "in": "query", "name": "k"}}},
        )
    )
    assert api.servers == ("https://eu.example.com/v1",)
    assert api.operations[0].server == "https://upload.example.com"
    assert api.operations[0].security == (("key",),)
    assert (api.schemes["key"].kind, api.schemes["key"].name) == ("query", "k")


def test_swagger_two_comes_out_like_openapi_three():
    document = {
        "swagger": "2.0",
        "info": INFO,
        "host": "api.example.com",
        "basePath": "/v2",
        "schemes": ["http", "https"],
        "consumes": ["application/json"],
        "securityDefinitions": {
            "b": {"type": "basic"},
            "o": {"type": "oauth2", "flow": "implicit", "authorizationUrl": "https://x", "scopes": {}},
        },
        "parameters": {"pet": {"name": "pet", "in": "body", "schema": {"$ref": "#/definitions/Pet"}}},
        "definitions": {"Pet": {"type": "object"}},
        "paths": {
            "/pets": {
                "post": {
                    "parameters": [{"$ref": "#/parameters/pet"}],
                    "responses": {"200": {"description": "ok", "schema": {"$ref": "#/definitions/Pet"}}},
                },
                "get": {
                    "parameters": [
                        {
                            "name": "ids",
                            "in": "query",
                            "type": "array",
                            "items": {"type": "string"},
                            "collectionFormat": "pipes",
                        }
                    ],
                    "responses": OK,
                },
                "put": {
                    "parameters": [
                        {"name": "f", "in": "formData", "type": "file", "required": True},
                        {"name": "n", "in": "formData", "type": "string"},
                    ],
                    "consumes": ["multipart/form-data"],
                    "responses": OK,
                },
            }
        },
    }
    api = parse(json.dumps(document).encode())
    listed, made, sent = api.operations
    assert api.servers[0] == "https://api.example.com/v2"
    assert {name: scheme.kind for name, scheme in api.schemes.items()} == {"b": "basic", "o": "bearer"}
    assert (listed.parameters[0].style, listed.parameters[0].explode) == ("pipeDelimited", False)
    assert made.body.schema == {"$ref": "#/definitions/Pet"}
    assert made.answer.schemas == ({"$ref": "#/definitions/Pet"},)
    assert sent.body.media is Media.MULTIPART
    assert sent.body.schema["required"] == ["f"]


def test_a_query_in_the_path_is_sent_always_and_a_fragment_never():
    found = one({}, "/pets?kind=dog#top")
    assert (found.path, found.fixed_query) == ("/pets", (("kind", "dog"),))


def test_keywords_of_a_later_standard_are_tolerated_and_noted():
    schema = {"type": "integer", "exclusiveMinimum": 0, "const": 3, "properties": {"const": {"type": "string"}}}
    api = parse(
        spec({"/a": {"get": {"parameters": [{"name": "q", "in": "query", "schema": schema}], "responses": OK}}})
    )
    assert api.notes == ("it uses keywords of a later standard",)


def test_operation_ids_that_come_twice_and_headers_that_cannot_be_sent_are_noted():
    twice = {"operationId": "same", "responses": OK}
    bad = {**twice, "parameters": [{"name": "a b", "in": "header", "schema": {"type": "string"}}]}
    api = parse(spec({"/a": {"get": twice, "post": bad}, "/../b": {"get": twice}}))
    assert api.operations[1].parameters == ()
    assert len(api.notes) == 3
