"""What an application hears of its own health: of one published night, and nothing where nobody knows."""

import json
from datetime import date, datetime, timedelta

import pytest

from ratchet.client import Client
from ratchet.client.health import Health
from ratchet.deploy import publish

from .conftest import NOW

YESTERDAY = NOW.date() - timedelta(days=1)


def said(as_of=YESTERDAY, **others):
    services = [{"service": "chat", "status": "critical", "reason": "it burns"}]
    return {"status": "degraded", "reason": "it burns", "as_of": str(as_of), "services": services, **others}


def published(home, content):
    publish.publish(home, date(2026, 11, 19), {"health.json": content})


def test_it_hears_what_the_last_published_night_says(client, home):
    assert client.health() is None
    published(home, said())
    assert client.health() == Health("degraded", "it burns", YESTERDAY, {"chat": "critical"})
    published(home, said(status="healthy"))
    assert client.health().status == "healthy"
    assert client.counts == {}


@pytest.mark.parametrize(("days", "holds"), [(1, True), (2, True), (3, False), (400, False)])
def test_an_old_night_says_nothing(home, days, holds):
    published(home, said())
    now = datetime.combine(YESTERDAY + timedelta(days=days), NOW.timetz())
    assert (Client(home.root, clock=lambda: now).health() is not None) is holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[" * 100_000,
        "{}",
        json.dumps(said(as_of="soon")),
        json.dumps(said(status="splendid")),
        json.dumps(said(services=5)),
        json.dumps(said(services=[{"service": "chat", "status": ["critical"]}])),
    ],
)
def test_a_damaged_file_says_nothing_and_takes_nothing_else_down(client, home, text):
    flag = {"state": "ENABLED", "variants": {"on": True}, "defaultVariant": "on"}
    publish.publish(home, date(2026, 11, 19), {"flags.json": {"flags": {"f": flag}}, "health.json": {}})
    (home.published / "health.json").write_text(text, "utf-8")
    assert client.health() is None
    assert client.should_show_feature("f", "u1")
    assert client.counts == {"health_unreadable": 1}
