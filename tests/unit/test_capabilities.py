"""docs/capabilities.md names every capability, and whatever it names exists in the tree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ratchet import artifacts

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "capabilities.md"
COLUMNS = ("R", "capability", "state", "module", "mart", "artifact", "test")
STATES = ("yes", "part", "not yet")
REPORT = {"report.html", "report.md", "report.json", "summary.json", "manifest.json"}
ARTIFACTS = {*REPORT, *(f"{name}.json" for name in artifacts.RESULTS), *artifacts.PAGES}


def rows(page: str) -> list[dict[str, str]]:
    """Return the table's rows; the state is what stands before its explanation."""
    lines = [line for line in page.splitlines() if re.match(r"\| R?\d+ \|", line)]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [dict(zip(COLUMNS, row, strict=True)) for row in cells]


def named(cell: str) -> list[str]:
    """Return the names in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def problems(row: dict[str, str], root: Path = ROOT) -> list[str]:
    """Return what is wrong with a row, in words."""
    found = [f"module {name}" for name in named(row["module"]) if not _exists(root, name)]
    found += [f"mart {name}" for name in named(row["mart"]) if not list(root.glob(f"dbt_project/models/**/{name}.sql"))]
    found += [f"artifact {name}" for name in named(row["artifact"]) if name.rstrip("/") not in ARTIFACTS]
    found += [f"test {name}" for name in named(row["test"]) if not _is_test(root, name)]
    state = row["state"].split(":")[0]
    if state not in STATES:
        found.append(f"state {state}")
    if state == "part" and ":" not in row["state"]:
        found.append("a part without saying what is missing")
    if state == "not yet" and any(named(row[column]) for column in COLUMNS[3:]):
        found.append("named although it is not yet there")
    if state != "not yet" and not (named(row["module"]) and named(row["test"])):
        found.append("there, but without module or test")
    return [f"R{row['R'].lstrip('R')}: {problem}" for problem in found]


def _exists(root: Path, name: str) -> bool:
    return any((root / base / name).exists() for base in ("include/ratchet", "."))


def _is_test(root: Path, name: str) -> bool:
    path, _, function = name.partition("::")
    file = root / "tests" / path
    return file.is_file() and (not function or f"def {function}(" in file.read_text("utf-8"))


def test_every_capability_has_its_row() -> None:
    assert [int(row["R"].lstrip("R")) for row in rows(PAGE.read_text("utf-8"))] == list(range(1, 92))


def test_whatever_the_page_names_exists() -> None:
    assert [problem for row in rows(PAGE.read_text("utf-8")) for problem in problems(row)] == []


GOOD = "| 2 | find unmet needs | yes | `cli.py` | | `report.html` | `unit/test_capabilities.py` |"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("`cli.py`", "`clii.py`", "R2: module clii.py"),
        ("| | `report", "| `mart_nothing` | `report", "R2: mart mart_nothing"),
        ("report.html", "repotr.html", "R2: artifact repotr.html"),
        ("test_capabilities.py", "test_nothing.py", "R2: test unit/test_nothing.py"),
        ("test_capabilities.py", "test_capabilities.py::test_nothing", "test_nothing"),
        ("| yes |", "| maybe |", "R2: state maybe"),
        ("| yes |", "| part |", "R2: a part without saying what is missing"),
        ("| yes |", "| not yet |", "R2: named although it is not yet there"),
        ("`cli.py`", "", "R2: there, but without module or test"),
    ],
)
def test_each_check_fires(old: str, new: str, problem: str) -> None:
    (good,), (bad,) = rows(GOOD), rows(GOOD.replace(old, new))
    assert problems(good) == []
    assert any(problem in found for found in problems(bad))
