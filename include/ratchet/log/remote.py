"""A landing zone below a URL that fsspec reads, such as an S3 bucket: what lies there, and copies of a day's files.

A day's files are copied whole before they are read, so that a connection that breaks never looks like a file that ends.
Every failure is one line; whoever stands in a URL is not named.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import fsspec

from ratchet.errors import LandingError, UnreachableError
from ratchet.files import storage_error

_PIECE = 4 << 20
_USER = re.compile(r"://[^/@]*@")
_OPTIONS: dict[str, dict[str, Any]] = {
    "s3": {"config_kwargs": {"connect_timeout": 10, "read_timeout": 60, "retries": {"max_attempts": 3}}},
}
_CREDENTIALS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine a role"


def is_url(location: str) -> bool:
    """Tell whether a location is below a URL."""
    return "://" in location


def is_hidden(name: str) -> bool:
    """Tell whether a file or folder is none that landed: half-written, a mark, or somebody's own."""
    return name.startswith((".", "_")) or name.endswith((".tmp", ".crc"))


def shown(location: str) -> str:
    """Return a location without the user and password that a URL may hold."""
    return _USER.sub("://", location)


def opened(location: str) -> IO[bytes]:
    """Open a file below a URL."""
    return cast("IO[bytes]", fsspec.open(location, "rb", **_options(location)).open())


class RemoteTree:
    """Files below a URL."""

    def __init__(self, root: str) -> None:
        """Look at the top.

        Raises:
            LandingError: if nothing lies there, or it may not be read.
            UnreachableError: if the store does not answer.
        """
        self.url = root
        with reached(root):
            self.system, self.root = fsspec.url_to_fs(root, **_options(root))
            self.root = self.root.rstrip("/")
            self.system.invalidate_cache()
            self.top = self.system.ls(self.root, detail=True)
        self.found: dict[str, dict[str, Any]] = {}

    def folders(self) -> list[str]:
        """Return the names of the folders at the top, in order."""
        return sorted(PurePosixPath(entry["name"]).name for entry in self.top if entry["type"] == "directory")

    def walk(self, folder: str) -> Iterator[str]:
        """Yield the paths of all files below a folder, in order."""
        with reached(self.url):
            below = self.system.find(f"{self.root}/{folder}".rstrip("/"), detail=True)
        for full, entry in sorted(below.items()):
            path = full.removeprefix(self.root).lstrip("/")
            if path and not any(is_hidden(part) for part in PurePosixPath(path).parts):
                self.found[path] = entry
                yield path

    def location(self, path: str) -> str:
        """Return a file's URL."""
        return str(self.system.unstrip_protocol(f"{self.root}/{path}"))

    def stamp(self, path: str) -> tuple[int, str]:
        """Return a file's size and what changes when the file does."""
        with reached(self.url):
            return int(self.found[path]["size"]), str(self.system.ukey(f"{self.root}/{path}"))

    def changed_on(self, path: str) -> date:
        """Return the UTC day on which a file was last changed."""
        with reached(self.url):
            changed: datetime = self.system.modified(f"{self.root}/{path}")
        return changed.astimezone(UTC).date()


def copied(location: str, expected: str, folder: Path) -> Path:
    """Copy a file below a URL into a folder.

    Args:
        location: its URL.
        expected: the hex SHA-256 of its bytes.
        folder: where to; it is made.

    Returns:
        The copy.

    Raises:
        UnreachableError: if the store does not answer, or what it gives is not what was expected.
        StorageError: if there is no room.
    """
    path = folder / hashlib.sha256(location.encode()).hexdigest()
    digest = hashlib.sha256()
    with reached(location), opened(location) as remote, _written(path) as local:
        while piece := remote.read(_PIECE):
            digest.update(piece)
            local(piece)
    if digest.hexdigest() != expected:
        raise UnreachableError("a file changed while it was read", where=shown(location), way_out="run again")
    return path


@contextmanager
def reached(location: str) -> Iterator[None]:
    """Turn what a store's driver raises into one line; for a local place nothing is changed."""
    if not is_url(location):
        yield
        return
    try:
        yield
    except _errors() as error:
        raise _failure(location, error) from None


def _failure(location: str, error: Exception) -> LandingError | UnreachableError:
    where, told = shown(location), _USER.sub("://", str(error).split("\n")[0])[:200]
    if isinstance(error, FileNotFoundError):
        way_out = "check --landing: the bucket, the folder, and that something landed in it"
        return LandingError("the landing zone does not exist", where=where, way_out=way_out)
    if isinstance(error, ImportError):
        return LandingError(f"the landing zone cannot be read: {told}", where=where, way_out=_package(location))
    if isinstance(error, PermissionError) or type(error).__name__.endswith("CredentialsError"):
        return LandingError(f"the landing zone may not be read: {told}", where=where, way_out=_CREDENTIALS)
    if isinstance(error, ValueError) and not isinstance(error, UnicodeError):
        return LandingError(f"the landing zone cannot be read: {told}", where=where, way_out="check --landing")
    way_out = "is the network up, is the endpoint right (AWS_ENDPOINT_URL)?"
    return UnreachableError(f"the landing zone cannot be reached: {told}", where=where, way_out=way_out)


def _package(location: str) -> str:
    scheme = location.partition("://")[0]
    named = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}.get(scheme)
    return f"pip install {named}" if named else "see fsspec's list of file systems"


def _errors() -> tuple[type[Exception], ...]:
    """Return what a store's driver may raise; the errors of botocore, where it is in use, are no OSErrors."""
    usual = (OSError, ValueError, ImportError, RuntimeError)
    module = sys.modules.get("botocore.exceptions")
    return (*usual, module.BotoCoreError, module.ClientError) if module else usual


def _options(location: str) -> dict[str, Any]:
    return _OPTIONS.get(location.partition("://")[0], {})


@contextmanager
def _written(path: Path) -> Iterator[Any]:
    """Give a function that writes; what fails at that is the disk's fault and not the store's."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("wb")
    except OSError as error:
        raise storage_error(error, path) from error
    with handle:

        def write(piece: bytes) -> None:
            try:
                handle.write(piece)
            except OSError as error:
                raise storage_error(error, path) from error

        yield write
