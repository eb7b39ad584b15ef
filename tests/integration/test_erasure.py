"""`ratchet erase` takes one unit out of a whole home: no file, table or page names it any more."""

import json
import re
from contextlib import suppress
from datetime import timedelta

import duckdb
import pytest

from ratchet import samples
from ratchet.log.erasure import word

from .conftest import LAST, fingerprints, ratchet

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Two nights of logs that landed in the home itself."""
    root = tmp_path_factory.mktemp("erasing") / "home"
    samples.write(root / "landing", days=2, events_per_day=400, seed=8, end=LAST)
    (root / "landing" / "truth.json").unlink()
    done = ratchet("run", "--home", root)
    assert done.returncode == 0, done.stdout + done.stderr
    return root


def events(home):
    """Return what landed and is an event; sample logs hold broken lines too."""
    lines = [line for path in sorted((home / "landing").rglob("*.jsonl")) for line in path.read_bytes().splitlines()]
    found = []
    for line in lines:
        with suppress(ValueError):
            found.append(json.loads(line))
    return [e for e in found if isinstance(e, dict)]


def naming(home, unit):
    """Return every file of a home, and every table of its warehouse, in which the unit stands."""
    pattern, whole = re.compile(word(unit).pattern.encode()), rf"(^|[^\w-]){re.escape(unit)}([^\w-]|$)"
    found = [str(p.relative_to(home)) for p in home.rglob("*") if p.is_file() and pattern.search(p.read_bytes())]
    with duckdb.connect() as connection:
        for path in home.rglob("*.parquet"):
            rows = f"(select t::varchar as row from read_parquet('{path}') t)"
            if connection.execute(f"select count(*) from {rows} where regexp_matches(row, ?)", [whole]).fetchone()[0]:
                found.append(str(path.relative_to(home)))
        connection.execute(f"attach '{home / 'warehouse.duckdb'}' as w (read_only)")
        tables = "select schema_name, table_name from duckdb_tables() where database_name = 'w'"
        for schema, table in connection.execute(tables).fetchall():
            rows = f"(select t::varchar as row from w.{schema}.{table} t)"
            if connection.execute(f"select count(*) from {rows} where regexp_matches(row, ?)", [whole]).fetchone()[0]:
                found.append(table)
    return found


@pytest.fixture(scope="module")
def unit(home):
    """The user with the most events, who is everywhere."""
    users = [e["user_id"] for e in events(home) if isinstance(e.get("user_id"), str)]
    return max(sorted(set(users)), key=users.count)


def test_without_yes_it_says_what_would_go_and_changes_nothing(home, unit):
    before = fingerprints(home)
    done = ratchet("erase", "--unit", unit, "--home", home)
    assert done.returncode == 0
    assert re.search(r"\d+ events of this unit that landed on 2 days", done.stdout)
    assert "Nights that are run again: 2" in done.stdout
    assert unit not in done.stdout
    assert fingerprints(home) == before
    assert not (home / "erasures.json").exists()


@pytest.mark.parametrize(
    ("wrong", "said"), [("nobody-of-this-name", "no event of this unit"), (" ", "--unit is empty")]
)
def test_a_wrong_id_is_one_line(home, wrong, said):
    done = ratchet("erase", "--unit", wrong, "--yes", "--home", home)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert said in done.stderr


def test_a_unit_is_nowhere_afterwards_and_every_number_says_so(home, unit):
    own = sum(unit in json.dumps(e) for e in events(home))
    assert own > 5
    assert naming(home, unit)
    done = ratchet("erase", "--unit", unit, "--yes", "--home", home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert naming(home, unit) == []
    load = json.loads((home / "artifacts" / str(LAST) / "load.json").read_text())
    totals = load["totals"]
    assert load["erased"] > 0
    assert totals["lines"] == sum(totals[name] for name in ("loaded", "duplicates", "quarantined", "blank"))
    assert "This day was erased in part" in (home / "artifacts" / str(LAST) / "report.md").read_text()
    again = ratchet("erase", "--unit", unit, "--yes", "--home", home)
    assert again.returncode == 2
    assert "it was erased on" in again.stderr


def test_running_the_nights_again_says_the_same_and_brings_nothing_back(home, unit):
    before = fingerprints(home)
    day = LAST - timedelta(days=1)
    done = ratchet("run", "--from", day, "--to", day, "--home", home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert fingerprints(home) == before
    assert naming(home, unit) == []
