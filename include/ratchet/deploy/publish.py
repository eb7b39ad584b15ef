"""Publishes: puts one whole, consistent version where the AI application reads it.

`<home>/published` is a link to `<home>/versions/<version>`; switching the link is the one atomic step. What is decided
about an improvement belongs to `decisions.py`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from typing import Any

from ratchet import files
from ratchet.home import Home

KEPT_VERSIONS = 30


def publish(home: Home, day: date, contents: Mapping[str, Any], texts: Mapping[str, str] | None = None) -> str:
    """Write a version and switch to it; the same content on the same day is the same version.

    Args:
        home: whose `published` is switched.
        day: the night that publishes.
        contents: file name -> JSON value.
        texts: file name -> text, such as the source of a fix.

    Returns:
        The version: the day and 8 hex digits of the content's hash, a letter among them.

    Raises:
        StorageError: if the disk is full or the target read-only; the old version stays.
    """
    plain = texts or {}
    version = f"{day.isoformat()}-{_short(files.digest({**contents, **plain}))}"
    folder = home.root / "versions" / version
    if not (folder / "version").exists():
        for name, value in contents.items():
            files.write_json(folder / name, value)
        for name, text in plain.items():
            files.write_text(folder / name, text)
        files.write_text(folder / "version", version + "\n")  # last: its presence says that the version is whole
    try:
        files.switch_link(home.published, folder)
    except OSError as error:
        raise files.storage_error(error, home.published) from error
    _prune(home, version)
    return version


def amend(home: Home, name: str, content: Any) -> str:
    """Switch to a version like the current one but for one JSON file; what a night published is not computed again.

    Raises:
        StorageError: as `publish`; the old version stays.
    """
    now = current(home) or ""
    version = f"{now[:10]}-{_short(files.digest([now, name, content]))}"
    folder = home.root / "versions" / version
    if not (folder / "version").exists():
        shutil.rmtree(folder, ignore_errors=True)
        try:
            shutil.copytree(home.published, folder, ignore=shutil.ignore_patterns("version"))
        except OSError as error:
            raise files.storage_error(error, folder) from error
        files.write_json(folder / name, content)
        files.write_text(folder / "version", version + "\n")  # last, as in `publish`
    try:
        files.switch_link(home.published, folder)
    except OSError as error:
        raise files.storage_error(error, home.published) from error
    _prune(home, version)
    return version


def current(home: Home) -> str | None:
    """Return the published version, None before the first."""
    path = home.published / "version"
    return path.read_text("utf-8").strip() if path.exists() else None


def _short(digest: str) -> str:
    """Return the first 8 hex digits that are not all decimal: behind a day those can be the number of a card.

    A log that names such a version would have it redacted, and nobody could tell which fixes its requests had.
    """
    return next(piece for n in range(len(digest) - 7) if not (piece := digest[n : n + 8]).isdecimal())


def _prune(home: Home, version: str) -> None:
    whole = sorted(p for p in (home.root / "versions").iterdir() if p.name != version)
    for folder in whole[: max(0, len(whole) - KEPT_VERSIONS)]:
        shutil.rmtree(folder, ignore_errors=True)
