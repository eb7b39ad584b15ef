from ratchet.analyze.api_shapes import MAX_DEPTH, MAX_FIELDS, drift, fields, merged, shape


def test_answers_are_merged_with_the_share_in_which_a_field_is_there():
    found = merged([shape({"id": 1, "name": "a"}), shape({"id": None}), shape({"id": 2.5, "tags": ["x", 1]})])
    rows = {row["field"]: (row["types"], row["present"], row["of"]) for row in fields(found)}
    assert rows == {
        "$.id": (["integer", "null", "number"], 3, 3),
        "$.name": (["string"], 1, 3),
        "$.tags": (["array"], 1, 3),
    }
    assert fields(found)[1]["share"] == 1 / 3
    assert found["fields"]["tags"]["items"]["types"] == {"integer": 1, "string": 1}


def test_no_value_is_kept():
    assert "secret" not in str(shape({"a": "secret", "b": ["secret", {"c": "secret"}]}))


def test_what_is_large_or_deep_is_cut():
    deep = value = {}
    for _ in range(3 * MAX_DEPTH):
        value["x"] = {}
        value = value["x"]
    assert str(shape(deep)).count("'x'") == MAX_DEPTH
    assert len(shape({str(n): n for n in range(2 * MAX_FIELDS)})["fields"]) == MAX_FIELDS


def test_merging_does_not_depend_on_how_it_is_grouped():
    parts = [shape(v) for v in ({"a": 1}, {"a": "x", "b": []}, [1], {"b": [{"c": 1}]})]
    assert merged(parts) == merged([merged(parts[:2]), merged(parts[2:])])


def test_drift_names_fields_that_came_went_or_changed():
    before, now = shape({"a": 1, "b": "x", "d": 1}), shape({"a": "1", "c": True, "d": None})
    assert drift(before, now) == [
        {"field": "$.b", "change": "removed"},
        {"field": "$.c", "change": "added"},
        {"field": "$.a", "change": "integer became string"},
    ]
    assert drift(None, now) == []
