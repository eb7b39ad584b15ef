"""The one door to the warehouse: what a build is told, what it leaves behind, and frames for everybody else.

The DuckDB file belongs to one process at a time. How events become marts is SQL and lives in dbt_project/; running dbt
lives in `marts.py`; what the numbers mean belongs to the packages that read the frames.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import pyarrow.parquet as pq

import ratchet.errors as errors
from ratchet import bronze, carried, files, impact_tables, retention, trial_tables
from ratchet.bronze import quoted
from ratchet.contracts.experiments import Trial
from ratchet.contracts.impacts import Course, Deployment
from ratchet.contracts.rollouts import CHANGE_FIELDS
from ratchet.contracts.streams import STREAMS
from ratchet.home import Home

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 7  # raised whenever a daily statistic changes its columns or its meaning
LOOKBACK_DAYS = 7  # an interaction and its feedback may land this far apart
Told = date | int | float | list[str]
_TOLD_TYPES = {int: "bigint", float: "double", list: "varchar[]"}  # any other is a date
_SEARCH_PATH = "marts,intermediate,staging,main"


class WindowSettings(Protocol):
    """The settings that SQL needs; `ratchet.settings.Settings` has them."""

    @property
    def gap_window_days(self) -> int:
        """Length of the window in which gaps are found."""

    @property
    def suggestion_window_days(self) -> int:
        """Length of the window in which features are suggested."""

    @property
    def rephrase_window_s(self) -> float:
        """Seconds within which a request that says the same again is a retry."""

    @property
    def rephrase_similarity(self) -> float:
        """How far both must say the same, 0 to 1."""

    @property
    def escalation_intents(self) -> tuple[str, ...]:
        """Intents that mean a person was asked for."""

    @property
    def history_start(self) -> date | None:
        """First landing day that counts; None is the first there is."""


@dataclass(frozen=True, slots=True)
class Warehouse:
    """An open warehouse; get one from `Warehouse.open` and keep it no longer than needed."""

    home: Home
    connection: Any

    @classmethod
    @contextmanager
    def open(cls, home: Home) -> Iterator[Warehouse]:
        """Open the home's warehouse for writing, creating it when it is missing.

        Raises:
            HomeBusyError: if another process has it open.
            OutdatedError: if an older version wrote the file (`upgrades.py`).
            StorageError: if the file is damaged, of a newer schema version, or cannot be written.
        """
        with _translated(home.warehouse):
            with _writing(home.root):
                home.root.mkdir(parents=True, exist_ok=True)
            _check_path(home.warehouse)
            connection = duckdb.connect(str(home.warehouse))
            try:
                _create(connection)
                _check_version(connection, home.warehouse)
                connection.execute(f"set search_path = '{_SEARCH_PATH}'")
                yield cls(home, connection)
            finally:
                connection.close()

    def pending(self, load_hashes: Mapping[date, str], upto: date, *, everything: bool = False) -> list[date]:
        """Return the landing days up to a day whose daily statistics are missing or stale, in order.

        A landing day is stale when its load changed or vanished, or when one up to `LOOKBACK_DAYS` before it did:
        its feedback may be about interactions that landed there. With `everything` (for a full refresh) all are. Of a
        day whose events are gone nothing can be built any more.
        """
        built = {} if everything else self._built()
        gone_before = retention.Kept.of(self.home).events_from
        days = {d for d in {*load_hashes, *built} if d <= upto and (d >= gone_before or d in built)}
        changed = [d for d in sorted(days) if load_hashes.get(d) != built.get(d)]
        return [d for d in sorted(days) if _is_near(d, changed)]

    def prepare(self, day: date, pending_days: Sequence[date], settings: WindowSettings) -> None:
        """Tell the next build which night it is and point the bronze views at the files it may read.

        It knows no trials and no deployments until it is told. Landing days before `history_start` are not shown; what
        an earlier build made of them is built away.
        """
        start = settings.history_start or self._first_landing(day, pending_days)
        forgotten = sorted(d for d in self._built() if d < start)
        pending = {*pending_days, *forgotten, *(d for d in self._built() if d <= day and _is_near(d, forgotten))}
        context: dict[str, Told] = {
            "as_of": day,
            "history_start": start,
            "gap_window_days": settings.gap_window_days,
            "suggestion_window_days": settings.suggestion_window_days,
            "rephrase_window_s": float(settings.rephrase_window_s),
            "rephrase_similarity": float(settings.rephrase_similarity),
            "escalation_intents": list(settings.escalation_intents),
        }
        self.connection.begin()
        _replace_row(self.connection, "run.context", context)
        self.connection.execute("delete from run.pending")
        _insert(self.connection, "run.pending", [(d,) for d in sorted(pending)])
        self.tell_trials(())
        self.tell_improvements((), ())
        self._show_bronze(max(start, min([day, *pending]) - timedelta(days=LOOKBACK_DAYS)), day)
        self.connection.commit()

    def tell_trials(self, trials: Iterable[Trial]) -> None:
        """Tell the next build which trials its marts of experiments are about; no daily statistic depends on them."""
        told = tuple(trials)
        as_of = self.context().get("as_of", date.min)
        closed = trial_tables.closed_groups(told, self._first_exposures(told), as_of)
        for table, rows in trial_tables.rows(told, closed).items():
            self.connection.execute(f"delete from run.{table}")  # noqa: S608 -- our own table names
            _insert(self.connection, f"run.{table}", rows)

    def tell_improvements(self, deployments: Iterable[Deployment], courses: Iterable[Course]) -> None:
        """Tell the next build what its marts of impact and its ledger are about; no daily statistic depends on it."""
        for table, rows in impact_tables.rows(deployments, courses).items():
            self.connection.execute(f"delete from run.{table}")  # noqa: S608 -- our own table names
            _insert(self.connection, f"run.{table}", rows)

    def carry(self, project_hash: str) -> int:
        """Take the trials whose facts an earlier night has out of this build; return how many phases they have."""
        return carried.carry(self.connection, project_hash)

    def _first_exposures(self, trials: Iterable[Trial]) -> dict[tuple[str, int], datetime]:
        """Return when the first unit met each trial that says no start, by what had landed by the night.

        An exposure that landed later than it happened counts from when it landed, else a wrong clock could close a
        trial before anything of it had landed.
        """
        wanted = [t for t in trials if t.starts_at is None and t.ends_at is None]
        if not wanted:
            return {}
        pending = "(select landed_date from run.pending)"
        found = f"""
            select flag_key, coalesce(unit_type, 'user') as unit_type, variant, coalesce(reason, 'SPLIT') as reason,
                occurred_at as met_at, landed_date,
            from bronze.flag_evaluation where landed_date in {pending}
        """  # noqa: S608 -- our own words
        if self._has("intermediate", "int_exposures_daily"):
            found += f"""
                union all select flag_key, unit_type, variant, reason, first_exposed_at, landed_date
                from intermediate.int_exposures_daily, run.context
                where landed_date between history_start and as_of and landed_date not in {pending}
            """  # noqa: S608 -- our own words
        sql = f"""
            select flag_key, unit_type, variant, reason, greatest(min(met_at), min(landed_date)) from ({found})
            where list_contains(?, flag_key) and reason not in ('DEFAULT', 'ERROR') group by all
        """  # noqa: S608 -- our own words
        rows = self.connection.execute(sql, [sorted({t.flag_key for t in wanted})]).fetchall()
        met = {(t.trial_id, t.phase): [row[4] for row in rows if trial_tables.is_exposed(t, row)] for t in wanted}
        return {key: min(times).replace(tzinfo=UTC) for key, times in met.items() if times}

    def changes(self) -> pd.DataFrame:
        """Return the `change` events that had landed by the night, pending days included, as `CHANGE_FIELDS`.

        Those of earlier days come from the daily statistics, so that history is not read again; `occurred_at` is UTC
        without a zone.
        """
        fields = ", ".join(CHANGE_FIELDS)
        pending = "(select landed_date from run.pending)"
        found = f"select {fields} from bronze.change where clock = 'real' and landed_date in {pending}"  # noqa: S608
        if self._has("intermediate", "int_changes_daily"):
            found += f""" union all select {fields} from intermediate.int_changes_daily, run.context
                where landed_date between history_start and as_of and landed_date not in {pending}"""  # noqa: S608
        return self.frame(f"{found} order by all")

    def _has(self, schema: str, table: str) -> bool:
        sql = "select count(*) from information_schema.tables where table_schema = ? and table_name = ?"
        return bool(self.connection.execute(sql, [schema, table]).fetchall()[0][0])

    def _show_bronze(self, first: date, last: date) -> None:
        loads = bronze.loads(self.home, first, last)
        for stream in STREAMS:
            self.connection.execute(bronze.view(stream, bronze.files_of(self.home, stream, loads)))

    def _built(self) -> dict[date, str]:
        return dict(self.connection.execute("select landed_date, input_hash from run.built").fetchall())

    def context(self) -> dict[str, Any]:
        """Return what the next build was told, empty before the first `prepare`."""
        rows = self.connection.execute("select * from run.context")
        names = [column[0] for column in rows.description]
        found = rows.fetchone()
        return dict(zip(names, found, strict=True)) if found else {}

    @property
    def views_of(self) -> str | None:
        """The hash of the dbt project whose views are in place; None when they are not."""
        found: str | None = self.connection.execute("select views_of from run.version").fetchone()[0]
        return found

    def keep_views_of(self, project_hash: str | None) -> None:
        """Record which dbt project's views are in place, so that the next build can leave them alone."""
        self.connection.execute("update run.version set views_of = ?", [project_hash])

    def _first_landing(self, day: date, pending_days: Sequence[date]) -> date:
        return min([day, *pending_days, *self._built()])

    def mark_built(self, load_hashes: Mapping[date, str], days: Iterable[date]) -> None:
        """Record which load the daily statistics of these landing days were built from."""
        start = self.context()["history_start"]
        rows = [(d, load_hashes[d]) for d in sorted(set(days)) if d in load_hashes and d >= start]
        self.connection.begin()
        self.connection.execute("delete from run.built where landed_date in (select landed_date from run.pending)")
        _insert(self.connection, "run.built", rows)
        carried.keep(self.connection, self.views_of or "")
        self.connection.commit()

    def forget_built(self) -> None:
        """Make every landing day pending again, for a build that starts the daily statistics anew.

        Raises:
            StepFailedError: unless `prepare` was told all of them up to the night's day.
        """
        missed = self.connection.execute("""
            select min(landed_date) from run.built
            where landed_date not in (select landed_date from run.pending)
                and landed_date <= (select as_of from run.context)
        """).fetchone()[0]
        if missed is not None:
            raise errors.StepFailedError(f"a full refresh needs every landing day pending, {missed} is not")
        self.connection.execute("delete from run.built")
        self.connection.execute("delete from run.closed")

    def bronze_files(self, stream: str, day: date) -> list[Path]:
        """Return the Parquet files of a stream's events that landed on a day."""
        return bronze.files_of(self.home, stream, bronze.loads(self.home, day, day))

    def frame(self, sql: str, parameters: Sequence[Any] | None = None) -> pd.DataFrame:
        """Return a query's result; marts, daily statistics and `bronze.<stream>` can be named without more ado."""
        frame: pd.DataFrame = self.connection.execute(sql, parameters or []).df()
        return frame

    def forget_nights(self, before: date) -> None:
        """Delete what the marts hold as of nights before a day."""
        for mart in self.marts():
            self.connection.execute(f"delete from marts.{quoted(mart)} where as_of < ?", [before])  # noqa: S608

    def marts(self) -> list[str]:
        """Return the names of all marts, in order."""
        sql = "select table_name from information_schema.tables where table_schema = 'marts' order by 1"
        return [name for (name,) in self.connection.execute(sql).fetchall()]

    def snapshot(self, day: date, folder: Path | None = None) -> dict[str, int]:
        """Write every mart's rows of a night as Parquet, one file a mart, and switch the folder whole.

        Returns:
            The number of rows of each mart.
        """
        target = folder or self.home.snapshot(day)
        fresh = target.with_name(f".{target.name}.fresh")
        with _writing(target):
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            counts = {mart: self._copy(mart, day, fresh / f"{mart}.parquet") for mart in self.marts()}
            files.replace_folder(target, fresh)
        return counts

    def _copy(self, mart: str, day: date, path: Path) -> int:
        sql = f"select * from marts.{quoted(mart)} where as_of = ? order by all"  # noqa: S608 -- a quoted name
        rows = self.connection.sql(sql, params=[day])
        table = rows.to_arrow_table().combine_chunks()
        pq.write_table(table, path, compression="zstd")  # DuckDB's own writer keeps what memory held under a NULL
        return int(table.num_rows)


def _is_near(day: date, changed: Sequence[date]) -> bool:
    return any(c <= day <= c + timedelta(days=LOOKBACK_DAYS) for c in changed)


def _check_path(path: Path) -> None:
    if "?" in str(path):  # DuckDB takes what follows for options, and loses its log
        raise errors.StorageError("a path with ? in it cannot hold a warehouse", where=str(path), way_out="set --home")


def _create(connection: Any) -> None:
    connection.execute("""
        create schema if not exists run;
        create schema if not exists bronze;
        create schema if not exists staging;
        create schema if not exists intermediate;
        create schema if not exists marts;
        create table if not exists run.version (schema_version integer not null, views_of varchar);
        create table if not exists run.built (landed_date date primary key, input_hash varchar not null);
        create table if not exists run.pending (landed_date date not null);
        create table if not exists run.context (as_of date not null);
    """)
    for table, columns in {**trial_tables.COLUMNS, **impact_tables.COLUMNS}.items():
        connection.execute(f"create table if not exists run.{table} ({columns})")


def _check_version(connection: Any, path: Path) -> None:
    found = connection.execute("select schema_version from run.version").fetchone()
    if found is None:
        connection.execute("insert into run.version values (?, null)", [SCHEMA_VERSION])
    elif found[0] < SCHEMA_VERSION:
        raise errors.OutdatedError(
            f"the warehouse was written by an older Ratchet (schema {found[0]}, this one writes {SCHEMA_VERSION})",
            where=str(path),
            way_out="run a night: it is built again from bronze first",
        )
    elif found[0] > SCHEMA_VERSION:
        raise errors.StorageError(
            f"the warehouse was written by a newer Ratchet (schema {found[0]}, this one knows {SCHEMA_VERSION})",
            where=str(path),
            way_out="use that version, or move the file away: the next night builds it again from bronze",
        )


def _replace_row(connection: Any, table: str, row: Mapping[str, Told]) -> None:
    columns = ", ".join(f"{quoted(n)} {_TOLD_TYPES.get(type(v), 'date')} not null" for n, v in row.items())
    connection.execute(f"create or replace table {table} ({columns})")
    _insert(connection, table, [tuple(row.values())])


def _insert(connection: Any, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        marks = ", ".join("?" for _ in rows[0])
        connection.executemany(f"insert into {table} values ({marks})", rows)  # noqa: S608 -- our own table names


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise files.storage_error(error, path) from error


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise explain(str(error), path) or error from error


def explain(message: str, path: Path) -> errors.RatchetError | None:
    """Return the error for a message of the database, None if it is nothing a user could act on."""
    if "Could not set lock" in message:
        owner = re.search(r"PID (\d+)", message)
        return errors.HomeBusyError(
            f"process {owner[1] if owner else 'unknown'} has the warehouse open", where=str(path), way_out="wait for it"
        )
    if re.search(r"No space left|not enough space|disk full|failed to offload", message, re.IGNORECASE):
        return errors.StorageError("the disk is full", where=str(path), way_out="free some space and run again")
    if re.search(r"not a valid DuckDB database|corrupt|checksum|Serialization Error|Cannot open|read enough", message):
        return errors.StorageError(
            f"the warehouse cannot be read: {message.splitlines()[0]}",
            where=str(path),
            way_out="move the file away: the next night builds it again from bronze",
        )
    return None
