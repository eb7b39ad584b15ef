"""What is redacted and what survives, in strings of every depth; a line stays the JSON that it was."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ratchet.log.lines import SCHEMA
from ratchet.log.redaction import KINDS
from ratchet.log.sqltext import select
from ratchet.log.stage import _redacted

STEPS = "from " + select("arriving", *_redacted()) + " select line, redactions order by source_line"


@pytest.fixture(scope="module")
def redact(prepared):
    """Return a function: lines -> (redacted line, counts by kind) each."""

    def run(*texts: str) -> list[tuple[str, dict[str, int]]]:
        rows = len(texts)
        columns = [[0] * rows, list(range(rows)), [None] * rows, list(texts)]
        prepared.register("arriving", pa.table(columns, schema=SCHEMA))
        found = prepared.execute(STEPS).fetchall()
        return [(line, dict(zip(KINDS, counts or [0] * len(KINDS), strict=True))) for line, counts in found]

    return run


FOUND = {
    "mail joe.o'brien+x@mail.example.co.uk now": "mail [EMAIL] now",
    "<jürgen@exämple.de>": "<[EMAIL]>",
    "'a@b.de', \"c@d.org\"": "'[EMAIL]', \"[EMAIL]\"",
    "line\njoe@x.com\ttab\tann@y.org": "line\n[EMAIL]\ttab\t[EMAIL]",
    "https://user:hunter2@host.example.com/x": "https://user:[EMAIL]/x",
    "Authorization: Bearer abc123def456": "Authorization: Bearer [BEARER_TOKEN]",
    "bearer ABCDEFGHIJKLMNOPQRSTUVWX": "bearer [BEARER_TOKEN]",
    "jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-_def": "jwt [BEARER_TOKEN]",
    "key sk-abc123def456ghi789 end": "key [API_KEY] end",
    "sk-proj-Ab1_Cd2-Ef3_Gh4Ij5": "[API_KEY]",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789": "[API_KEY]",
    "AKIAIOSFODNN7EXAMPLE": "[API_KEY]",
    "xoxb-123456789012-abcdefABCDEF": "[API_KEY]",
    "GET /v1?api_key=a1b2c3d4e5&x=1": "GET /v1?api_key=[API_KEY]&x=1",
    "token: 8f14e45fceea167a": "token: [API_KEY]",
    "access_token='8f14e45fceea167a'": "access_token='[API_KEY]'",
    "password=hunter2 next": "password=[SECRET] next",
    "my password: hunter2, ok": "my password: [SECRET], ok",
    "{'password': 'hunter2'}": "{'password': '[SECRET]'}",
    "?key=AIzaLikeKey0123456789": "?key=[API_KEY]",
    "card 4111 1111 1111 1111 123": "card [CARD] 123",
    "card 4111-1111-1111-1111": "card [CARD]",
    "5500005555555559 is a card": "[CARD] is a card",
    "amex 3782 822463 10005.": "amex [CARD].",
    "call +49 170 1234567": "call [PHONE]",
    "call +1 (555) 123-4567!": "call [PHONE]!",
    "+442079460958": "[PHONE]",
    "(555) 123-4567 or 555-123-4567": "[PHONE] or [PHONE]",
    "555.123.4567 555.123.4568": "[PHONE] [PHONE]",
    "020 7946 0958 / 030-1234567": "[PHONE] / [PHONE]",
    "01 23 45 67 89": "[PHONE]",
    "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----": "[SECRET]",
}
SURVIVES = (
    "2026-11-01T03:37:13.368Z",
    "2026-11-01 03:37:13+10:00",
    "from 2026-11-01 to 2026-11-30, 01/11/2026, 01.11.2026, 11-01-2026",
    "Sat Nov 01 2026 13:00:00 GMT+1100",
    "550e8400-e29b-41d4-a716-446655440000",
    "4111111111111112",  # not a card: Luhn
    "item 1008292230, order #W2378156, reservation EHGLP3, flight HAT001",
    "$1,234.56 or 1 234,56 EUR or 0.4111111111111111",
    "192.168.100.200:8080 and 10.0.0.1, fe80::1",
    "version 119.0.6045.105, 1.2.3-rc.1, lodash@4.17.21, python==3.11.7",
    "1762000000000 1762000000000000000",
    "sha 3b18e512dba79e4c8300dd08aeb37f8e728b8dad",
    "unexpected token: expected, max_tokens=4096, tokens: 12",
    "the password is wrong; bearer of bad news",
    "key=value, KeyError: 'user_name', sort_key=name",
    "task-force risk-averse ask-me",
    "a@b is no address, @mention, x @ y",
    "100 200 300, 12 345 678, ZIP 90210-1234, room 012",
)


def test_every_kind_becomes_its_placeholder_in_values_of_any_depth(redact):
    texts = list(FOUND)
    documents = [{"a": text, "n": [{"deep": [text]}], "x": 1} for text in texts]
    for text, (line, counts) in zip(texts, redact(*map(json.dumps, documents)), strict=True):
        expected = FOUND[text]
        assert json.loads(line) == {"a": expected, "n": [{"deep": [expected]}], "x": 1}
        assert sum(counts.values()) == 2 * expected.count("["), text


def test_what_only_looks_like_personal_data_survives(redact):
    documents = [json.dumps({"a": text, "b": [text]}) for text in SURVIVES]
    for document, (line, counts) in zip(documents, redact(*documents), strict=True):
        assert json.loads(line) == json.loads(document)
        assert not any(counts.values())


def test_a_line_without_any_stays_byte_for_byte(redact):
    document = '{"a" : "caf\\u00e9" ,\t"n":1.50,"e":1e3}'
    assert redact(document) == [(document, dict.fromkeys(KINDS, 0))]


def test_numbers_and_booleans_keep_their_type(redact):
    document = {"card": 4111111111111111, "list": [4111111111111111, True, None, 1.5], "m": "4111111111111111 a@b.de"}
    [(line, _)] = redact(json.dumps(document))
    assert json.loads(line) == {**document, "m": "[CARD] [EMAIL]"}


def test_keys_are_redacted_too(redact):
    [(line, _)] = redact(json.dumps({"params": {"joe@x.com": 1, "n": {"+49 170 1234567": "x"}}}))
    assert json.loads(line) == {"params": {"[EMAIL]": 1, "n": {"[PHONE]": "x"}}}


def test_values_of_telling_keys_are_secret_but_numbers_stay(redact):
    document = {"password": 'hun"ter\\2 x', "api_key": "abc", "token": "hello", "id_token": "a1b2c3d4", "pwd": 5}
    [(line, counts)] = redact(json.dumps({"params": document}))
    kept = {"password": "[SECRET]", "api_key": "[SECRET]", "token": "hello", "id_token": "[SECRET]", "pwd": 5}
    assert json.loads(line) == {"params": kept}
    assert counts["secret"] == 3


def test_escaped_letters_hide_nothing(redact):
    [(line, _)] = redact('{"a":"joe\\u0040x.com","b":"\\u002b49 170 1234567","c":"t\\u006fken=a1b2c3d4e5"}')
    assert json.loads(line) == {"a": "[EMAIL]", "b": "[PHONE]", "c": "token=[API_KEY]"}


def test_json_in_a_string_stays_json(redact):
    inner = {
        "email": "joe@x.com",
        "note": "a\njoe@x.com\\",
        "password": 'x"y',
        "n": 4111111111111111,
        "secret": "s1s2s3s4",
    }
    [(line, _)] = redact(json.dumps({"arguments": json.dumps(inner)}))
    found = json.loads(json.loads(line)["arguments"])
    assert found["email"] == "[EMAIL]"
    assert found["note"] == "a\n[EMAIL]\\"
    assert found["secret"] == found["password"] == "[SECRET]"
    assert found["n"] == inner["n"]


def test_identifiers_join_and_count_after_redaction(redact):
    def hashed(kind: str, text: str) -> str:
        return f"[{kind}:{hashlib.md5(text.encode()).hexdigest()[:12]}]"

    first = {"user_id": "joe@x.com", "unit_id": "joe@x.com", "session_id": "s1", "params": {"user_id": "joe@x.com"}}
    second = {"user_id": "ann@x.com", "trace_id": "+49 170 1234567", "ticket_id": 'mail "joe@x.com"'}
    (one, counts), (two, _) = redact(json.dumps(first), json.dumps(second))
    joe = hashed("EMAIL", "joe@x.com")
    assert json.loads(one) == {
        "user_id": joe,
        "unit_id": joe,
        "session_id": "s1",
        "params": {"user_id": "[EMAIL]"},
    }
    assert json.loads(two) == {
        "user_id": hashed("EMAIL", "ann@x.com"),
        "trace_id": hashed("PHONE", "+49 170 1234567"),
        "ticket_id": hashed("EMAIL", 'mail "joe@x.com"'),
    }
    assert counts["email"] == 3


def test_what_is_not_json_is_redacted_as_text(redact):
    cut = '{"user":"joe\\u0040x.com","password": "hunter2 is lo'
    found = redact(cut, "plain joe@x.com, +49 170 1234567", '{"api_key": "a1b2", "n": 4111111111111111')
    assert [line for line, _ in found] == [
        '{"user":"[EMAIL]","password": "[SECRET]',
        "plain [EMAIL], [PHONE]",
        '{"api_key": "[SECRET]", "n": [CARD]',
    ]


TELLTALE = ("joe@x.com", "+49 170 1234567", "sk-abc123def456ghi789", "4111 1111 1111 1111", "password=hunter2")
texts = st.text(max_size=20) | st.sampled_from(TELLTALE).flatmap(
    lambda told: st.tuples(st.text(max_size=4), st.text(max_size=4)).map(lambda ends: f"{ends[0]} {told} {ends[1]}")
)
documents = st.dictionaries(
    texts,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


def same_shape(before: Any, after: Any) -> bool:
    if isinstance(before, str):
        return isinstance(after, str)
    if isinstance(before, list):
        return len(before) == len(after) and all(map(same_shape, before, after))
    if isinstance(before, dict):
        return len(before) >= len(after) and (
            len(before) > len(after) or all(map(same_shape, before.values(), after.values()))
        )
    return before == after or before == pytest.approx(after)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(st.lists(documents, min_size=20, max_size=60), st.booleans())
def test_any_document_keeps_its_shape_and_loses_what_tells(redact, many, ascii_only):
    found = redact(*(json.dumps(document, ensure_ascii=ascii_only) for document in many if _encodes(document)))
    for document, (line, _) in zip(filter(_encodes, many), found, strict=True):
        assert same_shape(document, json.loads(line))
        assert not any(told in json.dumps(json.loads(line)) for told in TELLTALE)


def _encodes(document: Any) -> bool:
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
