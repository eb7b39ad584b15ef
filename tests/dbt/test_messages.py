"""Error messages become kinds: on real logs, mask by mask, and one message at a time."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ratchet import marts

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
RETAIL = "tau_bench_retail_agent_variants"
Masks = Callable[[Iterable[str]], dict[str, str]]


@pytest.fixture(scope="module")
def masks(five_nights: Any) -> Masks:
    """Run the very SQL of int_messages over texts."""
    sql = marts.compiled(five_nights.home)["int_messages"]
    head, tail = "union\n    select ", " as message_key from interactions"
    key = sql[sql.index(head) + len(head) : sql.index(tail)]
    masked = sql[sql.rindex("select\n    hash(message_key)") :]

    def run(texts: Iterable[str]) -> dict[str, str]:
        with duckdb.connect() as connection:
            connection.execute("create table given (error varchar)")
            connection.executemany("insert into given values (?)", [(t,) for t in set(texts)])
            keyed = f"given as (select error, {key} as message_key from main.given), keys as (from given)"
            on = "hash(message_key) = message_hash"
            found = (
                f"with {keyed}, known as ({masked}) select error, message_template from given inner join known on {on}"
            )
            return dict(connection.execute(found).fetchall())

    return run


def real(name: str, file: str) -> Any:
    path = DATA / name / file
    if not path.exists():
        pytest.skip(f"real data is not here: {path}")
    return json.loads(gzip.decompress(path.read_bytes()))


def tool_errors(runs: list[dict[str, Any]]) -> list[str]:
    said = [m["content"] for run in runs for m in run["traj"] if m["role"] == "tool"]
    return [text for text in said if str(text).startswith("Error:")]


def test_tau_bench_airline(masks: Masks) -> None:
    found = tool_errors(real("tau_bench_airline_gpt4o", "gpt-4o-airline.json.gz"))
    kinds = masks(found)
    counted = Counter(kinds[text] for text in found)
    assert (len(found), len(set(found)), len(counted)) == (73, 23, 8)
    assert counted["Error: payment amount does not add up, total price is <number>, but paid <number>"] == 24
    assert counted["Error: flight <id> not available on date <date>"] == 15


@pytest.mark.parametrize(
    ("file", "errors"),
    [
        ("tool-calling-none-0.1_range_0-100_user-none-llm_06232025.json.gz", 34),
        ("tool-calling-with-preconditions-none-0.1_range_0-100_user-none-llm_0626123715.json.gz", 25),
    ],
)
def test_tau_bench_retail(masks: Masks, file: str, errors: int) -> None:
    found = tool_errors(real(RETAIL, file))
    assert (len(found), len(set(masks(found).values()))) == (errors, 9)


def test_whissle(masks: Masks) -> None:
    sessions = real("whissle_tau2_airline", "airline_run1.json.gz")["simulations"]
    found = [m["content"] for session in sessions for m in session["messages"] if m.get("error")]
    assert (len(found), len(set(masks(found).values()))) == (12, 5)


CASES = {
    "user john.doe@example.com failed": "user <email> failed",
    "GET https://api.x.com/v1/a?b=1 failed": "GET <url> failed",
    "could not reach db-01.prod.internal:5432": "could not reach <host>",
    "connect to 10.0.0.12:8080 refused": "connect to <ip> refused",
    "address 2001:db8:85a3:0000:0000:8a2e:0370:7334 down": "address <ip> down",
    "fe80::1ff:fe23:4567:890a is down": "<ip> is down",
    "at 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01": "at <trace>",
    "request id=abc-123-def failed": "request id=<trace> failed",
    "uuid 550e8400-e29b-41d4-a716-446655440000": "uuid <uuid>",
    "UUID 550E8400-E29B-41D4-A716-446655440000": "UUID <uuid>",
    "object 356a192b7913b04c54574d18c28d46e6395428ab": "object <sha1>",
    "digest d41d8cd98f00b204e9800998ecf8427e": "digest <md5>",
    "at 2026-01-02T03:04:05.678Z": "at <date>",
    "at 2026-01-02 03:04": "at <date>",
    "on 3/4/2026": "on <date>",
    "on 5 May 2026 and May 5, 2026": "on <date> and <date>",
    "at 03:04:05 and 3:04 pm": "at <time> and <time>",
    "took 35ms, then 1.5 seconds, then 3 min": "took <duration>, then <duration>, then <duration>",
    "pointer 0xdeadBEEF": "pointer <hex>",
    "commit a1b2c3d and 7e57ab1e0": "commit <sha> and <sha>",
    "price 1,234.56, 1,203, 3.14, 1e-5": "price <number>, <number>, <number>, <number>",
    "change -4 of +5, $6 and 10%": "change <number> of <number>, $<number> and <number>",
    "key='value with space' other=\"x y\"": "key=<value> other=<value>",
    "input_value={'a': 'b...'c': 1}, type=dict": "input_value=<value>, type=dict",
    "can't open the user's file 'foo bar'": "can't open the user's file <quoted>",
    'No module named "requests" or `other`': "No module named <quoted> or <quoted>",
    "file /usr/lib/python3/foo.py missing": "file <path> missing",
    r"file C:\Users\x\y.txt missing": "file <path> missing",
    "file src/a/b/c.py missing": "file <path> missing",
    "flight HAT123, order #W1234567": "flight <id>, order <id>",
    "credit_card_1234567, gift_card_99, mia_li_3668": "<id>, <id>, <id>",
    "locator XEHM4B or 4WQ150": "locator <id> or <id>",
    "two\n  lines\tand tabs": "two lines and tabs",
    "plain words stay, as do defaced facade and/or n/a": "plain words stay, as do defaced facade and/or n/a",
    "": "",
}


@pytest.fixture(scope="module")
def masked(masks: Masks) -> dict[str, str]:
    return masks(CASES)


@pytest.mark.parametrize("message", CASES)
def test_mask(masked: dict[str, str], message: str) -> None:
    assert masked[message] == CASES[message]


def test_a_kind_depends_on_its_message_alone(masks: Masks, masked: dict[str, str]) -> None:
    for message in list(CASES)[::5]:
        assert masks([message]) == {message: masked[message]}


def test_hostile_messages_are_only_text(masks: Masks) -> None:
    hostile = ["'; drop table x; --", "<script>alert(1)</script>", "\\1 \\0 $1", "({[", "\x00null", "é" * 5000]
    assert set(masks(hostile)) == set(hostile)


def test_only_the_first_2000_characters_count(masks: Masks) -> None:
    head = "x" * 2000
    assert len(set(masks([head + "one", head + "two"]).values())) == 1
