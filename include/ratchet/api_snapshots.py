"""What was seen of a connected API on a day: `<home>/apis/<name>/<day>/`, written by discovery, read by nights.

A night reads these files and nothing else, so that it can be run again. Fetching belongs to `discover/`.
"""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ratchet import files
from ratchet.home import Home

SPEC, RECORD = "spec", "snapshot.json"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One day's look at one API.

    Attributes:
        api: its name.
        day: from which night on it counts.
        state: `fetched`, `unchanged`, or `failed`.
        reason: why it failed, or what was odd.
        address: where the specification was found.
        etag: what the server called this version of it.
        sha256: of the specification.
        spec_day: the day whose folder holds the specification, None where there is none.
        probes: what safe requests answered: operation, status, media type, shape of the answer.
        untested: operations that were not tried, and why.
    """

    api: str
    day: date
    state: str
    reason: str = ""
    address: str = ""
    etag: str = ""
    sha256: str = ""
    spec_day: date | None = None
    probes: tuple[dict[str, Any], ...] = ()
    untested: tuple[dict[str, str], ...] = ()


def write(home: Home, snapshot: Snapshot, spec: bytes | None) -> Path:
    """Write a snapshot whole, in the place of an earlier one of the same day.

    Raises:
        StorageError: if the disk is full.
    """
    final = home.apis / snapshot.api / snapshot.day.isoformat()
    fresh = final.with_name(f".{final.name}.tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    if spec is not None:
        files.write_bytes(fresh / SPEC, spec)
    files.write_json(fresh / RECORD, asdict(snapshot))
    try:
        files.replace_folder(final, fresh)
    except OSError as error:
        raise files.storage_error(error, final) from error
    return final


def history(home: Home, name: str, day: date) -> list[Snapshot]:
    """Return the snapshots of an API up to a day, oldest first."""
    found = sorted((home.apis / name).glob(f"????-??-??/{RECORD}"))
    return [_read(path) for path in found if path.parent.name <= day.isoformat()]


def _read(path: Path) -> Snapshot:
    found = files.read_json(path)
    spec_day = found["spec_day"] and date.fromisoformat(found["spec_day"])
    parts = {key: tuple(found[key]) for key in ("probes", "untested")}
    return Snapshot(**{**found, **parts, "day": date.fromisoformat(found["day"]), "spec_day": spec_day})


def spec_of(home: Home, snapshot: Snapshot) -> bytes | None:
    """Return the specification that a snapshot speaks of, None where there is none."""
    if snapshot.spec_day is None:
        return None
    path = home.apis / snapshot.api / snapshot.spec_day.isoformat() / SPEC
    return path.read_bytes() if path.exists() else None
