from ratchet.analyze.api_matches import LEAST_LIKENESS, likeness, matches, operation_text
from ratchet.contracts.apis import Api, Operation, Parameter, Place

PETS = Api(
    "Pets",
    "1",
    "OpenAPI 3.0",
    (
        Operation("get", "/pets/{petId}/recordings", "getPetRecordings", "Returns the recordings of a pet"),
        Operation("post", "/transcriptions", "transcribeRecording", "Writes down what is said in a recording"),
        Operation("delete", "/pets/{petId}", "deletePet"),
    ),
)


def found(*requests):
    return [[m.operation for m in row] for row in matches(requests, [("pets", PETS)])]


def test_the_operation_that_says_what_is_asked_comes_first():
    asked = ("transcribe_recording", "Please list the recordings of my pet Bello", "transcribe what she said")
    assert [row[0] for row in found(*asked)] == [
        "POST /transcriptions",
        "GET /pets/{petId}/recordings",
        "POST /transcriptions",
    ]


def test_what_no_operation_speaks_of_matches_nothing():
    assert found("sync my Outlook calendar", "", "   ", "!?", "发票") == [[], [], [], [], []]
    assert matches(["delete pet"], []) == [[]]
    assert matches([], [("pets", PETS)]) == []


def test_words_that_no_operation_knows_weigh_less():
    plain, filled = likeness(
        ["transcribe recording", "transcribe recording Hallvarsson 48213"], [operation_text(o) for o in PETS.operations]
    )[:, 1]
    assert plain > filled > 0.7 * plain
    assert plain > LEAST_LIKENESS


def test_an_operation_is_known_by_the_values_of_its_parameters():
    city = Parameter("where", Place.QUERY, True, {"type": "string", "enum": ["Lisbon", "Porto"]}, "form", True)
    weather = Operation("get", "/now", "now", parameters=(city,))
    other = Operation("get", "/then", "then")
    row = likeness(["is it raining in Lisbon"], [operation_text(weather), operation_text(other)])[0]
    assert row[0] > LEAST_LIKENESS > row[1]


def test_nested_and_circular_looking_schemas_end():
    schema = {"properties": {"a": {"properties": {"b": {"items": {"enum": ["deep"]}}}}}}
    nested = {"type": "object"}
    for _ in range(50):
        nested = {"properties": {"x": nested}}
    said = operation_text(Operation("get", "/a", parameters=(Parameter("p", Place.QUERY, True, schema, "form", True),)))
    assert "deep" in said
    long = Operation("get", "/a", parameters=(Parameter("p", Place.QUERY, True, nested, "form", True),))
    assert operation_text(long).count("x") < 10
