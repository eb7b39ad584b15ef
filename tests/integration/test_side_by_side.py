"""Nights that take turns step by step, as a backfill with several runs at once lets them, do not meet."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
import yaml

from .conftest import FIRST, LAST, ROOT, fingerprints

pytestmark = pytest.mark.slow
TURNS = """
import sys
from datetime import date
from ratchet import nights
days = [date.fromisoformat(day) for day in sys.argv[1:]]
for step in nights.PLAN:
    for day in days:
        nights.run_task(step.name, day)
"""


def test_nights_that_take_turns_give_the_same_bytes(in_order, landing, tmp_path):
    config, home = tmp_path / "config", tmp_path / "home"
    config.mkdir()
    for file in (ROOT / "include" / "config").iterdir():
        (config / file.name).write_bytes(file.read_bytes())
    settings = yaml.safe_load((config / "settings.yaml").read_text("utf-8"))
    settings["sources"] = {"native": str(landing)}
    (config / "settings.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    days = [LAST, FIRST, FIRST + timedelta(days=2)]
    done = subprocess.run(
        [sys.executable, "-c", TURNS, *map(str, days)],
        env={**os.environ, "RATCHET_HOME": str(home), "RATCHET_CONFIG": str(config)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert fingerprints(home) == fingerprints(in_order, days)
