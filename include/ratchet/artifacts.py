"""Assembles what a night hands out, `<home>/artifacts/<day>/`, from its step results, and switches it in whole.

What a result holds belongs to the step that wrote it; how the report looks to `report/`.
"""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ratchet import __version__, files
from ratchet.contracts.streams import CONTRACT_VERSION
from ratchet.night import Night

RESULTS = (
    "load",
    "quality",
    "drift",
    "features",
    "errors",
    "fixes",
    "feedback",
    "usage",
    "health",
    "trends",
    "agents",
    "patterns",
    "tuning",
    "kpis",
    "experiments",
    "rollouts",
    "impact",
    "tasks",
    "apis",
    "capabilities",
    "improvements",
)  # step results that are artifacts of the same name
PAGES = ("drift.html", "data_docs")  # drawn by Evidently and Great Expectations; not byte-identical between runs
FOLDERS = ("fixes", "docs")  # of step results that are files of their own
_LIBRARIES = (
    "apache-airflow",
    "dbt-core",
    "dbt-duckdb",
    "duckdb",
    "evidently",
    "great-expectations",
    "pandas",
    "scipy",
)


def assemble(night: Night, report: Mapping[str, str]) -> Path:
    """Write every artifact of the night to a fresh folder and put it in the place of the old one.

    Args:
        night: whose results are assembled.
        report: the report's files, name -> text.

    Raises:
        StorageError: if the disk is full; the old folder stays.
    """
    final = night.home.artifacts(night.day)
    fresh = final.with_name(f".{final.name}.tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir(parents=True)
        _fill(night, fresh, report)
        files.replace_folder(final, fresh)
    except OSError as error:
        raise files.storage_error(error, final) from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return final


def _fill(night: Night, folder: Path, report: Mapping[str, str]) -> None:
    for name, text in report.items():
        files.write_text(folder / name, text)
    for name in RESULTS:
        if (result := night.result(name)) is not None:
            files.write_json(folder / f"{name}.json", result)
            for csv_name, rows in tables(name, result):
                files.write_csv(folder / csv_name, rows, list(dict.fromkeys(k for row in rows for k in row)))
    for page in (*PAGES, *FOLDERS):
        _copy(night.work / page, folder / page)
    files.write_json(folder / "manifest.json", manifest(night, folder))


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.exists():
        shutil.copyfile(source, target)


def tables(name: str, result: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each table of a result as flat rows; the first is `<name>.csv`, others `<name>_<key>.csv`."""
    parts = result.items() if isinstance(result, Mapping) else [("", result)]
    lists = [(key, rows) for key, rows in parts if isinstance(rows, list)]
    for position, (key, rows) in enumerate(lists):
        if rows and all(isinstance(row, Mapping) for row in rows):
            yield (f"{name}.csv" if position == 0 else f"{name}_{key}.csv"), [_flat(row) for row in rows]


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping) and {"value", "n"} <= value.keys():
            flat[key] = value["value"]
            flat.update({f"{key}_{part}": value.get(part) for part in ("low", "high", "n")})
        else:
            flat[key] = value
    return flat


def manifest(night: Night, folder: Path) -> dict[str, Any]:
    """Return what went into a night and what came out; the only artifact that knows the time and the machine."""
    produced = sorted(p for p in folder.rglob("*") if p.is_file())
    return {
        "day": night.day,
        "ratchet": __version__,
        "contract_version": CONTRACT_VERSION,
        "settings_hash": night.settings.hash,
        "settings": night.settings.shown(),
        "inputs": _inputs(night),
        "steps": sorted(night.marks().values(), key=lambda mark: mark["step"]),
        "artifacts": {str(p.relative_to(folder)): files.sha256(p) for p in produced},
        "machine": {"python": platform.python_version(), "libraries": _versions(), "sandbox": _isolations(night)},
        "generated_at": datetime.now(UTC),
    }


def _inputs(night: Night) -> list[dict[str, Any]]:
    return [
        {"landed_date": day, "input_hash": load["input_hash"], "lines": load["totals"]["lines"]}
        | ({"files": load["files"]} if day == night.day else {})
        for day, load in night.loads().items()
    ]


def _isolations(night: Night) -> list[str]:
    """Return which isolations held when fixes were proven."""
    return sorted({str(proof["level"]) for proof in night.result("proofs") or []})


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in _LIBRARIES}
