from ratchet.analyze.api_endpoints import MANY_VALUES, Endpoint, endpoints, matches, mined
from ratchet.contracts.apis import Place


def row(path, calls=1, method="GET", **more):
    return {"method": method, "path_template": path, "calls": calls, "failures": 0, "parameters": [], "sent": []} | more


def test_a_segment_that_takes_many_values_is_a_parameter():
    rows = [row(f"/users/{name}/pets", 2) for name in "abcdefghijkl"] + [row("/users", 5)]
    assert endpoints(rows) == [Endpoint("get", "/users/{id}/pets", 24, 0), Endpoint("get", "/users", 5, 0)]


def test_a_segment_that_takes_few_values_is_not():
    rows = [row(f"/users/{n}") for n in range(MANY_VALUES - 1)]
    assert len(endpoints(rows)) == MANY_VALUES - 1


def test_methods_that_are_none_are_left_out_and_parameters_are_joined():
    rows = [row("/a", parameters=["x"]), row("/a", parameters=["w"]), row("", method=""), row("/b", method="BREW")]
    assert endpoints(rows) == [Endpoint("get", "/a", 2, 0, ("w", "x"))]


def test_endpoints_become_operations_with_named_keys():
    api = mined(
        "crm",
        [Endpoint("get", "/v1/pets/{id}/toys/{id}", 3, 0, ("limit",)), Endpoint("post", "/pets", 1, 0, ("name",))],
    )
    get, post = api.operations
    assert get.path == "/v1/pets/{pet_id}/toys/{toy_id}"
    assert [(p.name, p.place, p.required) for p in get.parameters] == [
        ("pet_id", Place.PATH, True),
        ("toy_id", Place.PATH, True),
        ("limit", Place.QUERY, False),
    ]
    assert (post.parameters, post.body.required) == ((), False)


def test_what_was_sent_has_the_types_that_were_seen():
    sent = ("array tags", "integer limit", "integer price", "number price", "integer id", "string id", "string a b")
    rows = [row("/pets", parameters=["limit", "unseen"], sent=sent[:3]), row("/pets", 2, sent=sent[3:])]
    [query] = mined("x", endpoints(rows)).operations
    assert {p.name: p.schema for p in query.parameters} == {"limit": {"type": "integer"}, "unseen": {}}
    [posted] = mined("x", [Endpoint("post", "/pets", 1, 0, (), sent)]).operations
    assert posted.body.schema["properties"] == {
        "a b": {"type": "string"},
        "id": {},
        "limit": {"type": "integer"},
        "price": {"type": "number"},
        "tags": {"type": "array"},
    }


def test_braces_in_a_logged_path_are_no_parameters():
    assert mined("x", [Endpoint("get", "/a/{b}/{id}", 1, 0)]).operations[0].path == "/a/b/{b_id}"


def test_a_mined_path_is_known_by_a_specification_wherever_its_address_ends():
    assert matches("/pets/{petId}", "/v1/pets/{id}")
    assert matches("/pets/{petId}", "/v1/pets/rex")
    assert not matches("/pets/{petId}", "/v1/pets")
    assert not matches("/pets", "/v1/pets/{id}")
    assert not matches("/", "/pets")
