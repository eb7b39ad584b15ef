"""The one message of a night as an e-mail, to a real receiver on this machine."""

import email
import socketserver
import threading
from contextlib import contextmanager
from datetime import date

import pytest
from tests.unit.test_notices import Connection

from ratchet import digest, files, notices
from ratchet.night import Night

DAY = date(2026, 11, 12)
ANSWERS = {b"EHLO": b"250 hello", b"MAIL": b"250 ok", b"RCPT": b"250 ok", b"DATA": b"354 go on", b"QUIT": b"221 bye"}


class Receiver(socketserver.StreamRequestHandler):
    """Speaks as much SMTP as a message needs."""

    def handle(self):
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            self.wfile.write(ANSWERS.get(word, b"250 ok") + b"\r\n")
            if word == b"DATA":
                lines = list(iter(self.rfile.readline, b".\r\n"))
                self.server.got.append(email.message_from_bytes(b"".join(lines)))
                self.wfile.write(b"250 taken\r\n")
            if word == b"QUIT":
                return


@contextmanager
def mailbox():
    """Run a receiver and return the connection to it with what it was sent."""
    with socketserver.TCPServer(("127.0.0.1", 0), Receiver) as server:
        server.got = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            extra = {"to_email": "team@example.com", "from_email": "ratchet@example.com"}
            yield Connection("smtp", "127.0.0.1", server.server_address[1], extra_dejson=extra), server.got
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def night(monkeypatch, tmp_path):
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    return Night.from_environment(DAY, live=True)


def summary(night, **known):
    files.write_json(night.home.artifacts(DAY) / "summary.json", known)


def test_an_e_mail_arrives_with_its_lines(night):
    needs = {"items": [{"text": "Decide: Build export"}], "total": 1}
    summary(night, label="Healthy", headline="Success rose.", needs=needs)
    with mailbox() as (connection, got):
        notices.send_pending(night, connection, site="https://air.flow")
    (message,) = got
    assert message["Subject"] == "Ratchet: 2026-11-12: Healthy. Success rose."
    assert message["To"] == "team@example.com"
    assert message.get_payload().split("\n") == [
        "2026-11-12: Healthy. Success rose.\r",
        "\r",
        "1. Decide: Build export\r",
        "Report: https://air.flow/ratchet/2026-11-12/report.html\r",
        "Decide: https://air.flow/required_actions\r",
        "",
    ]


def test_at_most_three_things_matter_and_each_is_short(night):
    items = [{"text": f"{n} " + "word " * 100} for n in range(3)]
    summary(night, label="Critical", headline="x", needs={"items": items, "total": 9})
    _, lines = digest.compose(night, ["search is rolled back: worse"])
    assert [line[:4] for line in lines] == ["1. s", "2. 0", "3. 1", "and ", "Repo"]
    assert lines[3] == "and 7 more"
    assert max(map(len, lines[:4])) <= digest.LONGEST + 3


def test_what_is_told_is_not_said_twice(night):
    summary(night, label="Healthy", headline="x", needs={"items": [{"text": "a: b"}], "total": 1})
    _, lines = digest.compose(night, ["a: b"])
    assert [line[:4] for line in lines] == ["1. a", "Repo"]


@pytest.mark.parametrize("damage", ["[]", '{"needs": null}', '{"label": 3}'])
def test_a_summary_of_another_version_breaks_no_message(night, damage):
    files.write_text(night.home.artifacts(DAY) / "summary.json", damage)
    title, lines = digest.compose(night, [])
    assert title.startswith("2026-11-12: ")
    assert lines[0] == "Nothing waits for you."
