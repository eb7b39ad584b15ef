import hashlib
import io
import os
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest

from ratchet import cli, samples
from ratchet.night import Night
from ratchet.nights import run_nights
from tests.made_once import made_once

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data"
LAST = date(2026, 11, 10)
DAYS = 4
NIGHTS = [LAST - timedelta(days=n) for n in reversed(range(DAYS))]
DRAWN_BY_OTHERS = ("manifest.json", "drift.html", "data_docs")


@pytest.fixture(scope="session")
def landing(tmp_path_factory):
    """Four days of small sample logs."""
    return made_once(tmp_path_factory, "landing", small_logs)


def small_logs(folder):
    """Write what every process writes the same."""
    samples.write(folder, days=DAYS, events_per_day=600, seed=3, end=LAST)


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


def ratchet(*arguments, env=None):
    """Run the command line in this process, where the libraries are loaded already."""
    out, err = io.StringIO(), io.StringIO()
    with patch.dict(os.environ, env or {}), redirect_stdout(out), redirect_stderr(err):
        try:
            code = cli.main([str(argument) for argument in arguments])
        except SystemExit as error:
            code = error.code
    return Done(code, out.getvalue(), err.getvalue())


def fingerprints(home, days=None):
    """Return the hash of every artifact that must repeat to the byte."""
    wanted = [d.isoformat() for d in days] if days else None
    return {
        str(path.relative_to(home)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted((Path(home) / "artifacts").glob("????-??-??/**/*"))
        if path.is_file()
        and not any(part in DRAWN_BY_OTHERS for part in path.parts)
        and (wanted is None or path.relative_to(Path(home) / "artifacts").parts[0] in wanted)
    }


def run(landing, home, days):
    """Run nights one after the other in this process."""
    night = Night.from_environment(home=Path(home), landing=str(landing))
    outcomes = list(run_nights(night, days, lambda day, step: None))
    assert [str(error) for outcome in outcomes for error in outcome.failures.values()] == []


@pytest.fixture(scope="session")
def in_order(landing, tmp_path_factory):
    """A home in which the four nights ran in order, in one process."""
    return made_once(tmp_path_factory, "in_order", lambda home: run(landing, home, NIGHTS))
