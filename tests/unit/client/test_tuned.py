"""Published settings as the application gets them, and the safe values where the file cannot be used."""

import json
import math
from dataclasses import asdict
from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from ratchet.client.breaker import Rule
from ratchet.client.token_bucket import Rate
from ratchet.contracts.adaptive import Defaults
from ratchet.deploy import publish

from .conftest import NOW

TOMORROW = NOW.date() + timedelta(days=1)


def record(setting, target, value, expires_on=TOMORROW):
    return {"setting": setting, "target": target, "value": value, "expires_on": str(expires_on)}


@pytest.fixture
def publish_settings(home):
    """Return a function that publishes settings with whatever else the file should say."""

    def switch(*settings, **others):
        content = {"defaults": asdict(Defaults()), "settings": list(settings), "expires_on": str(TOMORROW)} | others
        return publish.publish(home, date(2026, 11, 19), {"settings.json": content})

    return switch


def is_safe(client):
    breaker, limiter = client.circuit_breaker("search"), client.limiter("chat")
    assert client.timeout_for("search") == 30.0
    assert client.batch_size(1000, task="search") == 80
    assert breaker._rule() == Rule(5, 60.0)
    assert limiter._most() == 64
    assert client.rate_limiter("llm")._rate() == Rate()
    return True


ALL = (
    record("timeout", "search", {"all_s": 12, "complexity_3_s": 40}),
    record("circuit_breaker", "search", {"failures": 3, "recovery_s": 20}),
    record("concurrency", "chat", {"limit": 8}),
    record("batch_size", "search", {"size": 16}),
    record("rate_limit", "llm", {"per_minute": 90, "burst": 10}),
)


def test_what_is_published_holds(client, publish_settings):
    publish_settings(*ALL)
    assert client.timeout_for("search") == client.timeout_for("search", complexity=0.1) == 12
    assert client.timeout_for("search", complexity=1.0) == 40
    assert client.timeout_for({"task_type": "search", "complexity": 0.8}) == 40
    assert client.timeout_for(SimpleNamespace(task_type="search", complexity=0.2, size=9)) == 12
    assert client.timeout_for("other") == 30
    assert client.circuit_breaker("search") is client.circuit_breaker("search")
    assert client.circuit_breaker("search")._rule() == Rule(3, 20)
    assert client.limiter("chat")._most() == 8
    assert client.limiter("other")._most() == 64
    assert client.rate_limiter("llm") is client.rate_limiter("llm")
    assert client.rate_limiter("llm")._rate() == Rate(90, 10)
    assert client.rate_limiter("other")._rate() == Rate()
    assert client.batch_size(1000, task="search") == 16
    assert client.batch_size([{"task_type": "search"}] * 5) == 5
    assert client.counts == {}


def test_without_a_measure_complexity_and_size_lengthen_the_default(client):
    assert client.timeout_for("x", complexity=1.0) == 45.0
    assert client.timeout_for("x", size=math.e - 1) == pytest.approx(33.0)
    assert client.timeout_for("x", complexity=math.nan, size=-5) == 30.0
    assert client.timeout_for("x", complexity=9, size=1e300) == 300.0


@pytest.mark.parametrize(
    ("free", "wanted"), [((90, 90), 16), ((90, 60), 10), ((60, 20), 4), ((None, 60), 10), ((None, None), 10)]
)
def test_scarce_resources_make_batches_smaller(client, publish_settings, free, wanted):
    publish_settings(*ALL)
    resources = {"cpu_percent_free": free[0], "memory_percent_free": free[1]}
    assert client.batch_size(1000, resources, task="search") == wanted


def test_hard_and_mixed_tasks_make_unmeasured_batches_smaller(client):
    assert client.batch_size([{"complexity": 0.9}] * 200) == 56
    assert client.batch_size([{"complexity": c} for c in (0.0, 1.0)] * 100) == 80
    assert client.batch_size([]) == 1


def test_without_a_file_safe_values_hold(client):
    assert is_safe(client)
    assert client.counts == {}


def file(expires_on="2027-01-01", settings=(), **defaults):
    content = {"defaults": asdict(Defaults()) | defaults, "settings": settings, "expires_on": expires_on}
    return json.dumps(content)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "[" * 100_000,
        '{"settings": [], "expires_on": "2027-01-01"}',
        file(expires_on="soon"),
        file(settings=5),
        file(timeout_max_s=0.5),
        file(timeout_max_s=1e300),
        file(breaker_failures=math.nan),
        file(concurrency_max=True),
    ],
)
def test_a_damaged_file_takes_nothing_else_down(client, home, text):
    flag = {"state": "ENABLED", "variants": {"on": True}, "defaultVariant": "on"}
    publish.publish(home, date(2026, 11, 19), {"flags.json": {"flags": {"f": flag}}, "settings.json": {}})
    (home.published / "settings.json").write_text(text, "utf-8")
    assert is_safe(client)
    assert client.should_show_feature("f", "u1")
    assert client.counts == {"settings_unreadable": 1}


HOSTILE = (
    record("timeout", "search", {"all_s": -5}),
    record("timeout", "search", {"all_s": 1e308}),
    record("timeout", "search", {"all_s": "12"}),
    record("timeout", "search", {"all_s": True}),
    record("timeout", "search", {}),
    record("timeout", "search", [1]),
    record("timeout", "search", {"all_s": 12}, "never"),
    record("hang_up", "search", {"all_s": 12}),
    {"setting": "timeout"},
    "text",
    None,
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_setting_that_cannot_be_used_leaves_the_others(client, publish_settings, hostile):
    publish_settings(hostile, *ALL[1:])
    assert client.timeout_for("search") == 30.0
    assert client.limiter("chat")._most() == 8
    assert client.counts == {"settings_unreadable": 1}


def test_values_stay_within_the_bounds_of_the_file(client, publish_settings):
    publish_settings(record("timeout", "a", {"all_s": 4000}), record("concurrency", "a", {"limit": 4000}))
    assert client.timeout_for("a") == 300
    assert client.limiter("a")._most() == 64


def test_the_files_own_defaults_hold_for_what_was_not_measured(client, publish_settings):
    publish_settings(defaults=asdict(Defaults()) | {"timeout_default_s": 5.0})
    assert client.timeout_for("search") == 5.0


@pytest.mark.parametrize("expired", [{"expires_on": str(NOW.date())}, {"expires_on": "2001-01-01"}])
def test_an_old_file_is_as_if_it_were_not_there(client, publish_settings, expired):
    publish_settings(*ALL, defaults=asdict(Defaults()) | {"timeout_default_s": 5.0}, **expired)
    assert is_safe(client)
    assert set(client.counts) == {"settings_expired"}


def test_a_setting_ends_on_its_own_day(client, publish_settings):
    publish_settings(record("timeout", "search", {"all_s": 12}, NOW.date()), *ALL[1:])
    assert client.timeout_for("search") == 30.0
    assert client.limiter("chat")._most() == 8


def test_a_new_version_acts_at_once(client, publish_settings):
    publish_settings(*ALL)
    breaker = client.circuit_breaker("search")
    publish_settings(record("circuit_breaker", "search", {"failures": 9, "recovery_s": 1}))
    assert breaker._rule() == Rule(9, 1)


def test_processes_share_a_rate(client, publish_settings):
    publish_settings(*ALL)
    assert client.rate_limiter("llm", processes=4)._rate() == Rate(22.5, 2.5)


@pytest.mark.parametrize("value", [{"per_minute": 90}, {"burst": 3}, {"per_minute": 0, "burst": 1}, {}])
def test_a_rate_limit_without_its_parts_holds_nothing_back(client, publish_settings, value):
    publish_settings(record("rate_limit", "llm", value))
    assert client.rate_limiter("llm")._rate() == Rate()
    assert client.rate_limiter("llm").wait()


def test_a_file_from_before_rate_limits_is_read(client, publish_settings):
    known = asdict(Defaults())
    del known["calls_per_minute_min"], known["calls_per_minute_max"]
    publish_settings(*ALL[:1], defaults=known)
    assert client.timeout_for("search") == 12
