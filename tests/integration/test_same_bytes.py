"""A night's artifacts are the same bytes whatever happened before: order, repetition, kill, full disk."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import LAST, NIGHTS, ROOT, fingerprints, ratchet, run

pytestmark = pytest.mark.slow
HEALED = [NIGHTS[0], NIGHTS[3]]  # the first is the one that was struck


def test_every_night_has_its_artifacts(in_order):
    found = fingerprints(in_order)
    for day in NIGHTS:
        for name in ("report.html", "report.md", "report.json", "load.json", "features.json", "improvements.json"):
            assert f"artifacts/{day}/{name}" in found


def test_running_a_night_again_changes_nothing(in_order, landing):
    before = fingerprints(in_order)
    run(landing, in_order, [NIGHTS[1]])
    assert fingerprints(in_order) == before


def test_the_order_of_nights_changes_nothing(in_order, landing, tmp_path):
    days = [NIGHTS[3], NIGHTS[1]]  # what lies between and before was never run
    run(landing, tmp_path, days)
    assert fingerprints(tmp_path) == fingerprints(in_order, days)


def test_a_killed_run_heals(in_order, landing, tmp_path):
    command = [sys.executable, "-m", "ratchet.cli", "run", "--landing", landing, "--home", tmp_path]
    for begun in ("bronze", "warehouse.duckdb.wal"):  # while it loads, and while dbt builds
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not (tmp_path / begun).exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
    run(landing, tmp_path, HEALED)
    assert fingerprints(tmp_path, HEALED) == fingerprints(in_order, HEALED)
    left = [p for p in Path(tmp_path).rglob("*") if ".tmp" in p.name or p.name.endswith(".old")]
    assert left == []


def test_a_full_disk_is_one_line_and_heals(in_order, landing, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    small = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "ratchet-test", disk], capture_output=True, check=False
    )
    if small.returncode:
        pytest.skip("mounting a small file system needs root: run the tests as root")
    try:
        done = ratchet("run", "--landing", landing, "--home", disk / "home")
        assert done.returncode == 1
        assert "free some space" in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        subprocess.run(["mount", "-o", "remount,size=600m", disk], check=True)
        run(landing, disk / "home", HEALED)
        assert fingerprints(disk / "home", HEALED) == fingerprints(in_order, HEALED)
    finally:
        subprocess.run(["umount", disk], check=False)


def test_a_home_that_was_moved_still_works(in_order, landing, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.copytree(in_order, moved, symlinks=True)
    run(landing, moved, [LAST])
    assert fingerprints(moved) == fingerprints(in_order)


def test_two_processes_on_one_home_do_not_meet(landing, tmp_path):
    command = [sys.executable, "-m", "ratchet.cli", "run", "--landing", landing, "--home", tmp_path]
    first = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        while not (lock := tmp_path / ".lock").exists() or lock.read_text() != str(first.pid):
            assert first.poll() is None
            time.sleep(0.05)
        second = ratchet("run", "--landing", landing, "--home", tmp_path)
        assert second.returncode == 2
        assert f"process {first.pid} is writing to this home" in second.stderr
        assert second.stderr.count("\n") == 1
    finally:
        os.kill(first.pid, signal.SIGKILL)
        first.communicate()
