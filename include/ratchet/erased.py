"""The record of erased units: who was erased is not in it, only a keyed hash by which the same unit is known again.

`<home>/erasures.json` is the audit of erasures. Finding and removing events belongs to `log/erasure.py`, what goes
with them to `erasing.py`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from ratchet import files
from ratchet.home import Home


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure.

    Attributes:
        unit: keyed hash of the unit's id.
        erased_on: the UTC day on which it was asked for; what lands later under the same id is new.
        days: events by landing day, as ISO date.
        events: the first 16 digits of the keyed hash of each event's id, so that it is known when it lands again.
        done: whether everything that was made of them is gone too.
    """

    unit: str
    erased_on: str
    days: Mapping[str, int]
    events: tuple[str, ...] = ()
    done: bool = False

    def is_of(self, landed: date) -> bool:
        """Return whether events of this landing day are left out."""
        return landed.isoformat() <= self.erased_on


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every erasure of a home, and the key of its hashes."""

    key: str = ""
    erasures: tuple[Erasure, ...] = ()

    @classmethod
    def of(cls, home: Home) -> Ledger:
        """Return what a home records, nothing where nobody was erased."""
        path = home.root / "erasures.json"
        if not path.exists():
            return cls()
        found = files.read_json(path)
        return cls(found["key"], tuple(Erasure(**{**row, "events": tuple(row["events"])}) for row in found["erasures"]))

    def hash_of(self, unit: str) -> str:
        """Return the keyed hash of a unit's id, as `HASH` computes it in SQL."""
        return hashlib.sha256(f"{self.key}:{unit}".encode()).hexdigest()

    def find(self, unit: str) -> Erasure | None:
        """Return the newest erasure of a unit, None where it was never erased."""
        wanted = self.hash_of(unit)
        return next((e for e in reversed(self.erasures) if e.unit == wanted), None)

    def begun(self, unit: str, on: date, days: Mapping[date, int], event_ids: Iterable[str] = ()) -> Ledger:
        """Return the ledger with an erasure that has begun; one of the same unit that never ended is gone on with."""
        keyed = self if self.key else replace(self, key=secrets.token_hex(32))
        before = keyed.find(unit)
        goes_on = before is not None and not before.done
        known = dict(before.days) if before and goes_on else {}
        events = {*(before.events if before and goes_on else ()), *(keyed.hash_of(i)[:16] for i in event_ids)}
        for day, count in days.items():
            known[day.isoformat()] = max(known.get(day.isoformat(), 0), count)
        fresh = Erasure(keyed.hash_of(unit), on.isoformat(), dict(sorted(known.items())), tuple(sorted(events)))
        kept = tuple(e for e in keyed.erasures if e is not before or e.done)
        return replace(keyed, erasures=(*kept, fresh))

    def finished(self, unit: str) -> Ledger:
        """Return the ledger in which the newest erasure of a unit is done."""
        last = self.find(unit)
        return replace(self, erasures=tuple(replace(e, done=True) if e is last else e for e in self.erasures))

    def hashes(self, landed: date) -> list[str]:
        """Return the hashes of the units, and of the events, that are left out of a landing day."""
        found = (e for e in self.erasures if e.is_of(landed))
        return sorted({name for e in found for name in (e.unit, *e.events)})

    def events(self, landed: date) -> int:
        """Return how many events of a landing day were erased."""
        return sum(e.days.get(landed.isoformat(), 0) for e in self.erasures)

    def write(self, home: Home) -> None:
        """Record it, for this account's eyes only."""
        path = home.root / "erasures.json"
        files.write_json(path, {"key": self.key, "erasures": [asdict(e) for e in self.erasures]})
        path.chmod(0o600)


def hash_sql(column: str, key: str) -> str:
    """Return the SQL of the keyed hash of a column."""
    return f"sha256('{key}:' || {column})"


def marked(record: Mapping[str, Any], ledger: Ledger, landed: date) -> dict[str, Any]:
    """Return a load report that says how many events of its day were erased, as it is where none were."""
    events = ledger.events(landed)
    return {**record, "erased": events} if events else dict(record)
