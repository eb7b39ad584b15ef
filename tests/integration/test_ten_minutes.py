"""docs/ten_minutes.md, walked line by line: five commands to a report, and every wrong step says what to do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ratchet.settings import PROJECT_ROOT

PAGE = (PROJECT_ROOT / "docs" / "ten_minutes.md").read_text("utf-8")
BLOCKS = [textwrap.dedent(block).strip("\n") for block in re.findall(r"(?m)(?:^ {4}.*\n|^\n(?= {4}))+", PAGE)]
COMMANDS = BLOCKS[0].splitlines()
LOG = BLOCKS[1] + "\n"


def bash(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of the page as it stands there; `~` is a folder with the log in it."""
    environment = {"HOME": str(folder / "person"), "RATCHET_CONFIG": str(PROJECT_ROOT / "include" / "config")}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("RATCHET_", "AIRFLOW_"))}
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=inherited | environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the first two commands were said: the environment is that of this checkout."""
    folder = tmp_path_factory.mktemp("ratchet")
    (folder / "person").mkdir()
    (folder / "person" / "chats.jsonl").write_text(LOG, "utf-8")
    (folder / ".venv" / "bin").mkdir(parents=True)
    command = folder / ".venv" / "bin" / "ratchet"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ratchet.cli "$@"\n')
    command.chmod(0o755)
    return folder


def test_it_takes_five_commands_of_which_the_first_two_are_those_of_every_newcomer():
    assert len(COMMANDS) == 5
    assert COMMANDS[0] == "git clone ADDRESS ratchet && cd ratchet"
    assert COMMANDS[1] == "make setup"
    assert re.search(r"(?m)^setup:", (PROJECT_ROOT / "Makefile").read_text("utf-8"))


def test_the_first_command_clones_what_the_second_is_said_in(tmp_path):
    if not (PROJECT_ROOT / ".git").exists():
        pytest.skip("this checkout is no git repository")
    line = COMMANDS[0].replace("ADDRESS", f"-q --depth 1 'file://{PROJECT_ROOT}'")
    done = bash(f"{line} && make -n setup PYTHON=python3", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "-m venv .venv" in done.stdout


def test_the_walk_ends_at_a_report_on_the_file(clone):
    for line in COMMANDS[2:]:
        done = bash(line, clone)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        if "sources check" in line:
            assert re.search(r"request_text +2 ", done.stdout)
    report = Path(done.stdout.strip().splitlines()[-1].removeprefix("Open the newest: "))
    assert report.name == "report.html"
    shown = (clone / report).read_text("utf-8")
    links = [link for link in re.findall(r'href="([^"#]+)', shown) if not link.startswith("data:")]
    assert [link for link in links if not (clone / report.parent / link).exists()] == []
    assert {"data_docs/raw/index.html", "data_docs/marts/index.html", "../index.html"} <= set(links)
    assert "cancel_order" in shown
    assert "too few events" in shown


CHECK, RUN = COMMANDS[3], COMMANDS[4]
FILE = "logs/dt=2026-11-20/chats.jsonl"
WRONG = [
    ("another name", CHECK.replace("chat_transcripts", "chat_transcript"), 2),
    ("not there", CHECK.replace("chats.jsonl", "chat.jsonl"), 2),
    ("another format", "echo '{\"a\": 1}' > person/other.jsonl && " + CHECK.replace(FILE, "person/other.jsonl"), 1),
    ("a file name", "mkdir -p odd && echo x > odd/chats.log && " + CHECK.replace(FILE, "odd"), 2),
    ("today only", "mkdir -p new && cp person/chats.jsonl new/ && " + RUN.replace("logs", "new"), 2),
    ("an empty folder", "mkdir -p empty && " + RUN.replace("logs", "empty"), 2),
]  # fmt: skip
SAID = re.findall(r"(?m)^\| (?!what|no Python|---)[^|]+\| (.+) \|$", PAGE)


@pytest.mark.parametrize(("line", "code", "said"), [(w[1], w[2], s) for w, s in zip(WRONG, SAID, strict=True)])
def test_a_wrong_step_says_what_the_page_says(clone, line, code, said):
    done = bash(line, clone)
    assert done.returncode == code, (done.stdout, done.stderr)
    told = done.stdout + done.stderr
    assert all(part in told for part in re.findall(r"`([^`]+)`", said)), told
    assert code == 1 or done.stderr.count("\n") == 1


def test_the_day_of_the_page_is_over():
    assert "dt=2026-11-20" in COMMANDS[2]
    assert datetime(2026, 11, 21, tzinfo=UTC) <= datetime.now(UTC)


def test_a_machine_without_python_is_told(clone):
    done = subprocess.run(
        ["make", "-C", str(PROJECT_ROOT), "PYTHON=", "-W", "requirements.txt", "-n", "setup"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert re.findall(r"(?m)^\| no Python.*`(.+)`", PAGE)[0] in done.stdout
