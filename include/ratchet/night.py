"""One night: its day, its home, its settings, and the files by which its steps speak to each other.

What a step does belongs to `steps/`, the order of steps to `nights.py`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from ratchet import files, settings
from ratchet.errors import RatchetError
from ratchet.home import Home
from ratchet.log.remote import shown
from ratchet.log.sources import LandedSource
from ratchet.log.tables.settings import Connections, from_environment
from ratchet.settings import Settings


@dataclass(frozen=True, slots=True)
class Night:
    """What a night's results may depend on.

    `today` (UTC) says whether a landing day is over and whether a day lies in the future; it reaches no result.
    `live` is None where the newest landed day that is over decides. `connection` gives an Airflow connection by its id.
    """

    home: Home
    day: date
    settings: Settings
    sources: tuple[LandedSource, ...]
    today: date
    live: bool | None = None
    connection: Connections = field(default=from_environment, repr=False, compare=False)

    @classmethod
    def from_environment(
        cls,
        day: date | None = None,
        *,
        home: Path | None = None,
        source: str | None = None,
        landing: str | None = None,
        live: bool | None = None,
        connection: Connections = from_environment,
    ) -> Night:
        """Build a night from arguments, RATCHET_HOME, RATCHET_CONFIG and RATCHET_ENVIRONMENT.

        Raises:
            SettingsError: if the settings cannot be used.
        """
        loaded = settings.load()
        where = Home((home or Path(os.environ.get("RATCHET_HOME") or "home")).absolute())
        zones: Mapping[str, str | None] = loaded.sources
        if source is not None or landing is not None:
            zones = {source or "native": landing if landing is not None else loaded.sources.get(source or "native")}
        sources = tuple(LandedSource(name, zone or where.landing) for name, zone in sorted(zones.items()))
        today = datetime.now(UTC).date()
        return cls(where, day or today, loaded, sources, today, live, connection)

    def on(self, day: date) -> Night:
        """Return the same night on another day.

        Raises:
            RatchetError: if the day lies in the future.
        """
        if day > self.today:
            raise RatchetError(f"{day} is in the future", way_out=f"the last day that can be run is {self.today}")
        return replace(self, day=day)

    @property
    def work(self) -> Path:
        """Return the folder of this night's step results."""
        return self.home.work(self.day)

    def landing_names(self) -> str:
        """Return the landing zones in words."""
        return ", ".join(f"{source.name}: {shown(str(source.landing))}" for source in self.sources)

    def loads(self) -> dict[date, dict[str, Any]]:
        """Return the load reports of all landing days up to the night's own, oldest first."""
        paths = sorted(self.home.loads.glob("????-??-??.json"))
        days = [date.fromisoformat(path.stem) for path in paths]
        return {day: files.read_json(path) for day, path in zip(days, paths, strict=True) if day <= self.day}

    def start(self) -> None:
        """Forget what an earlier run of this night has left."""
        shutil.rmtree(self.work, ignore_errors=True)

    def result(self, name: str) -> Any:
        """Return the result a step has written, None where there is none."""
        path = self.work / f"{name}.json"
        return files.read_json(path) if path.exists() else None

    def write(self, name: str, result: Any) -> Path:
        """Write a step's result for the steps that follow."""
        path = self.work / f"{name}.json"
        files.write_json(path, result)
        return path

    def mark(self, step: str, state: str, reason: str = "") -> None:
        """Record what became of a step."""
        files.write_json(self.work / "_steps" / f"{step}.json", {"step": step, "state": state, "reason": reason})

    def marks(self) -> dict[str, dict[str, str]]:
        """Return what became of each step so far."""
        found = sorted((self.work / "_steps").glob("*.json"))
        return {p.stem: files.read_json(p) for p in found}
