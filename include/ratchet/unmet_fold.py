"""Clusters of unmet requests keep their names: one state a landed day, each computed from the one before.

A state is a function of what had landed by its day, of the settings and of the code; its key says of which. Days whose
state is missing or stale are computed first, in order, so that it does not matter which nights have run. What a cluster
is belongs to `analyze/unmet.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ratchet import files, inputs
from ratchet.contracts.unmet import Known, UnmetResult
from ratchet.night import Night

if TYPE_CHECKING:
    from ratchet.contracts.apis import Api

VERSION = 3  # raised whenever the same texts would get other clusters
TEXTS, GAPS = "mart_request_texts", "mart_feature_gaps"
_SETTINGS = (
    *("gap_window_days", "suggestion_window_days", "gap_floor_events", "gap_floor_units", "k_anonymity"),
    *("rephrase_window_s", "rephrase_similarity", "history_start"),
)


def tonight(night: Night, apis: Sequence[tuple[str, Api]], gaps: Mapping[str, int]) -> UnmetResult:
    """Return tonight's clusters under the names that earlier nights gave them, and keep the state for the next.

    Args:
        night: the night.
        apis: connected APIs that can do something, by name.
        gaps: demand of tonight's gaps by intent.
    """
    from ratchet.analyze.unmet import find_unmet

    known: list[Known] = []
    keys = _keys(night)
    days = [day for day in sorted(keys) if day < night.day]
    done = [day for day in days if _is_current(_path(night, day), keys[day])]
    if done:
        known = _read(_path(night, done[-1]))
    known = _caught_up(night, {day: keys[day] for day in days[days.index(done[-1]) + 1 if done else 0 :]}, known)
    rows, counted = inputs.mart(night, TEXTS), inputs.mart(night, GAPS)
    result, state = find_unmet(rows, known, _exposure(counted, night), apis, night.settings, night.day, gaps)
    _write(_path(night, night.day), keys[night.day], state)
    return result


def _caught_up(night: Night, missing: Mapping[date, str], known: list[Known]) -> list[Known]:
    """Keep the states of days that have none, in order; return what is known after the last."""
    from ratchet import marts
    from ratchet.analyze.unmet import find_unmet

    if not missing:
        return known
    with marts.earlier_nights(night.home, (TEXTS, GAPS)) as rows_of:
        for day, key in missing.items():
            exposure = _exposure(rows_of(GAPS, day), night)
            _, known = find_unmet(rows_of(TEXTS, day), known, exposure, (), night.settings, day)
            _write(_path(night, day), key, known)
    return known


def _exposure(counted: Any, night: Night) -> Any:
    from ratchet.analyze.unmet import Exposure

    by_window = counted.groupby("window_days")["requests"].sum()
    recent, long = (
        int(by_window.get(days, 0)) for days in (night.settings.gap_window_days, night.settings.suggestion_window_days)
    )
    return Exposure(recent, max(0, long - recent))


def _keys(night: Night) -> dict[date, str]:
    """Return what the state of each landed day up to the night, and of the night, depends on."""
    from ratchet import marts

    loads: Mapping[date, str] = inputs.load_hashes(night)
    start = night.settings.history_start
    wanted = {day: loads.get(day, "") for day in {*loads, night.day} if start is None or day >= start}
    key = files.digest([VERSION, marts.project_hash(), [str(getattr(night.settings, name)) for name in _SETTINGS]])
    found = {}
    for day in sorted(wanted):
        key = files.digest([key, str(day), wanted[day]])
        found[day] = key
    return found | ({night.day: key} if night.day not in found else {})


def _path(night: Night, day: date) -> Path:
    return night.home.folds / "unmet" / f"{day}.json"


def _is_current(path: Path, key: str) -> bool:
    return path.exists() and files.read_json(path)["key"] == key


def _read(path: Path) -> list[Known]:
    return [
        Known(row["id"], date.fromisoformat(row["since"]), row["was_fixed"], tuple(row["sketch"]))
        for row in files.read_json(path)["known"]
    ]


def _write(path: Path, key: str, known: Sequence[Known]) -> None:
    rows = [
        {"id": k.id, "since": k.since.isoformat(), "was_fixed": k.was_fixed, "sketch": list(k.sketch)} for k in known
    ]
    files.write_json(path, {"key": key, "known": rows})
