"""Runs the backtest of every detector over the snapshots of all nights of a home; nothing is written.

The newest snapshot that holds a day says what is known of it. What is computed belongs to `analyze/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

from ratchet import inputs, objectives
from ratchet.errors import LandingError
from ratchet.night import Night
from ratchet.settings import config_folder

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from ratchet.analyze.backtest import Backtest, Backtests
    from ratchet.analyze.figure_series import FigureSeries
    from ratchet.contracts.estimates import Estimate

_HOURS, _DAYS, _KPIS, _SESSIONS = "mart_health_hourly", "mart_pattern_days", "mart_kpis_daily", "mart_sequences"
_HEADER = ("detector", "of", "spoke", "false alarms", "missed", "threshold", "for the wanted rate", "missed")
_WEEK = 7  # a night's sessions are those of a week


def run(night: Night, wanted: float, planted: float) -> Backtests:
    """Return every detector over all nights of a home.

    Args:
        night: whose home and settings.
        wanted: share of nights with a false alarm, at most, for which thresholds are sought.
        planted: how many times too fast a planted fault burns its budget.

    Raises:
        LandingError: if no night has run in this home.
    """
    from ratchet.analyze.backtest import Backtests
    from ratchet.analyze.health_backtest import health_backtests
    from ratchet.analyze.hours import days_of

    folders = sorted(path.parent for path in night.home.root.glob(f"snapshots/????-??-??/{_HOURS}.parquet"))
    if not folders:
        raise LandingError("no night has run here", where=str(night.home.root), way_out="run some: ratchet run")
    last = night.on(date.fromisoformat(folders[-1].name))
    changes, hourly = inputs.changes(last), _history(folders, _HOURS, "metric_hour")
    changed = days_of(changes)
    found = (
        *health_backtests(hourly, objectives.load(config_folder()), wanted, planted, changes),
        *_of_figures(folders, last.day, changed, wanted),
        *_of_patterns(folders, last, hourly, changed, wanted),
    )
    return Backtests(folders[0].name, folders[-1].name, wanted, found)


def _of_figures(folders: Sequence[Path], last: date, changed: frozenset[date], wanted: float) -> list[Backtest]:
    from ratchet.analyze.day_tests import day_tests
    from ratchet.analyze.figure_backtest import day_backtest, days_of, trend_backtest
    from ratchet.analyze.figure_series import DAYS
    from ratchet.analyze.trends import ANOMALY_ALPHA, TREND_ALPHA

    series = _figures(folders, last)
    tests = day_tests([days_of(s) for s in series], len(folders), DAYS)
    return [
        trend_backtest(series, last, changed, TREND_ALPHA, wanted),
        day_backtest(tests, last, changed, ANOMALY_ALPHA, wanted),
    ]


def _of_patterns(
    folders: Sequence[Path], last: Night, hourly: pd.DataFrame, changed: frozenset[date], wanted: float
) -> list[Backtest]:
    import pandas as pd

    from ratchet.analyze.correlations import find_correlations
    from ratchet.analyze.figure_series import DAYS
    from ratchet.analyze.frequency import counts_of, find_unusual_intents
    from ratchet.analyze.hours import SHOWN_HOURS
    from ratchet.analyze.pattern_backtest import correlation_backtest, hour_backtest, intent_backtest, sequence_backtest
    from ratchet.analyze.sequences import find_sequences
    from ratchet.analyze.unusual_hours import DAY, hourly_figures

    day, known = last.day, last.settings
    support, confidence = known.pattern_support_threshold, known.pattern_confidence_threshold
    days = (day - pd.to_datetime(hourly["metric_hour"]).min().date()).days + 1
    looked = hourly_figures(hourly.assign(as_of=day), day, max(days * DAY, SHOWN_HOURS))
    intents = find_unusual_intents(counts_of(pd.read_parquet(folders[-1] / f"{_DAYS}.parquet"), day))
    moved = find_correlations([s.last(DAYS) for s in _figures(folders, day)])
    weekly = [(pd.read_parquet(f / f"{_SESSIONS}.parquet"), date.fromisoformat(f.name)) for f in folders[::-_WEEK]]
    spoke = sum(bool(find_sequences(rows, on, support, confidence).found) for rows, on in weekly)
    return [
        hour_backtest(looked, day, changed, wanted, len(folders)),
        intent_backtest(intents, day, changed, wanted),
        correlation_backtest(moved, wanted),
        sequence_backtest([rows for rows, _ in weekly], spoke, support, confidence),
    ]


def _figures(folders: Sequence[Path], last: date) -> list[FigureSeries]:
    """Return every figure that was logged, over all days of the history."""
    import pandas as pd

    from ratchet.analyze.figure_series import figure_series
    from ratchet.contracts.key_figures import FIGURES

    kpis = _history(folders, _KPIS, "metric_date")
    days = (last - pd.to_datetime(kpis["metric_date"]).min().date()).days + 1
    return [s for s in figure_series(kpis.assign(as_of=last), FIGURES, last, days) if s.known]


def _history(folders: Sequence[Path], mart: str, when: str) -> pd.DataFrame:
    """Return each moment's rows as the newest night holds them, and none later than that night."""
    import pandas as pd

    rows = pd.concat([pd.read_parquet(f / f"{mart}.parquet").assign(night=f.name) for f in folders], ignore_index=True)
    rows = rows[pd.to_datetime(rows[when]).dt.strftime("%Y-%m-%d") <= rows["night"]]
    newest = rows.groupby(when)["night"].transform("max")
    return rows[rows["night"] == newest].drop(columns="night")


def in_words(found: Backtests) -> str:
    """Return the backtests as a table for a terminal."""
    head = f"Nights from {found.first} to {found.last}; wanted: at most {found.wanted:.1%} of nights with a false alarm"
    rows: list[tuple[str, ...]] = [_HEADER]
    rows += [_row(each) for each in found.detectors if each.now]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    notes = dict.fromkeys(
        f"{_kind(d)}: false alarms on {d.clean}; planted: {d.planted}" if d.now else f"{d.detector}: {d.reason}"
        for d in found.detectors
    )
    return "\n".join([head, *(lines if len(lines) > 1 else ()), *notes])


def _kind(each: Backtest) -> str:
    return "burn" if each.detector.startswith("burn") else each.detector


def _row(each: Backtest) -> tuple[str, ...]:
    now, then = each.now, each.wanted
    if now is None:
        return ()
    choice = (f"{then.threshold:.3g}", _said(then.misses)) if then else ("none keeps it", "")
    if each.detector == "sequence":
        choice = ("-", "")
    return (
        each.detector,
        each.subject,
        f"{each.spoke} of {each.nights}",
        _said(now.false_alarms),
        _said(now.misses),
        f"{now.threshold:.3g}",
        *choice,
    )


def _said(estimate: Estimate) -> str:
    if estimate.number is None:
        return "-"
    return f"{estimate.number:.1%} ({estimate.low or 0:.1%} to {estimate.high or 0:.1%})"
