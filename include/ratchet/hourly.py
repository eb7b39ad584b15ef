"""The hourly check: reads its own hour, judges it beside what the last night knew, records incidents, stops what harms.

It never runs a night's step, never opens the warehouse and never advances anything. What it says lies in
`<home>/health/latest.json`, beside `published/`, which stays as its night made it but for the flag of a rollout that is
rolled back. How an hour is read, judged and counted belongs to `log/recent.py`, `analyze/hourly.py` and
`measure/hour_stops.py`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ratchet import files, hourly_stops, objectives
from ratchet.errors import LandingError, RatchetError, RunDayError
from ratchet.night import Night
from ratchet.settings import config_folder

if TYPE_CHECKING:
    import pandas as pd

    from ratchet.analyze.grades import Alert
    from ratchet.analyze.hourly import HourHealth
    from ratchet.log.recent import Recent
    from ratchet.log.sources import LandedSource

HOUR = timedelta(hours=1)
GAP_HOURS = 72  # the longest usual burn window: older hours that no night has are left unknown
HEARD_FOR = timedelta(days=7)  # so long does an event that landed on its own day tell that this log comes by the hour
NIGHT_DUE = timedelta(hours=30)  # after a day begins: six hours after it is over its night should have run
LOCK_WAIT_S = 120.0
_MART = "mart_health_hourly"


@dataclass(frozen=True, slots=True)
class Checked:
    """What an hour's check found.

    Attributes:
        health: the hour, judged.
        counts_from: the night whose hours it is held against, None where there is none.
        problems: source or file -> why it could not be read.
        alerts: of the hour and of the pipeline.
        recent: what was read.
        heard: the newest hour of which something landed within its day, None where it was not within `HEARD_FOR`.
        is_empty: whether nothing is known of the hours since that night.
    """

    health: HourHealth
    counts_from: date | None
    problems: dict[str, str]
    alerts: tuple[Alert, ...]
    recent: Recent
    heard: str | None
    is_empty: bool

    def as_artifact(self, stopped: Iterable[str] = ()) -> dict[str, Any]:
        """Return the content of `health/latest.json`."""
        from ratchet.contracts.estimates import as_record

        record = self.health.as_record()
        end = datetime.fromisoformat(self.health.until)
        problems = [{"of": name, "problem": why} for name, why in sorted(self.problems.items())]
        return {
            "artifact": "hour",
            **record,
            "expires_at": (end + 3 * HOUR).isoformat(timespec="minutes").replace("+00:00", "Z"),
            "counts_from": self.counts_from.isoformat() if self.counts_from else None,
            "alerts": as_record(self.alerts),
            "problems": problems,
            "rolled_back": list(stopped),
        }


def newest(now: datetime) -> datetime:
    """Return the end of the newest hour that is over, UTC without a zone."""
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0, tzinfo=None)


def run(night: Night, end: datetime, now: datetime, *, asked: bool = False) -> dict[str, Any]:
    """Check the hour up to `end`; act only if it is the newest one that is over.

    Args:
        night: home, sources and settings; its day is not used.
        end: a whole hour, UTC without a zone.
        now: what time it is.
        asked: whether a person named the landing zone, who should hear that nothing of these hours is in it.

    Returns:
        What `health/latest.json` says; of an older hour it is returned and nothing is written.

    Raises:
        LandingError: if a person asked, and nothing is there to judge.
        RatchetError: if the hour is not over, or nothing can be read or written.
    """
    if end > newest(now):
        raise RunDayError(f"the hour up to {end:%Y-%m-%d %H}:00 is not over", way_out="wait, or name an earlier one")
    checked = check(night, end)
    if asked and checked.is_empty and not checked.problems:
        _refuse_nothing(night, checked, end)
    if end < newest(now):
        return checked.as_artifact()
    with night.home.lock(LOCK_WAIT_S):
        stopped = _act(night, checked, end, now)
        record = checked.as_artifact(stopped)
        if checked.heard:
            files.write_json(_heard_path(night), {"hour": checked.heard})
        files.write_json(night.home.health / "latest.json", record)
    return record


def check(night: Night, end: datetime) -> Checked:
    """Read and judge an hour; only the counts of hours are kept, which the next check takes up."""
    from ratchet.analyze.hourly import judge_hour, unheard
    from ratchet.deploy import decisions, incidents

    night = replace(night, sources=_begun(night))
    day, kept = _snapshot(night, end)
    recent, hours = _hours(night, day, end)
    hourly = _together(kept, hours, day)
    recorded = decisions.read(night.home.decisions, date.max)
    changes = [*_changes(night, day), *recent.changes, *incidents.changes(recorded, f"{end.isoformat()}Z")]
    heard = _heard(night, hours, end)
    health = judge_hour(hourly, objectives.load(config_folder()), end, changes)
    health = health if heard else unheard(health)
    alerts = (*health.alerts, *_of_pipeline(night, recent, end))
    return Checked(health, day, recent.problems, alerts, recent, heard, not hours)


def _begun(night: Night) -> tuple[LandedSource, ...]:
    """Return the sources without a home's own landing zone that is still to come: nothing ever landed there."""
    to_come = not night.home.landing.exists() and not night.home.loads.exists()
    return tuple(s for s in night.sources if not (to_come and s.landing == night.home.landing))


def _heard(night: Night, hours: Iterable[dict[str, Any]], end: datetime) -> str | None:
    """Return the newest hour of which something was there on its own day, None where that is too long ago.

    A log that is delivered by the day is silent until it comes: its hours say nothing before its night does.
    """
    path = _heard_path(night)
    kept = [str(files.read_json(path)["hour"])] if path.exists() else []
    today = [str(row["metric_hour"]) for row in hours if str(row["metric_hour"])[:10] == end.date().isoformat()]
    found = max([*kept, *today], default="")
    return found if found and datetime.fromisoformat(found) > end - HEARD_FOR else None


def _heard_path(night: Night) -> Path:
    return night.home.health / "heard.json"


def _refuse_nothing(night: Night, checked: Checked, end: datetime) -> None:
    """Tell whoever named a landing zone that nothing of the hours since the last night was read from it."""
    single = next((s.landing for s in night.sources if Path(str(s.landing)).is_file()), None)
    if checked.counts_from is None or single is not None:
        name, zone = night.sources[0].name, night.sources[0].landing
        raise LandingError(
            f"nothing of the hour up to {end:%Y-%m-%d %H}:00 is in the landing zone, nor of the {GAP_HOURS} before",
            where=night.landing_names(),
            way_out=f"name an hour that it tells of, --hour YYYY-MM-DDTHH; what can be read of it: "
            f"ratchet validate-logs {shlex.quote(str(zone))} --source {name}",
        )


def _snapshot(night: Night, end: datetime) -> tuple[date | None, pd.DataFrame | None]:
    """Return the newest night before the day of the hour, and its hours."""
    import pandas as pd

    paths = sorted(night.home.root.glob(f"snapshots/????-??-??/{_MART}.parquet"), reverse=True)
    for path in paths:
        day = date.fromisoformat(path.parent.name)
        if day < (end - HOUR).date():
            return day, pd.read_parquet(path)
    return None, None


def _hours(night: Night, day: date | None, end: datetime) -> tuple[Recent, list[dict[str, Any]]]:
    """Read the hours of `feedback_window` and those that nothing has counted yet; return all since the night."""
    from ratchet.frames import records
    from ratchet.log.recent import Wanted, read_recent

    first = end - GAP_HOURS * HOUR
    first = max(first, datetime.combine(day + timedelta(days=1), time(0))) if day else first
    unknown = [first + n * HOUR for n in range(int((end - first) / HOUR))]
    window = max(HOUR, night.settings.feedback_window)
    fresh = [h for h in unknown if h + HOUR > end - window or not _counts(night, h).exists()]
    until = min(night.today, end.date() + timedelta(days=1))
    recent = read_recent(night.sources, Wanted(tuple(fresh), until, _options(night)))
    rows: dict[datetime, list[dict[str, Any]]] = {hour: [] for hour in fresh}
    for row in records(recent.hours):
        hour = row["metric_hour"].to_pydatetime()
        rows[hour].append(row | {"metric_hour": hour.isoformat()})
    for hour in () if recent.problems else fresh:  # what could not be read is read again
        files.write_json(_counts(night, hour), rows[hour])
    _forget(night, end)
    return recent, [r for hour in unknown for r in rows.get(hour) or _kept(night, hour)]


def _options(night: Night) -> Any:
    from ratchet.log.ingest import IngestOptions

    known = night.settings
    return IngestOptions(known.dedup_days, known.max_line_bytes, known.history_start)


def _counts(night: Night, hour: datetime) -> Any:
    return night.home.health / "hours" / f"{hour:%Y-%m-%dT%H}.json"


def _kept(night: Night, hour: datetime) -> list[dict[str, Any]]:
    path = _counts(night, hour)
    found: list[dict[str, Any]] = files.read_json(path) if path.exists() else []
    return found


def _forget(night: Night, end: datetime) -> None:
    oldest = f"{end - 2 * GAP_HOURS * HOUR:%Y-%m-%dT%H}.json"
    for path in (night.home.health / "hours").glob("*.json"):
        if path.name < oldest:
            path.unlink(missing_ok=True)


def _together(kept: pd.DataFrame | None, rows: list[dict[str, Any]], day: date | None) -> pd.DataFrame:
    import pandas as pd

    from ratchet.analyze import hours

    columns = ["metric_hour", "service", *hours.COUNTS, *hours.MINUTES, "duration_n", *hours.QUANTILES]
    fresh = pd.DataFrame(rows, columns=columns)
    fresh["metric_hour"] = pd.to_datetime(fresh["metric_hour"])
    fresh[list(hours.QUANTILES)] = fresh[list(hours.QUANTILES)].astype("float64")
    if kept is None or day is None:
        return fresh
    own = kept.loc[pd.to_datetime(kept["metric_hour"]) < pd.Timestamp(day + timedelta(days=1)), columns]
    return pd.concat([own, fresh], ignore_index=True) if len(fresh) else own


def _changes(night: Night, day: date | None) -> list[dict[str, Any]]:
    return (night.on(day).result("changes") or []) if day else []


def _of_pipeline(night: Night, recent: Recent, end: datetime) -> list[Alert]:
    """Return what is wrong with the pipeline itself: sources that cannot be read, and a night that did not run."""
    from ratchet.analyze.grades import Alert, Severity, alert_id

    since = f"{(end - HOUR).isoformat(timespec='minutes')}Z"
    found = [
        Alert(alert_id("source", name, ""), "source", "", name, Severity.MEDIUM, since, True, why)
        for name, why in sorted(recent.problems.items())
    ]
    if why := overdue(night, end):
        found.append(Alert(alert_id("stale", "", ""), "stale", "", "", Severity.HIGH, since, True, why))
    return found


def overdue(night: Night, at: datetime) -> str:
    """Return why the published night is too old, '' where it is not; before the first night nothing is due."""
    from ratchet import steps

    path = night.home.published / "health.json"
    published = date.fromisoformat(files.read_json(path)["as_of"]) if path.exists() else date.min
    try:
        landed = steps.landed_days(night)
    except RatchetError:
        return ""  # told as a source
    due = [d for d in landed if d > published and datetime.combine(d, time(0)) + NIGHT_DUE <= at]
    if not due:
        return ""
    last = f"the newest published night is that of {published}" if path.exists() else "none was ever published"
    return f"{len(due)} landed days wait for their night since {due[0]}; {last}"


def _act(night: Night, checked: Checked, end: datetime, now: datetime) -> list[str]:
    """Record incidents that begin or end, and roll back rollouts that do harm; return their ids."""
    from ratchet.analyze.grades import alert_id
    from ratchet.deploy import approvals, decisions, incidents

    recorded = decisions.read(night.home.decisions, date.max)
    day = max(approvals.open_day(night.home, recorded), (end - HOUR).date())
    known = {str(f["objective"]) for f in incidents.under_way(recorded).values() if f["kind"] == "source"}
    judged = checked.health.judged | {alert_id("stale", "", "")} | {alert_id("source", name, "") for name in known}
    until = checked.health.until
    decisions.append(night.home.decisions, incidents.news(recorded, checked.alerts, judged, until, day))
    if checked.counts_from is None:
        return []
    return hourly_stops.roll_back(night.on(checked.counts_from), checked.recent.arms, day, now)
