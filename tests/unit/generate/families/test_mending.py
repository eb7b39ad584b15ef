"""Families that mend what a call is given: the imported fix saves failures, and each declines for its reason."""

import json

import pytest
from tests.unit.fixing import World, finding, imported

from ratchet.contracts.fixes import Declined

OK = [{"params": {"title": f"t{n}", "zone": "UTC", "limit": n, "note": "x"}} for n in range(40)]
KNOWN = ["read_file", "read_calendar", "search_index"]


def missing(successes=OK, params=None):
    error = finding("MissingParameterError", "missing required parameter 'zone'")
    failures = [{"params": params or {"title": f"t{n}", "limit": n, "note": "x"}} for n in range(10)]
    return World(error, failures, successes, "missing required parameter 'zone'")


def wrong(value="12"):
    error = finding("ParameterTypeError", "limit must be integer")
    return World(error, [{"params": {**OK[0]["params"], "limit": value}}] * 10, OK, "limit must be integer")


def empty(name="note", successes=None):
    error = finding("AttributeError", "'NoneType' object has no attribute 'strip'")
    worked = successes or [OK[0], {"params": {"title": "t", "zone": "UTC", "limit": 1}}] * 20
    return World(error, [{"params": {**OK[0]["params"], name: None}}] * 10, worked, "'NoneType' object")


def unknown(name="read_files", known=KNOWN):
    error = finding("ToolNotFoundError", "no tool named <name>")
    return World(error, [{"params": {"name": name}, "context": {"known": known}}] * 10, [], "no tool")


def undecodable(encodings=("utf-8", "cp1252"), raw="636166e9"):
    error = finding("UnicodeDecodeError", "'utf-8' codec can't decode byte")
    failures = [{"params": {"encoding": "utf-8"}, "context": {"raw_hex": raw}}] * 10
    return World(error, failures, [{"params": {"encoding": e}} for e in encodings] * 10, "can't decode")


def long(chars=8000, tokens=2000):
    error = finding("ContextLengthError", "maximum context length is <n> tokens")
    return World(error, [{"context": {"limit": 1000, "tokens": tokens, "chars": chars}}] * 10, [], "context length")


def unparsable(text='{"steps": [{"tool": "read" "id": 1}'):
    error = finding("JSONDecodeError", "Expecting ',' delimiter")
    return World(error, [{"params": {"text": text}}] * 10, [{"params": {"text": "[1]"}}] * 10, "Expecting ','")


class MissingParameterError(Exception):
    pass


class ParameterTypeError(Exception):
    pass


class ToolNotFoundError(Exception):
    pass


class ContextLengthError(Exception):
    pass


def needs_zone(params):
    if "zone" not in params:
        raise MissingParameterError("zone")
    return params


def needs_integer(params):
    if not isinstance(params["limit"], int):
        raise ParameterTypeError("limit")
    return params


def strips(params):
    return params.get("note", "").strip()


def finds(params):
    if params["name"] not in KNOWN:
        raise ToolNotFoundError(params["name"])
    return params


def reads(params):
    return b"caf\xe9".decode(params["encoding"])


def fits(params):
    if len(params["prompt"]) > 4000:
        raise ContextLengthError("too long")
    return len(params["prompt"])


def parses(params):
    return json.loads(params["text"])


SAVED = [
    ("missing_parameter", missing, needs_zone, {"title": "a"}, {"title": "a", "zone": "UTC"}),
    ("wrong_type", wrong, needs_integer, {"limit": "7"}, {"limit": 7}),
    ("none_access", empty, strips, {"note": None}, ""),
    ("tool_not_found", unknown, finds, {"name": "read_files"}, {"name": "read_file"}),
    ("encoding", undecodable, reads, {"encoding": "utf-8"}, "café"),
    ("context_length", long, fits, {"prompt": "x" * 9000}, 3599),
    ("invalid_json", unparsable, parses, {"text": '{"a": [1 2}'}, {"a": [1, 2]}),
]


@pytest.mark.parametrize(("family", "make", "call", "given", "expected"), SAVED, ids=[row[0] for row in SAVED])
def test_the_imported_fix_turns_failures_into_successes(family, make, call, given, expected, tmp_path):
    fix = make().fix()
    assert fix.family == family
    module = imported(fix, tmp_path)
    acts = []
    assert module.apply(call, dict(given), lambda: acts.append(1)) == expected
    assert acts == [1]
    assert (family, 0) == (module.FAMILY, module.LAYER)


@pytest.mark.parametrize(("family", "make"), [row[:2] for row in SAVED], ids=[row[0] for row in SAVED])
def test_a_replay_saves_every_logged_failure_and_breaks_no_success(family, make):
    proof = make().proof()
    assert (proof.error, proof.tests_passed, proof.broken.number or 0) == ("", True, 0)
    assert (proof.saved.number, proof.saved.n) == (1.0, 10)
    assert proof.saved.low == pytest.approx(0.6915, abs=1e-4)
    assert proof.holds


DECLINED = [
    ("no success", missing([]), Declined.NO_SUCCESSES),
    ("few successes", missing(OK[:8]), Declined.NO_SUCCESSES),
    ("no params", World(missing().error, [{}] * 10, OK, "x"), Declined.NO_CONTEXT),
    ("many values", missing([{"params": {"title": "t", "zone": f"z{n}"}} for n in range(40)]), Declined.NOT_FITTED),
    ("nothing missing", missing(params=OK[0]["params"]), Declined.NOT_FITTED),
    ("another name", missing(params={"title": "t", "zone": "UTC", "limit": 1}), Declined.NOT_FITTED),
    ("no number", wrong("twelve"), Declined.NOT_FITTED),
    ("null in no parameter", empty("title", OK), Declined.NOT_FITTED),
    ("nothing near", unknown("notion_export"), Declined.NOT_FITTED),
    ("two are near", unknown("read_fil", ["read_file", "read_fill"]), Declined.NOT_FITTED),
    ("no known names", unknown(known=[]), Declined.NO_CONTEXT),
    ("one encoding", undecodable(("utf-8",)), Declined.NOT_FITTED),
    ("an encoding nobody supports", undecodable(("utf-8", "rot13")), Declined.NOT_FITTED),
    ("no lengths", World(long().error, [{}] * 10, [], "x"), Declined.NO_CONTEXT),
    ("a text without an end", unparsable('{"a": "and so'), Declined.NOT_FITTED),
    ("no text", World(unparsable().error, [{}] * 10, [], "x"), Declined.NO_CONTEXT),
]


@pytest.mark.parametrize(("world", "reason"), [row[1:] for row in DECLINED], ids=[row[0] for row in DECLINED])
def test_a_family_declines_with_its_reason(world, reason):
    made = world.made()
    assert made.reason is reason, made
    assert made.said


def test_a_default_that_later_calls_never_had_saves_nothing():
    changed = OK[:20] + [{"params": {**row["params"], "zone": "CET"}} for row in OK[20:]]
    proof = missing(changed).proof()
    assert (proof.saved.number, proof.unchanged) == (0.0, 10)
    assert not proof.holds


def test_an_error_without_a_family_an_operation_or_enough_cases_says_so():
    odd = finding("QuotaOfUnicornsError", "no unicorn left")
    assert World(odd, [{}] * 10, []).made().reason is Declined.NO_FAMILY
    assert World(odd, [{}] * 4, []).made().reason is Declined.TOO_RARE
    assert World(odd, [{"operation": ""}] * 9, []).made().reason is Declined.NO_OPERATION
    mixed = [{"operation": name} for name in ("a", "b")] * 5
    assert World(odd, mixed, []).made().reason is Declined.SEVERAL_OPERATIONS
