"""Reads the history of hours from the snapshots of all nights and runs the backtest of the detectors over it.

The newest snapshot that holds a day says what is known of it. What is computed belongs to `analyze/backtest.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ratchet import objectives
from ratchet.errors import LandingError
from ratchet.night import Night
from ratchet.settings import config_folder

if TYPE_CHECKING:
    import pandas as pd

    from ratchet.analyze.backtest import Backtests

_MART = "mart_health_hourly"


def run(night: Night, wanted: float, planted: float) -> Backtests:
    """Return every detector of health over all nights of a home; nothing is written.

    Raises:
        LandingError: if no night has run in this home.
    """
    from datetime import date

    from ratchet.analyze.backtest import backtest
    from ratchet.deploy import decisions, incidents

    newest, history = _history(night)
    changes = night.on(date.fromisoformat(newest)).result("changes") or []
    known = incidents.changes(decisions.read(night.home.decisions, date.max), f"{night.today}T00:00Z")
    return backtest(history, objectives.load(config_folder()), wanted, planted, [*changes, *known])


def in_words(found: Backtests) -> str:
    """Return the backtest as a table for a terminal."""
    if not found.detectors:
        return f"No detector can be judged: {found.reason}"
    head = (
        f"{found.nights} nights from {found.first} to {found.last}; wanted: at most {found.wanted:.1%} false alarms; "
        f"planted: a day on which the budget burns {found.planted:g} times too fast"
    )
    rows = [("detector", "objective", "threshold", "false alarms", "missed", "threshold for the wanted rate", "missed")]
    for each in found.detectors:
        now, then = each.now, each.wanted
        chosen = (f"{then.threshold:.3g}", _said(then.misses)) if then else ("none keeps it", "")
        rows.append(
            (each.detector, each.objective, f"{now.threshold:.3g}", _said(now.false_alarms), _said(now.misses), *chosen)
        )
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([head, *lines])


def _said(estimate: object) -> str:
    from ratchet.contracts.estimates import Estimate

    if not isinstance(estimate, Estimate) or estimate.number is None:
        return "-"
    return f"{estimate.number:.1%} ({estimate.low or 0:.1%} to {estimate.high or 0:.1%})"


def _history(night: Night) -> tuple[str, pd.DataFrame]:
    import pandas as pd

    paths = sorted(night.home.root.glob(f"snapshots/????-??-??/{_MART}.parquet"))
    if not paths:
        raise LandingError("no night has run here", where=str(night.home.root), way_out="run some: ratchet run")
    frames = [pd.read_parquet(path).assign(night=path.parent.name) for path in paths]
    rows = pd.concat(frames, ignore_index=True)
    rows = rows[pd.to_datetime(rows["metric_hour"]).dt.strftime("%Y-%m-%d") <= rows["night"]]
    newest = rows.groupby("metric_hour")["night"].transform("max")
    return paths[-1].parent.name, rows[rows["night"] == newest].drop(columns="night")
