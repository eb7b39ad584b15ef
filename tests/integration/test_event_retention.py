"""A live night deletes what is older than `retention_days`, and what it reports stays the same to the byte."""

import json
import shutil
from datetime import timedelta

import pytest

from ratchet import samples

from .conftest import LAST, ROOT, fingerprints, ratchet

pytestmark = pytest.mark.slow
KEPT_DAYS = 29
AGES = (32, 3, 0)  # of the days that landed


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A home with a landed day that is over, one that is kept, and the live night."""
    folder = tmp_path_factory.mktemp("swept")
    samples.write(folder / "landing", days=33, events_per_day=60, seed=4, end=LAST)
    landed = {f"dt={LAST - timedelta(days=age)}" for age in AGES}
    for path in (folder / "landing").glob("dt=*"):
        if path.name not in landed:
            shutil.rmtree(path)
    shutil.copytree(ROOT / "include" / "config", folder / "config")
    path = folder / "config" / "settings.yaml"
    path.write_text(path.read_text().replace("retention_days: 400", f"retention_days: {KEPT_DAYS}"))
    environment = {"RATCHET_CONFIG": str(folder / "config")}

    def run(day):
        where = ("--landing", folder / "landing", "--home", folder / "home")
        return ratchet("run", "--from", day, "--to", day, *where, env=environment)

    first = run(LAST)
    assert first.returncode == 0, first.stdout + first.stderr
    return folder / "home", run


def test_the_events_of_older_days_are_gone_and_those_that_are_kept_are_there(swept):
    home, _ = swept
    landed = sorted({path.stem.removeprefix("landed=") for path in (home / "bronze").rglob("landed=*.parquet")})
    assert landed == [(LAST - timedelta(days=age)).isoformat() for age in AGES[1:]]
    assert len(list((home / "bronze" / "_loads").glob("????-??-??.json"))) == len(AGES)
    kept = json.loads((home / "retention.json").read_text())
    assert kept["events_from"] == (LAST - timedelta(days=KEPT_DAYS - 1)).isoformat()


def test_running_the_night_again_gives_the_same_bytes_and_brings_nothing_back(swept):
    home, run = swept
    before, bronze = fingerprints(home), sorted((home / "bronze").rglob("*.parquet"))
    again = run(LAST)
    assert again.returncode == 0, again.stdout + again.stderr
    assert fingerprints(home) == before
    assert sorted((home / "bronze").rglob("*.parquet")) == bronze


def test_a_night_beyond_it_says_that_its_events_are_gone_and_never_that_it_is_healthy(swept):
    home, run = swept
    gone = LAST - timedelta(days=AGES[0])
    done = run(gone)
    assert done.returncode == 1
    assert f"the events of {gone} are gone" in done.stdout
    assert "healthy" not in done.stdout
    assert not (home / "artifacts" / gone.isoformat()).exists()
