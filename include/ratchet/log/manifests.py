"""Exports that say by a manifest which of their files are complete: until then the files are not read.

A manifest lies in the folder `manifests` beside the folders of the files, and names them in `files[].key`; it is
written last. What the files hold belongs to their source.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any

from ratchet.log.remote import shown

_LOG = logging.getLogger(__name__)
FOLDER = "manifests"


def is_manifest(path: str) -> bool:
    """Tell whether a path is that of a manifest."""
    whole = PurePosixPath(path)
    return whole.parent.name == FOLDER and whole.suffix == ".json"


def complete(paths: Iterable[str], read: Callable[[str], bytes]) -> dict[str, date | None]:
    """Return the files that the manifests among some paths name, each with the UTC day on which that was written.

    Args:
        paths: relative to a landing zone.
        read: gives the content of one.

    Returns:
        Paths, whether a file lies there or not; a manifest that says no time gives None, a broken one gives nothing.
    """
    found: dict[str, date | None] = {}
    for path in sorted(filter(is_manifest, paths)):
        manifest = _manifest(path, read)
        base = PurePosixPath(path).parent.parent
        for key in _keys(manifest):  # a key begins with the bucket's own folders, of which the zone may be one
            found[str(base.joinpath(*PurePosixPath(key).parts[-2:]))] = _day(manifest)
    return found


def _manifest(path: str, read: Callable[[str], bytes]) -> Mapping[str, Any]:
    try:
        found = json.loads(read(path))
    except (OSError, ValueError, RecursionError):
        found = None
    if isinstance(found, Mapping):
        return found
    _LOG.warning("not a manifest, so that the files it should name wait: %s", shown(path))
    return {}


def _keys(manifest: Mapping[str, Any]) -> list[str]:
    listed = manifest.get("files")
    keys = [each.get("key") for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    return [key for key in keys if isinstance(key, str)]


def _day(manifest: Mapping[str, Any]) -> date | None:
    try:
        written = datetime.fromisoformat(str(manifest.get("createdAt")))
    except ValueError:
        return None
    return (written if written.tzinfo else written.replace(tzinfo=UTC)).astimezone(UTC).date()
