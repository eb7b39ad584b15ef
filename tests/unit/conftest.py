import json
from pathlib import Path

import jsonschema
import pytest

import ratchet.contracts
from ratchet import files

SCHEMAS = Path(ratchet.contracts.__file__).parent / "schemas"


@pytest.fixture
def conforms():
    """Return a check: an artifact, written and read again, holds to the JSON Schema of its name."""

    def check(name, artifact):
        schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text("utf-8"))
        validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
        validator.validate(json.loads(files.to_json(artifact)))

    return check
