import json
from pathlib import Path

import jsonschema
import pytest

import ratchet.contracts

SCHEMAS = sorted((Path(ratchet.contracts.__file__).parent / "schemas").glob("*.schema.json"))
EMPTY_TASKS = {"artifact": "tasks", "as_of": "2026-11-20", "reason": "none", "tasks": [], "snoozed": 0}


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda p: p.name)
def test_every_schema_is_one_and_carries_its_own_name(path):
    schema = json.loads(path.read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == path.name


@pytest.mark.parametrize(
    "broken",
    [
        EMPTY_TASKS | {"as_of": "yesterday"},
        EMPTY_TASKS | {"snoozed": -1},
        EMPTY_TASKS | {"extra": 1},
        EMPTY_TASKS | {"tasks": [{"title": "x"}]},
        {k: v for k, v in EMPTY_TASKS.items() if k != "reason"},
    ],
)
def test_what_breaks_a_schema_is_refused(conforms, broken):
    conforms("tasks", EMPTY_TASKS)
    with pytest.raises(jsonschema.ValidationError):
        conforms("tasks", broken)
