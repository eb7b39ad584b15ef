import gzip
import re
from datetime import date, datetime
from pathlib import Path

import pytest

from ratchet import settings
from ratchet.analyze.failure_classes import classified, failures_of_day
from ratchet.settings import FailureRule

REAL = Path(__file__).resolve().parents[4] / "shared" / "data" / "whissle_flow_sim"
DAY = date(2026, 11, 20)
LATE = datetime.fromisoformat("2026-11-19T23:00")
RULES = settings.load("development").failure_classes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("APIError: Error code: 402 - Insufficient credits", "infrastructure"),
        ("HTTP 503 from gateway", "infrastructure"),
        ("ReadTimeout: the read operation timed out: timeout", "infrastructure"),
        ("invalid input: no such date", "user"),
        ("ValueError: unhashable plan", "agent"),
        ("", "agent"),
    ],
)
def test_the_first_rule_that_is_found_names_who_failed(failures, text, expected):
    assert classified(failures({"sample_error": text}), RULES)["failure_class"].tolist() == [expected]


def test_outages_of_a_real_log_are_not_the_agents(failures):
    """Its sessions died of HTTP 402, a wallet without credit."""
    if not REAL.exists():
        pytest.skip(f"no {REAL}")
    raw = [(p.suffix, p.read_bytes()) for p in sorted(REAL.rglob("*.session.json*"))]
    texts = [(gzip.decompress(found) if suffix == ".gz" else found).decode() for suffix, found in raw]
    told = [t for text in texts for t in re.findall(r"ModelError: [^\n]{0,30}HTTP 402: [^\n]{0,60}", text)]
    found = classified(failures(*({"sample_error": t} for t in told)), RULES)
    assert len(told) >= 35
    assert set(found["failure_class"]) == {"infrastructure"}


def test_without_a_rule_that_matches_the_agent_failed(failures):
    rules = [FailureRule(pattern="^x$", failure_class="user")]
    assert classified(failures({"sample_error": "y"}), rules)["failure_class"].tolist() == ["agent"]


def test_success_of_the_agent_leaves_out_what_others_failed(failures, health):
    rows = failures(
        {"service": "chat", "sample_error": "HTTP 402: insufficient credits", "failures": 30, "status_code": "402"},
        {"service": "chat", "sample_error": "ValueError", "failures": 10},
        {"service": "", "sample_error": "permission denied", "failures": 5},
        {"service": "chat", "sample_error": "ValueError", "failures": 99, "metric_hour": LATE},
    )
    daily = health({"service": "", "successes": 60}, {"service": "chat", "successes": 40})
    found = failures_of_day(classified(rows, RULES), daily, DAY)
    everything, chat = found.services
    assert (everything.agent, everything.infrastructure, everything.user) == (10, 30, 5)
    assert (chat.agent, chat.infrastructure, chat.user) == (10, 30, 0)
    assert everything.agent_success.number == pytest.approx(60 / 70)
    assert [(k.failure_class, k.failures) for k in found.kinds] == [("infrastructure", 30), ("agent", 10), ("user", 5)]


def test_a_day_without_failures_has_none(failures, health):
    found = failures_of_day(classified(failures(), RULES), health({"successes": 3}), DAY)
    assert (found.services[0].agent, found.kinds) == (0, ())
    assert found.services[0].agent_success.number == 1.0
