"""What has landed: which days, which files of a day, and the fingerprint of each file's content.

A landing zone is a local folder or a URL that fsspec reads, with `dt=YYYY-MM-DD` folders; without any, it is flat and
each file lands on the UTC day on which it was last changed. What a URL needs belongs to `remote.py`, how a file is read
to `lines.py`.
"""

from __future__ import annotations

import fnmatch
import hashlib
import logging
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import IO

import ratchet.files as files
from ratchet.errors import LandingError
from ratchet.home import Home
from ratchet.log import remote
from ratchet.log.manifests import complete, is_manifest
from ratchet.log.remote import RemoteTree, is_hidden, is_url
from ratchet.log.sources import LandedSource, load_source

_LOG = logging.getLogger(__name__)
_DAY_FOLDER = re.compile(r"dt=(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One file of a landing day.

    Attributes:
        source: the source that reads it; empty when none does.
        name: its path relative to the landing zone, with `/`.
        size: bytes.
        version: what changes when the file does: the time of its last change, or a remote store's checksum.
        location: its full path or URL.
    """

    source: str
    name: str
    size: int
    version: str
    location: str = field(repr=False)

    def open(self) -> IO[bytes]:
        """Open the file's bytes as they lie."""
        if is_url(self.location):
            return remote.opened(self.location)
        return Path(self.location).open("rb", buffering=0)


class Landing:
    """The landing zones of some sources, as they are when this is made.

    Raises:
        LandingError: if a landing zone does not exist or cannot be read.
        SourceError: if a source cannot be used.
    """

    def __init__(self, sources: Sequence[LandedSource]) -> None:
        """Look at each zone."""
        self._zones = [_Zone(landed) for landed in sources]

    def days(self) -> list[date]:
        """Return the days on which something landed that a source reads, in order; an empty zone has none."""
        return sorted({day for zone in self._zones for day in zone.days()})

    def files(self, day: date) -> list[LandedFile]:
        """Return the files of a landing day in the order in which duplicates are settled: by name, then source.

        A file in a day's folder that no source reads comes along with an empty source, so that somebody is told.
        """
        found = [file for zone in self._zones for file in zone.files(day)]
        read = {file.location for file in found if file.source}
        kept = {file for file in found if file.source or file.location not in read}
        return sorted(kept, key=lambda file: (file.name, file.source, file.location))


def landed_days(sources: Sequence[LandedSource]) -> list[date]:
    """Return the days on which something landed in any of the zones, in order; see `Landing`."""
    return Landing(sources).days()


class Fingerprints:
    """Hashes of what landed, kept in the home so that a file is read only when its size or version changes.

    Attributes:
        days: for each landing day brought in, a hash of all that landed on it; it outlives the landing zone's files.
    """

    def __init__(self, home: Home) -> None:
        """Take up what is known."""
        self._path = home.loads / ".fingerprints.json"
        known = files.read_json(self._path) if self._path.exists() else {}
        self._files: dict[str, list[str]] = known.get("files", {})
        self.days: dict[date, str] = {date.fromisoformat(day): found for day, found in known.get("days", {}).items()}

    def of(self, file: LandedFile) -> str:
        """Return the hex SHA-256 of a file's bytes; for a local file that cannot be read, why not.

        Raises:
            UnreachableError: if a file below a URL cannot be read: that would not last.
        """
        stamp = [str(file.size), file.version]
        known = self._files.get(file.location)
        if known and known[:2] == stamp:
            return known[2]
        try:
            with remote.reached(file.location), file.open() as handle:
                found = hashlib.file_digest(handle, "sha256").hexdigest()  # type: ignore[arg-type]
        except OSError as error:
            return f"unreadable: {error.strerror}"
        self._files[file.location] = [*stamp, found]
        return found

    def save(self) -> None:
        """Write what is known."""
        days = {day.isoformat(): self.days[day] for day in sorted(self.days)}
        files.write_json(self._path, {"days": days, "files": dict(sorted(self._files.items()))})


class _Zone:
    """One source's landing zone."""

    def __init__(self, landed: LandedSource) -> None:
        self.source = load_source(landed.name)
        self.root = str(landed.landing)
        self.tree: _LocalTree | RemoteTree = RemoteTree(self.root) if is_url(self.root) else _LocalTree(self.root)
        self.folders = {day: name for name in self.tree.folders() if (day := _day_of(name))}
        self.complete: dict[str, date | None] = {}
        self.flat = {} if self.folders else self._by_change()

    def days(self) -> set[date]:
        by_folder = {day for day in self.folders if any(file.source for file in self.files(day))}
        return by_folder | set(self.flat.values())

    def files(self, day: date) -> Iterator[LandedFile]:
        if day in self.folders:
            yield from (self._file(path) for path in self._listed(self.folders[day]))
        yield from (self._file(path) for path, changed in self.flat.items() if changed == day)

    def _file(self, path: str) -> LandedFile:
        size, version = self.tree.stamp(path)
        name = os.fsencode(path).decode("utf-8", errors="replace")
        source = self.source.name if self._reads(path) else ""
        return LandedFile(source, name, size, version, self.tree.location(path))

    def _by_change(self) -> dict[str, date]:
        """Return the files of a flat zone by the day on which they were changed, or their manifest was written."""
        found = [path for path in self._listed("") if self._reads(path)]
        return {path: self.complete.get(path) or self.tree.changed_on(path) for path in found}

    def _listed(self, folder: str) -> list[str]:
        paths = list(self.tree.walk(folder))
        if self.source.complete_when is None:
            return paths
        self.complete |= complete(paths, self._content)
        return [path for path in paths if not is_manifest(path)]

    def _content(self, path: str) -> bytes:
        with remote.reached(self.root), LandedFile("", path, 0, "", self.tree.location(path)).open() as handle:
            return handle.read()

    def _reads(self, path: str) -> bool:
        waits = self.source.complete_when is not None and self.source.complete_when.search(path) is not None
        if waits and path not in self.complete:
            return False
        name = PurePosixPath(path).name
        return any(fnmatch.fnmatchcase(name.lower(), pattern.lower()) for pattern in self.source.files)


class _LocalTree:
    """Files below a local folder; a single file counts as a folder that holds only it."""

    def __init__(self, root: str) -> None:
        path = Path(root)
        if not path.exists():
            raise LandingError("the landing zone does not exist", where=root, way_out="check --landing")
        self.only: str | None = path.name if path.is_file() else None
        self.root = path.parent if self.only else path

    def folders(self) -> list[str]:
        if self.only:
            return []
        try:
            return sorted(entry.name for entry in self.root.iterdir() if entry.is_dir())
        except OSError as error:
            raise _unreadable(str(self.root), error) from error

    def walk(self, folder: str) -> Iterator[str]:
        if self.only:
            yield self.only
            return
        for path, folders, names in os.walk(self.root / folder, followlinks=True):
            folders[:] = sorted(name for name in folders if not is_hidden(name))
            relative = Path(path).relative_to(self.root)
            yield from ((relative / name).as_posix() for name in sorted(names) if not is_hidden(name))

    def location(self, path: str) -> str:
        return str(self.root / path)

    def stamp(self, path: str) -> tuple[int, str]:
        found = (self.root / path).stat()
        return found.st_size, str(found.st_mtime_ns)

    def changed_on(self, path: str) -> date:
        return datetime.fromtimestamp((self.root / path).stat().st_mtime, UTC).date()


def _day_of(folder: str) -> date | None:
    if not folder.startswith("dt="):
        return None
    match = _DAY_FOLDER.fullmatch(folder)
    try:
        return date.fromisoformat(match[1] if match else "")
    except ValueError:
        _LOG.warning("not a landing day, so nothing in it is read: %s", folder)
        return None


def _unreadable(location: str, error: OSError) -> LandingError:
    return LandingError(f"cannot be read: {error.strerror or error}", where=location, way_out="check its permissions")
