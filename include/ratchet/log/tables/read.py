"""Asks a database for the rows that were written in a span of time, in an order that depends on the rows alone.

Names of tables and columns are quoted by SQLAlchemy, whatever they hold. Every failure is one line without a secret.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine

from ratchet.errors import SourceError, UnreachableError
from ratchet.log.tables.databases import shown
from ratchet.log.tables.settings import WAY_OUT, TableSettings
from ratchet.yaml_files import nearest

_ROWS_AT_ONCE = 5_000
_SLACK = timedelta(seconds=1)  # SQLite compares times as texts, so that the ends of a span are looked at here
_DENIED = ("permission denied", "access denied", "not authorized", "insufficientprivilege")
_ABSENT = ("does not exist", "unknown database")
_PACKAGES = {"MySQLdb": "mysqlclient"}  # drivers whose package has another name
_REFUSED = ("authentication failed", "no password supplied", "access denied for user")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        at: when it was written, UTC.
        key: what tells it from every other row, as text: the hash of its key.
        line: the line of JSON that lands.
    """

    at: datetime
    key: str
    line: str


class OpenTable:
    """A table that is there, with its watermark and its key; made by `open_table`."""

    def __init__(self, connection: Connection, table: sa.Table[Any], settings: TableSettings, where: str) -> None:
        """Look its columns up.

        Raises:
            SourceError: if a column is not there, or the watermark is no column of times.
        """
        self._connection, self._where = connection, where
        self.watermark = self._column(table, settings.watermark)
        if not isinstance(self.watermark.type, sa.DateTime | sa.Date):
            kind = str(self.watermark.type)
            raise SourceError(
                f"the watermark {settings.watermark[:100]!r} is of the type {kind}",
                where=where,
                way_out="name a column of timestamps or dates that is set when a row is written",
            )
        keys = [self._column(table, name) for name in settings.key] or list(table.primary_key.columns)
        wanted = [self._column(table, name) for name in settings.columns] or list(table.columns)
        self.columns = list(dict.fromkeys([*wanted, *keys, self.watermark]))
        self.shown = {column.name for column in wanted}
        self.key = [column.name for column in keys or wanted]
        self.name = ".".join(filter(None, [settings.schema_name, settings.name]))

    def rows(self, since: datetime | None, until: datetime) -> Iterator[Row]:
        """Yield the rows written in [since, until), both UTC, by time; rows of one instant by what they hold.

        Raises:
            SourceError: if the database refuses, or a row cannot be read.
            UnreachableError: if the connection breaks.
        """
        query = sa.select(*self.columns).where(self.watermark < self._bound(until + _SLACK)).order_by(self.watermark)
        if since is not None:
            query = query.where(self.watermark >= self._bound(since - _SLACK))
        streamed = self._connection.execution_options(stream_results=True, yield_per=_ROWS_AT_ONCE)
        with _told(self._connection.engine.url, self._where):
            found = (self._row(dict(values)) for values in streamed.execute(query).mappings())
            wanted = (row for row in found if row.at < until and (since is None or row.at >= since))
            for _, together in itertools.groupby(wanted, lambda row: row.at):
                yield from sorted(together, key=lambda row: row.line)

    def newest(self, until: datetime) -> datetime | None:
        """Return when the newest row before an instant (UTC) was written; None where there is none."""
        query = sa.select(sa.func.max(self.watermark)).where(self.watermark < self._bound(until))
        with _told(self._connection.engine.url, self._where):
            found = self._connection.execute(query).scalar()
        return None if found is None else _moment(found)

    def _bound(self, moment: datetime) -> datetime | date:
        if not isinstance(self.watermark.type, sa.DateTime):
            return moment.date()
        return moment if self.watermark.type.timezone else moment.replace(tzinfo=None)

    def _row(self, values: Mapping[str, Any]) -> Row:
        at = _moment(values[self.watermark.name])
        identity = json.dumps([self.name, *(plain(values[name]) for name in self.key)], ensure_ascii=True)
        key = hashlib.sha256(identity.encode()).hexdigest()[:32]
        row = {name: plain(value) for name, value in values.items() if name in self.shown}
        whole = {"key": key, "at": at.isoformat().replace("+00:00", "Z"), "table": self.name, "row": row}
        return Row(at, key, json.dumps(whole, ensure_ascii=False, allow_nan=False))

    def _column(self, table: sa.Table[Any], name: str) -> sa.Column[Any]:
        if name not in table.columns:
            way_out = nearest(name, [column.name for column in table.columns])[:300]
            raise SourceError(f"the table has no column {name[:100]!r}", where=self._where, way_out=way_out)
        found: sa.Column[Any] = table.columns[name]
        return found


@contextmanager
def open_table(url: URL, settings: TableSettings, source: str) -> Iterator[OpenTable]:
    """Connect, for reading, and find the table.

    Raises:
        SourceError: if there is no such table or column, or the database refuses.
        UnreachableError: if the database cannot be reached.
    """
    where = f"source {source}, {shown(url)}"
    _refuse_to_make(url, where)
    with _told(url, where):
        engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args=_patience(url))
        options = {"postgresql_readonly": True} if engine.dialect.name == "postgresql" else {}
        with engine.connect() as connection:
            connection.execution_options(**options)
            yield OpenTable(connection, _reflected(engine, connection, settings, where), settings, where)


def _refuse_to_make(url: URL, where: str) -> None:
    """Refuse a file that is not there, which SQLite would make.

    Raises:
        SourceError: if there is none.
    """
    name = url.database if url.get_backend_name() == "sqlite" else None
    if name and name != ":memory:" and not name.startswith("file:") and not Path(name).exists():
        way_out = "check the path; an absolute one has four slashes: sqlite:////srv/app.db"
        raise SourceError("there is no such database file", where=where, way_out=way_out)


def _reflected(engine: Engine, connection: Connection, settings: TableSettings, where: str) -> sa.Table[Any]:
    try:
        return sa.Table(
            settings.name,
            sa.MetaData(),
            schema=settings.schema_name,
            autoload_with=connection,
            resolve_fks=False,
        )
    except sa.exc.NoSuchTableError:
        looking = sa.inspect(connection)
        there = [*looking.get_table_names(settings.schema_name), *looking.get_view_names(settings.schema_name)]
        way_out = nearest(settings.name, sorted(there)[:50])[:300]
        raise SourceError(f"there is no table {settings.name[:100]!r}", where=where, way_out=way_out) from None


def _patience(url: URL) -> dict[str, Any]:
    return {"connect_timeout": 10} if url.get_backend_name() == "postgresql" else {}


@contextmanager
def _told(url: URL, where: str) -> Iterator[None]:
    """Turn what a driver raises into one line; the cause is cut off, since drivers repeat what they were given."""
    try:
        yield
    except ModuleNotFoundError as error:
        failure: Exception = SourceError(
            f"the driver {error.name} is not installed",
            where=where,
            way_out=f"pip install {_PACKAGES.get(str(error.name), error.name)}",
        )
    except sa.exc.NoSuchModuleError:
        way_out = "such as postgresql://, mysql+pymysql:// or sqlite:///"
        failure = SourceError(f"there is no database of the kind {url.drivername[:50]!r}", where=where, way_out=way_out)
    except sa.exc.DBAPIError as error:
        failure = _of_driver(_without_secrets(str(error.orig), url), where, error)
    except (sa.exc.SQLAlchemyError, ValueError, OverflowError) as error:
        told = _without_secrets(str(error), url)
        failure = SourceError(
            f"a row cannot be read: {told}", where=where, way_out="name the columns to read: `columns`"
        )
    else:
        return
    raise failure from None


def _of_driver(told: str, where: str, error: sa.exc.DBAPIError) -> SourceError | UnreachableError:
    lowered = told.lower()
    if any(word in lowered for word in _REFUSED):
        way_out = "check user and password of the connection"
        return SourceError(f"the database refuses the login: {told}", where=where, way_out=way_out)
    if any(word in lowered for word in _DENIED):
        return SourceError(told, where=where, way_out="grant select on the table to the user of the connection")
    if isinstance(error, sa.exc.OperationalError) and any(word in lowered for word in _ABSENT):
        return SourceError(told, where=where, way_out="check database and user of the connection")
    if isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError):
        return UnreachableError(
            f"the database cannot be reached: {told}", where=where, way_out="is it up, is the host right?"
        )
    return SourceError(told, where=where, way_out=WAY_OUT)


def _without_secrets(told: str, url: URL) -> str:
    line = next((line.strip() for line in told.splitlines() if line.strip()), "no reason given")
    secrets = [str(url.password or ""), *(str(value) for value in url.query.values())]
    for secret in filter(None, secrets):
        line = line.replace(secret, "***")
    return line[:300]


def _moment(value: Any) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time.min, UTC)
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def plain(value: Any) -> Any:
    """Return a value of a column as JSON knows it: times in RFC 3339, bytes in base 64, what has no form as text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float | Decimal):
        return _number(value)
    if isinstance(value, datetime | date | time):
        return (value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value).isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else str(value)


def _number(value: float | Decimal) -> Any:
    if not math.isfinite(value):
        return str(value)
    whole = isinstance(value, Decimal) and value == value.to_integral_value()
    return int(value) if whole else float(value)
