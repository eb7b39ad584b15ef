"""The OpenFeature SDK reads what was published: the specification's own scenarios, and what is logged beside them."""

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("openfeature", reason="pip install 'ratchet[client]'")

from openfeature import api
from openfeature.evaluation_context import EvaluationContext

from ratchet.client import Client
from ratchet.client.provider import RatchetProvider

from .conftest import NOW, read, split
from .gherkin import scenarios

SPEC = Path(__file__).resolve().parents[4] / "shared" / "data" / "openfeature_flagd" / "spec_gherkin"
TYPES = {"Boolean": "boolean", "String": "string", "Integer": "integer", "Float": "float", "Object": "object"}
BALLMER = {"==": [{"var": "email"}, "ballmer@macrosoft.com"]}
RULES = {  # what the specification's expressions say, as flagd says it
    "email == 'ballmer@macrosoft.com' ? 'zero' : ''": {"if": [BALLMER, "zero"]},
    "!customer && email == 'ballmer@macrosoft.com' && age > 10 ? 'internal' : ''": {
        "if": [{"and": [{"!": [{"var": "customer"}]}, BALLMER, {">": [{"var": "age"}, 10]}]}, "internal"]
    },
}
FLAG = re.compile(r'an? (\w+)-flag with key "(.*?)" and a fallback value "(.*)"')
ENTRY = re.compile(r'a context containing a key "(\w+)", with type "(\w+)" and with value "(.*)"')
CHECKS = {
    re.compile(r'the resolved details value should be "(.*)"'): lambda found, wanted, kind: _is(
        found.value, wanted, kind
    ),
    re.compile(r'the reason should be "(.*)"'): lambda found, wanted, kind: found.reason == wanted,
    re.compile(r'the error-code should be "(.*)"'): lambda found, wanted, kind: found.error_code == wanted,
    re.compile(r'the variant should be "(.*)"'): lambda found, wanted, kind: found.variant == wanted,
    re.compile(r'the flag key should be "(.*)"'): lambda found, wanted, kind: found.flag_key == wanted,
}


def _plain(text, kind):
    text = text.replace('\\"', '"')
    return text if kind == "String" else json.loads(text)


def _is(value, wanted, kind):
    return value == _plain(wanted, kind) and (kind != "Boolean" or isinstance(value, bool))


def flagd(name, spec):
    """Return one of the specification's flags in flagd's format."""
    flag = {"state": "DISABLED" if spec.get("disabled") else "ENABLED", "variants": spec["variants"]}
    flag |= {"defaultVariant": spec["defaultVariant"]} if "defaultVariant" in spec else {}
    flag |= {"metadata": spec["flagMetadata"]} if spec.get("flagMetadata") else {}
    return flag | ({"targeting": RULES[spec["contextEvaluator"]]} if "contextEvaluator" in spec else {})


@pytest.fixture
def sdk(client):
    """Return an SDK client over the provider."""
    api.set_provider(RatchetProvider(client), "ratchet-tests")
    yield api.get_client("ratchet-tests")
    api.shutdown()


def details(sdk, kind, key, default, context=None):
    return getattr(sdk, f"get_{TYPES[kind]}_details")(key, default, context)


@pytest.mark.parametrize("feature", ["evaluation_v2.feature", "metadata.feature"])
def test_the_scenarios_of_the_specification(sdk, publish_flags, feature):
    if not SPEC.exists():
        pytest.skip(f"{SPEC} is not beside this checkout")
    flags = json.loads((SPEC / "test-flags.json").read_text("utf-8"))
    publish_flags({name: flagd(name, spec) for name, spec in flags.items()})
    run = [name for name, steps in scenarios((SPEC / feature).read_text("utf-8")) if played(sdk, name, steps)]
    assert len(run) == {"evaluation_v2.feature": 58, "metadata.feature": 5}[feature], run


def played(sdk, name, steps):
    """Play a scenario and return whether all of it is about a provider; the SDK's own states and hooks are not."""
    kind = key = default = found = None
    context = {}
    if "CACHED" in name:
        return False  # of providers that cache; this one has nothing to wait for
    for words, table in steps:
        if match := FLAG.fullmatch(words):
            kind, key, default = match[1], match[2], _plain(match[3], match[1])
        elif match := ENTRY.fullmatch(words):
            context[match[1]] = _plain(match[3].lower() if match[2] == "Boolean" else match[3], match[2])
        elif match := re.fullmatch(r'a context containing a key "(\w+)" with null value', words):
            context[match[1]] = None
        elif words == "the flag was evaluated with details":
            found = details(sdk, kind, key, default, EvaluationContext(None, context))
        elif not checked(name, words, table, kind, found):
            return False
    return True


def checked(name, words, table, kind, found):
    """Hold a result against a step and return whether the step is one that is known here."""
    if words in ("the resolved metadata should contain", "the resolved metadata is empty"):
        wanted = {field: _plain(v.lower() if t == "Boolean" else v, t) for field, t, v in table[1:]}
        assert {field: found.flag_metadata[field] for field in wanted} == wanted, name
        assert wanted or found.flag_metadata == {}, name
        return True
    matches = [(pattern.fullmatch(words), check) for pattern, check in CHECKS.items()]
    match, check = next(((m, c) for m, c in matches if m), (None, None))
    if match is None:
        return False
    assert found is None or check(found, match[1], kind), (name, words, found)
    return found is not None


def test_each_evaluation_is_logged_with_its_reason(client, sdk, home, publish_flags):
    members = {"if": [{"in": [{"var": "targetingKey"}, ["ann"]]}, "on"]}
    version = publish_flags({"split": split(), "group": split(targeting=members), "off": split(targeting={})})
    served = {}
    for key in ("split", "group", "off", "nothing"):
        for unit in ("ann", "bob", None):
            found = details(sdk, "Boolean", key, False, EvaluationContext(unit))
            served[key, unit] = str(found.reason)
    assert served["split", "ann"] == "SPLIT"
    assert (served["group", "ann"], served["group", "bob"]) == ("TARGETING_MATCH", "DEFAULT")
    assert (served["off", "ann"], served["nothing", "ann"]) == ("STATIC", "ERROR")
    logged = [(e["flag_key"], e["unit_id"], e["reason"], e["published_version"]) for e in read(home.landing)]
    assert logged == [
        ("split", "ann", "SPLIT", version),
        ("split", "bob", "SPLIT", version),
        ("group", "ann", "TARGETING", version),
        ("group", "bob", "DEFAULT", version),
        ("off", "ann", "DEFAULT", version),
        ("off", "bob", "DEFAULT", version),
        ("nothing", "ann", "ERROR", version),
        ("nothing", "bob", "ERROR", version),
    ]


def test_a_value_of_the_wrong_type_is_no_exposure(sdk, home, publish_flags):
    publish_flags({"f": split(), "n": split(variants={"on": 1, "off": 2})})
    for kind, key, default in (("String", "f", "x"), ("Integer", "f", 1), ("Boolean", "n", True), ("Object", "n", {})):
        found = details(sdk, kind, key, default, EvaluationContext("u"))
        assert (found.value, found.error_code) == (default, "TYPE_MISMATCH")
    assert isinstance(details(sdk, "Float", "n", 0.5, EvaluationContext("u")).value, float)
    assert [e["reason"] for e in read(home.landing)] == ["ERROR"] * 4 + ["SPLIT"]


def test_a_rule_that_cannot_be_evaluated_serves_the_default(sdk, publish_flags):
    publish_flags({"f": split(targeting={"what": [1]})})
    found = details(sdk, "Boolean", "f", True, EvaluationContext("u"))
    assert (found.value, found.error_code) == (True, "GENERAL")


def test_the_sdk_and_the_short_form_agree(home, publish_flags):
    publish_flags({"f": split(on=30)})
    client = Client(home.root, clock=lambda: NOW)
    api.set_provider(RatchetProvider(client), "agree")
    sdk = api.get_client("agree")
    for number in range(300):
        unit = f"u{number}"
        assert sdk.get_boolean_value("f", False, EvaluationContext(unit)) == client.should_show_feature("f", unit)
    api.shutdown()
