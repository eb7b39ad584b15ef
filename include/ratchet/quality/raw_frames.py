"""The frames of the raw gate: what the load reports say, beside what bronze holds.

The SQL for the bronze frames is in `bronze_sql.py`, the checks in `suites/raw_*.yaml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

HISTORY_DAYS = 28  # four weeks: each weekday four times
STREAM_FLOOR = 20  # events a day below which a stream's volume says nothing: none on a day is then no surprise
MIN_HISTORY = 3  # fewer landing days give no median worth the name

Report = Mapping[str, Any]
_COUNTS = ("lines", "loaded", "duplicates", "quarantined", "blank")
_FILE_COLUMNS = ("source", "file", "bytes", *_COUNTS, "problem")


def raw_frames(reports: Sequence[Report], bronze: Mapping[str, pd.DataFrame], day: date) -> dict[str, pd.DataFrame]:
    """Return the frames of the raw suites.

    Args:
        reports: load reports of landing days up to the day, in any order; later ones are left out.
        bronze: the frames of `bronze_sql.bronze_queries(day)`.
        day: the night's day. When nothing landed on it, the frames of its load report are absent.
    """
    dated = {date.fromisoformat(r["landed_date"]): r for r in reports}
    today = dated.get(day)
    past = [dated[d] for d in sorted(dated) if day - timedelta(days=HISTORY_DAYS) <= d < day]
    frames = {**bronze, "load_history": _history(past)}
    if today is None:
        return frames
    events = bronze.get("bronze_streams", pd.DataFrame({"stream": [], "events": []}))
    return {
        **frames,
        "load_day": pd.DataFrame([_day(today, past, day)]),
        "load_files": pd.DataFrame(today["files"], columns=list(_FILE_COLUMNS)).sort_values(["source", "file"]),
        "load_reasons": pd.DataFrame(today["reasons"], columns=["reason", "lines"]).sort_values("reason"),
        "load_streams": _streams(today, past, events),
    }


def _history(past: Sequence[Report]) -> pd.DataFrame:
    rows = [{"landed_date": r["landed_date"], "quarantined_share": r["quarantined_share"]} for r in past]
    return pd.DataFrame(rows, columns=["landed_date", "quarantined_share"]).astype({"quarantined_share": "float64"})


def _day(today: Report, past: Sequence[Report], day: date) -> dict[str, Any]:
    totals = today["totals"]
    median = _median([r["totals"]["loaded"] for r in past])
    last = max((date.fromisoformat(r["landed_date"]) for r in past), default=None)
    usable = totals["loaded"] + totals["duplicates"]
    return {
        "landed_date": today["landed_date"],
        **{name: totals[name] for name in _COUNTS},
        **{f"file_{name}": sum(f[name] for f in today["files"]) for name in _COUNTS},
        "stream_loaded": sum(s["loaded"] for s in today["streams"]),
        "reason_lines": sum(r["lines"] for r in today["reasons"]),
        "quarantined_share": _number(today["quarantined_share"]),
        "duplicate_share": totals["duplicates"] / usable if usable else _number(None),
        "unknown_fields": len(today["unknown_fields"]),
        "median_loaded": median,
        "volume_ratio": _ratio(totals["loaded"], median),
        "days_since_last": (day - last).days if last else _number(None),
    }


def _streams(today: Report, past: Sequence[Report], events: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each stream seen today or in the past; one that fell silent has zero loaded."""
    loaded = {s["stream"]: s for s in today["streams"]}
    before = [{s["stream"]: s["loaded"] for s in r["streams"]} for r in past]
    held = dict(zip(events["stream"], events["events"], strict=True))
    rows = []
    for stream in sorted({*loaded, *held, *(name for r in before for name in r)}):
        entry = loaded.get(stream, {"loaded": 0, "late": 0})
        median = _median([r.get(stream, 0) for r in before])
        rows.append(
            {
                "stream": stream,
                "loaded": entry["loaded"],
                "in_bronze": int(held.get(stream, 0)),
                "late_share": _ratio(entry["late"], float(entry["loaded"])),
                "median_loaded": median,
                "volume_ratio": _ratio(entry["loaded"], median if median >= STREAM_FLOOR else 0.0),
            }
        )
    columns = ["stream", "loaded", "in_bronze", "late_share", "median_loaded", "volume_ratio"]
    return pd.DataFrame(rows, columns=columns)


def _median(counts: Sequence[int]) -> float:
    return float(pd.Series(counts).median()) if len(counts) >= MIN_HISTORY else _number(None)


def _ratio(count: float, base: float) -> float:
    return count / base if base > 0 else _number(None)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
