"""Reads the fixes of a published version and makes modules of them: what is not as published is left out.

Which version is in force is known by `published.py`; what a fix does to a call belongs to `fixes.py`.
"""

from __future__ import annotations

import hashlib
import re
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from ratchet.client import forks
from ratchet.client.complaints import Complaints

INDEX = "index.json"
MAX_SOURCE = 1024 * 1024  # bytes
_ID = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class PublishedFix:
    """One published fix; `source` is what its index promised, byte for byte."""

    fix_id: str
    operation: str
    layer: int
    sha256: str
    source: bytes


def read(folder: Path, content: Any, complaints: Complaints) -> dict[str, tuple[PublishedFix, ...]]:
    """Return the fixes of each operation, the innermost first.

    Args:
        folder: of the fixes in one whole version.
        content: of its index.
        complaints: where a fix is counted that is not as its index says.

    Raises:
        ValueError: if the content is no index.
    """
    listed = content.get("fixes", []) if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise ValueError(f"{INDEX} lists no fixes")
    found: dict[str, list[PublishedFix]] = {}
    for entry in listed:
        try:
            fix = _one(folder, entry)
        except (KeyError, OSError, TypeError, ValueError) as error:
            complaints.note("fix_unreadable", f"a published fix in {folder} cannot be used: {error}")
        else:
            found.setdefault(fix.operation, []).append(fix)
    return {name: tuple(sorted(fixes, key=lambda f: (f.layer, f.fix_id))) for name, fixes in found.items()}


def _one(folder: Path, entry: Mapping[str, Any]) -> PublishedFix:
    fix_id, layer = entry["fix_id"], entry["layer"]
    if not _ID.fullmatch(fix_id) or isinstance(layer, bool) or not isinstance(layer, int):
        raise ValueError("its entry is malformed")
    source = (folder / fix_id / "fix.py").read_bytes()
    if len(source) > MAX_SOURCE or hashlib.sha256(source).hexdigest() != entry["sha256"]:
        raise ValueError(f"{fix_id} is not what was published: its hash differs")
    return PublishedFix(fix_id, str(entry["operation"]), layer, entry["sha256"], source)


class Modules:
    """The modules of fixes, each made once, when an operation first needs it."""

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints
        self._lock = threading.RLock()
        self._made: dict[tuple[str, str], ModuleType | None] = {}
        forks.watch(self)

    def module(self, fix: PublishedFix) -> ModuleType | None:
        """Return a fix's module, None where it cannot be loaded; that is tried once."""
        key = (fix.fix_id, fix.sha256)
        if key not in self._made:
            with self._lock:
                if key not in self._made:
                    self._made[key] = self._load(fix)
        return self._made[key]

    def after_fork(self) -> None:
        """Give a forked child a lock that nobody holds."""
        self._lock = threading.RLock()

    def _load(self, fix: PublishedFix) -> ModuleType | None:
        module = ModuleType(f"ratchet_fix_{fix.fix_id}_{fix.sha256[:12]}")
        sys.modules[module.__name__] = module  # where dataclasses look for the names of their annotations
        try:
            code = compile(fix.source, f"<published fix {fix.fix_id}>", "exec")
            exec(code, module.__dict__)  # noqa: S102 -- proven and published by this home, its hash was just checked
            if fix.fix_id != module.FIX_ID or not callable(module.apply) or not callable(module.apply_async):
                raise TypeError("it is no fix of that id")
        except (Exception, SystemExit) as error:  # noqa: BLE001 -- whatever it is, the application goes on without
            sys.modules.pop(module.__name__, None)
            why = f"fix {fix.fix_id} cannot be loaded ({type(error).__name__}: {error})"
            self._complaints.note("fix_unreadable", f"{why}; calls go on without it")
            return None
        return module
