"""Reads `settings.json` of a published version: what cannot be used is left out, and safe values hold instead.

Which value a call gets belongs to `tuned.py`, who writes the file to Ratchet itself.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ratchet.client.complaints import Complaints
from ratchet.contracts.adaptive import SETTINGS_FILE, Defaults, Setting

MAX_BYTES = 16 * 1024 * 1024
LEAST, MOST = 0.001, 86_400.0  # whatever the file says: a day of waiting, 86,400 at once
_ORDER = (
    ("timeout_min_s", "timeout_default_s", "timeout_max_s"),
    ("batch_size_min", "batch_size_max"),
    ("concurrency_min", "concurrency_max"),
    ("calls_per_minute_min", "calls_per_minute_max"),
)


@dataclass(frozen=True, slots=True)
class Value:
    """One setting of one target.

    Attributes:
        numbers: name -> number, within the bounds.
        expires_on: the first day on which it no longer holds.
    """

    numbers: Mapping[str, float]
    expires_on: date


@dataclass(frozen=True, slots=True)
class Adaptive:
    """The settings of one version; empty where it has none that can be used."""

    defaults: Defaults = field(default_factory=Defaults)
    values: Mapping[tuple[Setting, str], Value] = field(default_factory=dict)
    expires_on: date = date.max


def load(folder: Path, complaints: Complaints) -> Adaptive:
    """Return the settings of a version's folder.

    Args:
        folder: of the version.
        complaints: where it is counted what cannot be used.

    Raises:
        FileNotFoundError: if the folder itself went away meanwhile.
    """
    path = folder / SETTINGS_FILE
    try:
        if not path.exists():
            return Adaptive()
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES:,} bytes")
        return _adaptive(json.loads(path.read_text("utf-8")), complaints)
    except (OSError, RecursionError, KeyError, TypeError, ValueError) as error:
        complaints.note("settings_unreadable", f"{path} cannot be used ({error}); safe values hold")
        return Adaptive()


def _adaptive(content: Any, complaints: Complaints) -> Adaptive:
    defaults = _defaults(content["defaults"])
    values, broken = {}, 0
    for record in content["settings"]:
        try:
            setting, target = Setting(record["setting"]), record["target"]
            expires_on = date.fromisoformat(record["expires_on"])
            values[setting, str(target)] = Value(_numbers(setting, record["value"], defaults), expires_on)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
            broken += 1
    if broken:
        complaints.note("settings_unreadable", f"{broken:,} published settings cannot be used; safe values hold there")
    return Adaptive(defaults, values, date.fromisoformat(content["expires_on"]))


def _defaults(record: Mapping[str, Any]) -> Defaults:
    known = asdict(Defaults())
    later = {"calls_per_minute_min", "calls_per_minute_max"} - set(record)  # a file written before they were there
    found = Defaults(**{name: _number(record[name]) for name in known if name not in later})
    for names in _ORDER:
        held = [getattr(found, name) for name in names]
        if held != sorted(held):
            raise ValueError(f"{' <= '.join(names)} does not hold")
    return found


def _numbers(setting: Setting, record: Mapping[str, Any], defaults: Defaults) -> dict[str, float]:
    low, high = defaults.bounds(setting)
    found = {str(name): _number(value) for name, value in record.items() if value is not None}
    if not found:
        raise ValueError("no value")
    return {n: v if n == "failures" else min(max(v, low), high) for n, v in found.items()}


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("no number")
    if not (math.isfinite(value) and LEAST <= value <= MOST):
        raise ValueError("a number out of all bounds")
    return float(value)
