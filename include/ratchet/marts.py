"""Runs dbt over the warehouse, in process, and says in one line what went wrong.

What is built is SQL in dbt_project/; what a build is told (its night, its pending landing days) is written beforehand
by `Warehouse.prepare`. Nothing here knows what a mart means.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ratchet.errors as errors
from ratchet import answer_phrases, files, learning_patterns
from ratchet.home import Home
from ratchet.settings import config_folder
from ratchet.warehouse import Warehouse, explain

if TYPE_CHECKING:
    import pandas as pd

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
_MANIFEST = "manifest"
_SOME_DAY = date(1, 1, 1)  # stands in compiled SQL for the day of a night
_parsed: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What one build did; `warnings` are the data tests that warned, `elapsed_s` is a fact of the machine."""

    models: int
    tests: int
    warnings: tuple[str, ...]
    elapsed_s: float


def build(home: Home, day: date, *, full_refresh: bool = False) -> BuildSummary:
    """Build every model for the night that was prepared and run the data tests.

    Raises:
        StepFailedError: if a model or a test fails; names the first one.
        HomeBusyError: if another process has the warehouse open.
        StorageError: if the disk is full.
    """
    started = time.perf_counter()
    with Warehouse.open(home) as warehouse:  # keeps the database open: dbt closes and opens it for every model
        if warehouse.context().get("as_of") != day:
            raise errors.StepFailedError(f"the warehouse is not prepared for {day}", where=str(home.warehouse))
        if full_refresh:
            warehouse.forget_built()
        warehouse.carry(project_hash())
        result = run_dbt(warehouse, "build", *_selection(warehouse, full_refresh))
        warehouse.keep_views_of(project_hash())
    nodes = result.result.results
    return BuildSummary(
        models=sum(r.node.resource_type == "model" for r in nodes),
        tests=sum(r.node.resource_type == "test" for r in nodes),
        warnings=tuple(sorted(r.node.name for r in nodes if r.status == "warn")),
        elapsed_s=time.perf_counter() - started,
    )


def _selection(warehouse: Warehouse, full_refresh: bool) -> list[str]:
    """Leave out what no night needs: unit tests, tests of one model at a time, views that are in place.

    The rules of all marts are looked at in one query (`tests/marts_are_sound.sql`); those of daily statistics follow
    from their SQL.
    """
    left_out = ["--exclude-resource-type", "unit_test", "--exclude", "test_name:sound"]
    if full_refresh:
        return [*left_out, "--full-refresh"]
    in_place = warehouse.views_of == project_hash()
    return [
        *left_out,
        *(["--select", "config.materialized:incremental", "config.materialized:table"] if in_place else []),
    ]


def compiled(home: Home) -> dict[str, str]:
    """Return the SQL of every model as the warehouse runs it, by model name; changes nothing.

    Raises:
        StepFailedError: if the project cannot be compiled.
    """
    with Warehouse.open(home) as warehouse:
        result = run_dbt(warehouse, "compile")
    return {r.node.name: r.node.compiled_code for r in result.result.results if r.node.resource_type == "model"}


def draw_docs(home: Home) -> Path:
    """Draw the site of the marts, their columns, tests, lineage and readers, as one page; return where it lies.

    No night pays for it: it is drawn when somebody asks. Only the warehouse's own tables are in it, no row of them.

    Raises:
        StepFailedError: if dbt cannot draw it.
        StorageError: if it cannot be written.
    """
    from dbt.cli.main import dbtRunner

    options = [option for option in _options(home) if option != "--no-write-json"]
    with Warehouse.open(home) as warehouse:
        told = _catalogues() | {"RATCHET_CONTEXT": json.dumps(_literals(warehouse.context()))}
        with _environment(RATCHET_WAREHOUSE=str(home.warehouse.absolute()), **told):
            result = dbtRunner().invoke(["docs", "generate", *options, "--static"])
    if not result.success:
        message = f"dbt cannot draw its pages: {result.exception or 'see its log'}"
        raise explain(message, home.warehouse) or errors.StepFailedError(message, where=str(home.root / "dbt"))
    files.write_bytes(home.marts_page, (home.root / "dbt" / "target" / "static_index.html").read_bytes())
    return home.marts_page


@contextmanager
def earlier_nights(home: Home, models: Sequence[str]) -> Iterator[Callable[[str, date], pd.DataFrame]]:
    """Yield what says which rows a mart held as of an earlier day, from the daily statistics of tonight's build.

    The marts are compiled once, whatever the number of days; nothing is kept.

    Raises:
        StepFailedError: if a mart cannot be compiled.
    """
    with Warehouse.open(home) as warehouse:
        told = warehouse.context() | {"as_of": _SOME_DAY}
        results = run_dbt(warehouse, "compile", "--select", *models, told=told).result.results
        sql = {r.node.name: r.node.compiled_code for r in results}
        yield lambda model, day: warehouse.frame(sql[model].replace(_literal(_SOME_DAY), _literal(day)))


@cache
def project_hash() -> str:
    """Return the hash of every file of the dbt project that says what is built."""
    paths = sorted(p for p in PROJECT.rglob("*") if p.suffix in (".sql", ".yml") and "target" not in p.parts)
    texts = {str(path.relative_to(PROJECT)): path.read_text("utf-8") for path in paths}
    return files.digest(texts | _catalogues())


@cache
def _catalogues() -> dict[str, str]:
    """Return the expressions of the catalogues as the models read them: constants, which are compiled once a query."""
    return {
        "RATCHET_LEARNING_PATTERNS": json.dumps(learning_patterns.load(config_folder()).as_told()),
        "RATCHET_ANSWER_PHRASES": json.dumps(answer_phrases.load(config_folder()).as_told()),
    }


def _options(home: Home) -> list[str]:
    state = home.root.absolute() / "dbt"
    return [
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(state / "target"), "--log-path", str(state / "logs")),
        *("--log-level", "none", "--log-level-file", "none", "--no-print", "--quiet", "--no-write-json"),
    ]


def run_dbt(warehouse: Warehouse, command: str, *arguments: str, told: Mapping[str, Any] | None = None) -> Any:
    """Run one dbt command over an open, prepared warehouse and return dbt's own result.

    Models are told of the night that was prepared, or of what is `told` in its place. `test` gets no literals, since
    unit tests bring a night of their own.

    Raises:
        StepFailedError: if anything failed; names the first model or test.
        HomeBusyError: if another process has the warehouse open.
        StorageError: if the disk is full.
    """
    from dbt.cli.main import dbtRunner

    home = warehouse.home
    path = str(home.warehouse.absolute())
    if _MANIFEST not in _parsed:
        with _environment(RATCHET_WAREHOUSE=path, RATCHET_CONTEXT="{}"):
            _parsed[_MANIFEST] = _parse(home)
    context = {} if command == "test" else _literals(told or warehouse.context())
    with _environment(RATCHET_WAREHOUSE=path, RATCHET_CONTEXT=json.dumps(context), **_catalogues()):
        result = dbtRunner(manifest=_parsed[_MANIFEST]).invoke([command, *_options(home), *arguments])
    _raise_on_failure(result, home, warehouse)
    return result


def _literals(context: Mapping[str, Any]) -> dict[str, str]:
    return {name: _literal(value) for name, value in context.items()}


def _literal(value: Any) -> str:
    if isinstance(value, date):
        return f"date '{value}'"
    if isinstance(value, list):
        quoted = ", ".join("'" + text.replace("'", "''") + "'" for text in value)
        return f"[{quoted}]::varchar[]"
    return repr(value)


def _parse(home: Home) -> Any:
    """Read the project; the result holds nothing of the home, so that every night of a process shares it."""
    from dbt.cli.main import dbtRunner

    parsed = dbtRunner().invoke(["parse", *_options(home)])
    if not parsed.success:
        raise errors.StepFailedError(f"dbt cannot read its project: {parsed.exception}", where=str(PROJECT))
    return parsed.result


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _raise_on_failure(result: Any, home: Home, warehouse: Warehouse) -> None:
    if result.exception is not None:
        message = str(result.exception)
        raise explain(message, home.warehouse) or errors.StepFailedError(f"dbt failed: {message}") from result.exception
    for run in result.result.results:
        if run.status in ("error", "fail"):
            message = f"{run.node.resource_type} {run.node.name}: {_reason(run, warehouse)}"
            raise explain(message, home.warehouse) or errors.StepFailedError(message, where=run.node.original_file_path)


def _reason(run: Any, warehouse: Warehouse) -> str:
    """Say what broke: for a data test the rules that did not hold, which its first column names."""
    if run.status != "fail":
        return str(run.message)
    broken = warehouse.frame(run.node.compiled_code)
    return "; ".join(" ".join(f"{value}" for value in row) for row in broken.head(3).itertuples(index=False))
