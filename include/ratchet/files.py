"""Files are written whole or not at all, and the same content always gives the same bytes.

Every artifact goes through here. What an artifact holds belongs to the package that makes it.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import hashlib
import io
import json
import math
import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import ratchet.errors as errors

SIGNIFICANT_DIGITS = 10
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # full-width ones start a formula too


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file under a temporary name and rename it into place.

    Raises:
        StorageError: if the disk is full or the folder cannot be written; nothing is left behind.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise storage_error(error, path) from error


_NO_PLACE = frozenset({errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.EISDIR})
_NO_RIGHT = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def storage_error(error: OSError, path: Path) -> errors.StorageError:
    """Return the one-line error for a failed write, with the way out."""
    way_out = "free some space or set another --home, then run again"
    if error.errno in _NO_PLACE:
        way_out = "name another path"
    elif error.errno in _NO_RIGHT:
        way_out = "give this user the right to write there, or name another path"
    return errors.StorageError(f"cannot write: {error.strerror}", where=str(path), way_out=way_out)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    write_bytes(path, text.encode("utf-8", errors="replace"))


def write_json(path: Path, value: Any) -> None:
    """Write canonical JSON atomically."""
    write_text(path, to_json(value))


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text("utf-8"))


def to_json(value: Any) -> str:
    """Return canonical JSON: key order as given, floats to ten significant digits, NaN and infinity as null."""
    return json.dumps(plain(value), ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """Reduce a value to what JSON knows; dates become ISO 8601, numbers are rounded to ten significant digits."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Sequence):
        return [plain(v) for v in value]
    return _plain_number(value)


def _plain_number(value: Any) -> Any:
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        return plain(value.tolist())
    if isinstance(value, float | Decimal):
        number = float(f"{float(value):.{SIGNIFICANT_DIGITS}g}")  # the largest numbers are rounded to infinity
        return number if math.isfinite(number) else None
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write a table as CSV in which no cell can start a spreadsheet formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)  # with the line ends of RFC 4180, so that either of them is quoted in a cell
    writer.writerow(columns)
    writer.writerows([_cell(row.get(c)) for c in columns] for row in rows)
    write_text(path, buffer.getvalue())


def _cell(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    starts = isinstance(value, str) and (
        value.startswith(_FORMULA_STARTS) or value.lstrip().startswith(_FORMULA_STARTS)
    )
    return f"'{value}" if starts else value


def sha256(path: Path) -> str:
    """Return the hex SHA-256 of a file."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def digest(value: Any) -> str:
    """Return the hex SHA-256 of a value's canonical JSON with sorted keys."""
    return hashlib.sha256(json.dumps(plain(value), sort_keys=True, allow_nan=False).encode()).hexdigest()


def switch_link(link: Path, target: Path) -> None:
    """Point a link at a sibling folder in one step; readers see the old folder or the new one."""
    temporary = link.with_name(f".{link.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(os.path.relpath(target, link.parent), target_is_directory=True)
    try:
        temporary.replace(link)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def replace_folder(folder: Path, fresh: Path) -> None:
    """Put a freshly written folder in the place of an old one."""
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    fresh.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
