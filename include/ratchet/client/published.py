"""Reads what Ratchet has published: always one whole version, and the next one soon after the switch.

Evaluating a flag belongs to `evaluation.py`, using a fix to `fixes.py`, using a setting to
`tuned.py`; writing a version to Ratchet itself.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ratchet.client import adaptive, fix_modules, forks, health, prompts
from ratchet.client.adaptive import Adaptive
from ratchet.client.complaints import Complaints
from ratchet.client.fix_modules import PublishedFix
from ratchet.client.health import Health
from ratchet.client.prompts import PublishedPrompt


@dataclass(frozen=True, slots=True)
class Version:
    """One published version.

    Attributes:
        name: of the version, None before the first.
        flags: flag key -> record in flagd's format.
        shared: rules that flags share (`$evaluators`).
        trials: experiment or rollout -> key of its flag.
        fixes: operation -> its fixes, the innermost first.
        settings: those that adapt to what was measured.
        prompts: by id, the versions that somebody may get.
        health: how the application was found to be.
    """

    name: str | None = None
    flags: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    shared: Mapping[str, Any] = field(default_factory=dict)
    trials: Mapping[str, str] = field(default_factory=dict)
    fixes: Mapping[str, tuple[PublishedFix, ...]] = field(default_factory=dict)
    settings: Adaptive = field(default_factory=Adaptive)
    prompts: Mapping[str, PublishedPrompt] = field(default_factory=dict)
    health: Health | None = None


class Published:
    """The published folder: a link to a whole version, or a copy of one."""

    def __init__(
        self,
        folder: Path,
        complaints: Complaints,
        check_every_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read the version in force, if there is one.

        Args:
            folder: `<home>/published`.
            complaints: where it is counted that a version cannot be read; the one before stays in force.
            check_every_s: how often the version is looked at, at most.
            clock: seconds that only go forward.
        """
        self.folder, self.complaints, self.check_every_s = folder, complaints, check_every_s
        self._clock = clock
        self._reading = threading.Lock()
        self._next_check = clock() + check_every_s
        self._version = self._read(Version())
        forks.watch(self)

    def current(self) -> Version:
        """Return the version in force; one thread reads a new one, the others go on with the one before."""
        if self._clock() >= self._next_check and self._reading.acquire(blocking=False):
            try:
                self._next_check = self._clock() + self.check_every_s
                self._version = self._read(self._version)
            finally:
                self._reading.release()
        return self._version

    def after_fork(self) -> None:
        """Give a forked child a lock that nobody holds."""
        self._reading = threading.Lock()

    def _read(self, held: Version) -> Version:
        try:
            folder = self.folder.resolve(strict=True)  # from here on one version, whatever the link does
            name = (folder / "version").read_text("utf-8").strip()
            if name == held.name:
                return held
            version = _version(name, _json(folder / "flags.json"))
            fixes = fix_modules.read(folder / "fixes", _json(folder / "fixes" / fix_modules.INDEX), self.complaints)
            settings, told = adaptive.load(folder, self.complaints), prompts.load(folder, self.complaints)
            found = health.load(folder, self.complaints)
            return replace(version, fixes=fixes, settings=settings, prompts=told, health=found)
        except FileNotFoundError:
            if held.name is not None:
                self.complaints.note("published_missing", f"{self.folder} is gone; the version before stays in force")
        except (OSError, RecursionError, RuntimeError, ValueError) as error:
            self.complaints.note("published_unreadable", f"{self.folder} cannot be read: {error}")
        return held


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def _version(name: str, content: Any) -> Version:
    """Return a version; a flag without variants is left out, as if it were not there.

    Raises:
        ValueError: if the content is no flag configuration.
    """
    if not isinstance(content, dict) or not isinstance(content.get("flags", {}), dict):
        raise ValueError("flags.json holds no flags")
    flags = {
        key: flag
        for key, flag in content.get("flags", {}).items()
        if isinstance(flag, dict)
        and isinstance(flag.get("variants"), dict)
        and isinstance(flag.get("metadata", {}), dict)
    }
    shared = content.get("$evaluators")
    trials = {
        str(flag["metadata"]["trial_id"]): key for key, flag in flags.items() if "trial_id" in flag.get("metadata", {})
    }
    return Version(name, flags, shared if isinstance(shared, dict) else {}, trials)
