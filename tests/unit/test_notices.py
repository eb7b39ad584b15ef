"""Notices: what is said of a night, each once, to a real server on this machine."""

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from ratchet import files, notices
from ratchet.errors import RatchetError
from ratchet.night import Night
from ratchet.notices import Notice

DAY = date(2026, 11, 12)


@dataclass
class Connection:
    conn_type: str = "http"
    host: str | None = None
    port: int | None = None
    schema: str | None = None
    login: str | None = None
    password: str | None = None
    extra_dejson: dict[str, Any] = field(default_factory=dict)


@contextmanager
def webhook(status=200):
    """Run a server that remembers what it was sent and answers with a status."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, self.headers.get("Authorization"), json.loads(body)["text"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Connection(host=f"http://127.0.0.1:{server.server_port}/hook"), got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def night(monkeypatch, tmp_path):
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    found = Night.from_environment(DAY, live=True)
    rollout = {"rollout_id": "search", "attempt": 1, "phase": 2, "verdict": "roll back", "reason": "errors are worse"}
    found.write("rollouts", {"rollouts": [rollout, rollout | {"rollout_id": "fine", "verdict": "hold"}]})
    judged = {"id": "prompt", "phase": 1, "verdict": "ship", "reason": "it is better"}
    news = [{"id": "prompt", "phase": 1, "before": None}]
    found.write("experiments", {"experiments": [judged, judged | {"id": "old"}], "news": news})
    return found


def test_a_live_night_says_roll_backs_verdicts_and_failures(night):
    assert [(n.title, n.text) for n in notices.notices(night, "gaps failed")] == [
        ("The night of 2026-11-12 failed", "gaps failed"),
        ("search is rolled back", "errors are worse"),
        ("prompt: ship", "it is better"),
    ]


def test_a_night_that_is_not_live_says_nothing_but_that_the_last_day_failed(night):
    other = replace(night, live=False)
    assert notices.notices(other, "gaps failed") == []
    last = replace(other, today=DAY + timedelta(days=1))
    assert [n.title for n in notices.notices(last, "gaps failed")] == ["The night of 2026-11-12 failed"]


def report(night, total=5, label="Degraded"):
    """Put what the report of a night says first where the message reads it."""
    needs = [
        {"text": text, "tone": "plain", "target": None} for text in ("Look at the health", "Decide: A", "Decide: B")
    ]
    record = {"label": label, "headline": "Success fell.", "needs": {"items": needs, "total": total}}
    files.write_json(night.home.artifacts(night.day) / "summary.json", record)


def test_a_night_is_one_message_with_three_things_and_links(night):
    report(night)
    with webhook() as (connection, got):
        assert notices.send_pending(night, connection, site="https://air.flow/") == [
            "search is rolled back",
            "prompt: ship",
        ]
    assert [text for _, _, text in got] == [
        "2026-11-12: Degraded. Success fell.\n"
        "1. search is rolled back: errors are worse\n"
        "2. prompt: ship: it is better\n"
        "3. Look at the health\n"
        "and 4 more\n"
        "Report: https://air.flow/ratchet/2026-11-12/report.html\n"
        "Decide: https://air.flow/required_actions"
    ]


def test_a_quiet_night_is_three_lines(night):
    for name in ("rollouts", "experiments"):
        night.write(name, {})
    files.write_json(
        night.home.artifacts(DAY) / "summary.json", {"label": "Healthy", "headline": "Success is 91%.", "needs": {}}
    )
    with webhook() as (connection, got):
        notices.send_pending(night, connection, site="http://localhost:8080")
        assert notices.send_pending(night, connection, site="http://localhost:8080") == []
    (message,) = got
    assert message[2].splitlines() == [
        "2026-11-12: Healthy. Success is 91%.",
        "Nothing waits for you.",
        "Report: http://localhost:8080/ratchet/2026-11-12/report.html",
    ]


def test_each_thing_is_sent_once_however_often_the_night_runs(night):
    report(night, total=3)
    with webhook() as (connection, got):
        assert notices.send_pending(night, connection, "") == ["search is rolled back", "prompt: ship"]
        assert notices.send_pending(night, connection, "gaps failed") == ["The night of 2026-11-12 failed"]
        assert notices.send_pending(night, connection, "gaps failed again") == []
    assert len(got) == 2
    assert "1. The night of 2026-11-12 failed: gaps failed\n2. Look at the health" in got[1][2]
    assert "rolled back" not in got[1][2]


def test_a_night_without_a_report_says_why(night):
    night.write("rollouts", {})
    night.write("experiments", {})
    with webhook() as (connection, got):
        notices.send_pending(night, connection, "ingest failed: no space")
    assert got[0][2].splitlines()[:2] == [
        "2026-11-12: Night failed. It left no report.",
        "1. The night of 2026-11-12 failed: ingest failed: no space",
    ]


def test_a_night_that_is_not_live_sends_no_message(night):
    with webhook() as (connection, got):
        assert notices.send_pending(replace(night, live=False), connection) == []
    assert got == []


def test_what_was_refused_is_sent_by_the_next_run(night):
    with webhook(500) as (connection, _), pytest.raises(RatchetError, match="a notice cannot be sent: HTTPError"):
        notices.send_pending(night, connection)
    with webhook() as (connection, got):
        notices.send_pending(night, connection)
    assert len(got) == 1


def test_words_of_a_log_are_no_markup_and_break_no_line(night):
    with webhook() as (connection, got):
        notices.send(connection, Notice("k", "t", "a <!channel> & b\n\x1b[31m" + "x" * 5_000))
    assert "&lt;!channel&gt; &amp; b [31mxxx" in got[0][2]
    assert len(got[0][2]) < 2_000


def test_a_slack_connection_keeps_its_secret_in_the_path_and_a_webhook_in_a_header(night):
    with webhook() as (connection, got):
        address = connection.host.removesuffix("/hook")
        notices.send(Connection("slackwebhook", address, password="T0/B0/x"), Notice("k", "t"))
        notices.send(replace(connection, password="secret"), Notice("k", "t"))
    assert [(path, secret) for path, secret, _ in got] == [("/T0/B0/x", None), ("/hook", "Bearer secret")]


@pytest.mark.parametrize(
    "connection",
    [
        Connection(host="http://127.0.0.1:1/secret-path"),
        Connection(host="file:///etc/passwd"),
        Connection("smtp", "127.0.0.1", 1, extra_dejson={"to_email": "a@example.com"}),
        Connection("smtp", "127.0.0.1", 1),
    ],
)
def test_what_cannot_be_sent_is_one_line_that_shows_no_address(connection):
    with pytest.raises(RatchetError, match="a notice cannot be sent") as caught:
        notices.send(connection, Notice("k", "t"))
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_e_mail_names_sender_receiver_and_what_it_is_about(monkeypatch):
    sent = []

    class Server:
        def __init__(self, host, port, timeout):
            self.place = (host, port)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def send_message(self, message):
            sent.append((self.place, message["From"], message["To"], message["Subject"], message.get_content()))

    monkeypatch.setattr(notices.smtplib, "SMTP", Server)
    extra = {"to_email": "team@example.com", "from_email": "ratchet@example.com"}
    notices.send(Connection("smtp", "mail", 2525, extra_dejson=extra), Notice("k", "search is rolled back", "why"))
    (message,) = sent
    assert message[:4] == (("mail", 2525), "ratchet@example.com", "team@example.com", "Ratchet: search is rolled back")
    assert message[4] == "search is rolled back\n\nwhy\n"
