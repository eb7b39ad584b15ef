"""Nights that take turns step by step, as a backfill with several runs at once lets them, do not meet."""

import shutil

import pytest
import yaml

from ratchet import nights

from .conftest import NIGHTS, ROOT, fingerprints

pytestmark = pytest.mark.slow


def test_nights_that_take_turns_give_the_same_bytes(in_order, landing, tmp_path, monkeypatch):
    config = tmp_path / "config"
    shutil.copytree(ROOT / "include" / "config", config)
    settings = yaml.safe_load((config / "settings.yaml").read_text("utf-8"))
    settings["sources"] = {"native": str(landing)}
    (config / "settings.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    monkeypatch.setenv("RATCHET_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RATCHET_CONFIG", str(config))
    days = [NIGHTS[-1], NIGHTS[0]]
    for step in nights.PLAN:
        for day in days:
            nights.run_task(step.name, day)
    assert fingerprints(tmp_path / "home") == fingerprints(in_order, days)
