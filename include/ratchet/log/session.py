"""The DuckDB connection in which a landing day is brought in: in memory, within limits, without network or clock.

The warehouse is another matter (`warehouse.py`).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from ratchet.errors import StorageError
from ratchet.files import storage_error
from ratchet.log import stage
from ratchet.log.sqltext import literal


@contextmanager
def session(folder: Path, memory_limit: str | None, threads: int | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a prepared connection whose temporary files, encrypted, lie in a folder that is removed afterwards.

    Raises:
        StorageError: if the disk is full or the folder cannot be written, in one line.
    """
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
        with duckdb.connect(":memory:") as connection:
            for statement in _settings(folder, memory_limit, threads) + stage.setup():
                connection.execute(statement)
            yield connection
    except OSError as error:
        raise storage_error(error, folder) from error
    except duckdb.OutOfMemoryException as error:
        raise _one_line("not enough memory", error, folder) from error
    except duckdb.IOException as error:
        raise _one_line("cannot read or write", error, folder) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _settings(folder: Path, memory_limit: str | None, threads: int | None) -> list[str]:
    return [
        *([f"set memory_limit = {literal(memory_limit)}"] if memory_limit else []),
        *([f"set threads = {int(threads)}"] if threads else []),
        f"set temp_directory = {literal(str(folder))}",
        "set temp_file_encryption = true",
        "set timezone = 'UTC'",
        "set autoinstall_known_extensions = false",
        "set autoload_known_extensions = false",
        "set preserve_insertion_order = true",
        "set enable_progress_bar = false",
        "set disabled_optimizers = 'in_clause'",  # it makes a list a join, and a join changes the order of rows
    ]


def _one_line(what: str, error: duckdb.Error, folder: Path) -> StorageError:
    text = str(error).splitlines()[0].partition(": ")[2]
    way_out = "free some space or raise the memory limit, then run again"
    return StorageError(f"{what}: {text}", where=str(folder), way_out=way_out)
