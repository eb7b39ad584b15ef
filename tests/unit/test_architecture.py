"""Imports go one way, and heavy libraries stay where they belong: read from the source by AST, nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Lowest first. A module may import from lower layers and from its own unit (the first name after `ratchet`), never from
# another unit of its own layer.
LAYERS: tuple[frozenset[str], ...] = tuple(
    frozenset(names.split())
    for names in (
        "errors terminal",
        "contracts",
        "files run_day",
        "home settings yaml_files",
        "frames statistics objectives airflow_api bronze registry phases prompt_files rollout_files trial_tables "
        "impact_tables api_snapshots connected_apis learning_patterns answer_phrases package_snapshots retention "
        "erased",
        "carried follow_ups",
        "discover document log quality analyze generate validate deploy measure report warehouse samples client",
        "marts night",  # marts runs dbt on the warehouse; night names the sources of `log`
        "api_catalogue api_discovery artifacts digest shelf verdict local_airflow trials asking fixing upgrades",
        "inputs",
        "unmet_fold",
        "steps hourly_stops",
        "nights hourly backtests",
        "preload",
        "status notices erasing",
        "alerts",
        "commands",
        "cli dags plugins",
    )
)
LAYER_OF = {unit: number for number, units in enumerate(LAYERS) for unit in units}

ONLY_IN = {
    "airflow": ("dags/", "plugins/"),
    "duckdb": ("include/ratchet/warehouse.py", "include/ratchet/log/"),
    "great_expectations": ("include/ratchet/quality/",),
    "evidently": ("include/ratchet/quality/",),
    "dbt": ("include/ratchet/marts.py",),
}
LEARNING = ("analyze", "generate", "measure", "statistics", "validate")
OUTSIDE = (
    "include/ratchet/generate/families/templates/",  # what applications run: fixes are written from it
    "include/ratchet/validate/sandbox/",  # starts processes
    "include/ratchet/validate/api_clients.py",
    "include/ratchet/validate/replay_stub.py",  # runs in the sandbox, whose clock is virtual
)
NO_OUTSIDE = frozenset(
    [
        "asyncio",
        "fsspec",
        "glob",
        "io",
        "multiprocessing",
        "os",
        "pathlib",
        "pyarrow",
        "random",
        "requests",
        "secrets",
        "shutil",
        "socket",
        "sqlite3",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "urllib",
        "uuid",
    ]
)
NO_CALLS = frozenset(
    ["open", "now", "utcnow", "today", "read_csv", "read_parquet", "read_json", "to_csv", "to_parquet", "to_json"]
)
HEAVY = frozenset(("dbt", "duckdb", "evidently", "great_expectations", "numpy", "pandas", "scipy", "statsmodels"))


def breaches(path: str, source: str) -> list[str]:
    """Return what a file does against the rules, in words; `path` is relative to the repository."""
    tree = ast.parse(source)
    unit = _unit(path)
    found = [f"{path}:{line} {why}" for line, why in (*_directions(unit, path, tree), *_libraries(path, tree))]
    if unit in LEARNING and not path.startswith(OUTSIDE):
        found += [f"{path}:{line} {why}" for line, why in _outside(path, tree)]
    if unit in ("dags", "plugins"):
        found += [f"{path}:{line} {why}" for line, why in _slow_to_parse(path, tree)]
    return found


def _unit(path: str) -> str:
    parts = Path(path).with_suffix("").parts
    return parts[0] if parts[0] in ("dags", "plugins") else parts[2]


def _top(module: str) -> str:
    return module.split(".")[0]


def _modules(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything a file imports; names taken from `ratchet` count as modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(path, node)
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def _absolute(path: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = Path(path).with_suffix("").parts[1 : -node.level]
    return ".".join((*package, *filter(None, [node.module])))


def _directions(unit: str, path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    if unit == "__init__":
        return
    if unit not in LAYER_OF:
        yield 1, f"{unit} stands in no layer: name it in LAYERS"
        return
    for line, module in _modules(path, tree):
        other = module.split(".")[1] if _top(module) == "ratchet" and "." in module else unit
        if other in LAYER_OF and other != unit and LAYER_OF[other] >= LAYER_OF[unit]:
            yield line, f"{unit} imports {module}, which does not stand below it"


def _libraries(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    for line, module in _modules(path, tree):
        places = ONLY_IN.get(_top(module))
        if places and not path.startswith(places):
            yield line, f"imports {module}, which belongs in {' and '.join(places)}"


def _outside(path: str, tree: ast.AST) -> Iterator[tuple[int, str]]:
    for line, module in _modules(path, tree):
        if _top(module) in NO_OUTSIDE:
            yield line, f"a learning package imports {module}: files, processes and the clock are not its business"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
            if name in NO_CALLS:
                yield node.lineno, f"a learning package calls {name}()"


def _slow_to_parse(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    for line, module in _modules(path, ast.Module(list(imports), [])):
        if _top(module) in HEAVY:
            yield line, f"imports {module} at module level, which slows every parse of the DAG folder"


def _sources() -> list[Path]:
    folders = (ROOT / "include" / "ratchet", ROOT / "dags", ROOT / "plugins")
    return sorted(file for folder in folders for file in folder.rglob("*.py"))


@pytest.mark.parametrize("file", _sources(), ids=lambda file: str(file.relative_to(ROOT)))
def test_every_file_keeps_the_rules(file: Path) -> None:
    assert breaches(str(file.relative_to(ROOT)), file.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("path", "source", "why"),
    [
        ("include/ratchet/analyze/gaps.py", "from ratchet.generate import tasks", "does not stand below"),
        ("include/ratchet/analyze/gaps.py", "from ..report import view", "does not stand below"),
        ("include/ratchet/log/ingest.py", "from ratchet import steps", "does not stand below"),
        ("include/ratchet/contracts/streams.py", "import ratchet.files", "does not stand below"),
        ("include/ratchet/steps/findings.py", "def f():\n    from ratchet.cli import main", "does not stand below"),
        ("include/ratchet/brand_new.py", "", "stands in no layer"),
        ("include/ratchet/steps/findings.py", "from airflow.sdk import dag", "airflow"),
        ("include/ratchet/steps/findings.py", "import duckdb", "duckdb"),
        ("include/ratchet/report/view.py", "import great_expectations as gx", "great_expectations"),
        ("include/ratchet/report/view.py", "from evidently import Report", "evidently"),
        ("include/ratchet/quality/gate.py", "import duckdb", "duckdb"),
        ("include/ratchet/steps/findings.py", "from dbt.cli.main import dbtRunner", "dbt"),
        ("include/ratchet/measure/kpis.py", "from pathlib import Path", "pathlib"),
        ("include/ratchet/measure/kpis.py", "import os.path", "os.path"),
        ("include/ratchet/validate/replay.py", "import subprocess", "subprocess"),
        ("include/ratchet/generate/tasks.py", "open('x')", "calls open()"),
        ("include/ratchet/generate/tasks.py", "datetime.now(UTC)", "calls now()"),
        ("include/ratchet/analyze/gaps.py", "date.today()", "calls today()"),
        ("include/ratchet/analyze/gaps.py", "import time", "imports time"),
        ("include/ratchet/analyze/gaps.py", "pd.read_parquet('x')", "calls read_parquet()"),
        ("dags/nightly_improvement.py", "import pandas as pd", "at module level"),
        ("dags/nightly_improvement.py", "from ratchet.cli import main", "does not stand below"),
    ],
)
def test_each_rule_fires(path: str, source: str, why: str) -> None:
    found = breaches(path, source)
    assert len(found) == 1, found
    assert why in found[0]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("include/ratchet/analyze/gaps.py", "from ratchet.analyze import rules\nfrom . import rules\nimport math"),
        ("include/ratchet/log/ingest.py", "import duckdb\nfrom ratchet.home import Home\nfrom pathlib import Path"),
        ("include/ratchet/warehouse.py", "import duckdb"),
        ("include/ratchet/validate/sandbox/process.py", "import subprocess"),
        ("include/ratchet/quality/drift.py", "def f():\n    import evidently"),
        ("include/ratchet/cli.py", "from ratchet import __version__, steps"),
        ("dags/nightly_improvement.py", "from airflow.sdk import dag\ndef f():\n    import pandas"),
    ],
)
def test_what_is_allowed_passes(path: str, source: str) -> None:
    assert breaches(path, source) == []
