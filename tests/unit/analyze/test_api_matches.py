from ratchet.analyze.api_matches import matches
from ratchet.contracts.apis import Api, Operation

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


def found(feature):
    return [(m.operation, m.share) for m in matches(feature, [("pets", PETS)])]


def test_an_operation_matches_by_the_words_it_shares():
    assert found("transcribe_recording") == [("POST /transcriptions", 1.0)]
    assert found("list pet recordings")[0] == ("GET /pets/{petId}/recordings", 1.0)


def test_a_verb_or_half_of_the_words_are_not_enough():
    assert found("delete") == []
    assert found("delete invoice") == []
    assert found("send recording by fax machine") == []
    assert found("") == []
