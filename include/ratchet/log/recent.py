"""What the landing zones hold of a few hours, by the hour: for the hourly check, which cannot wait for a night.

Lines are judged as in ingestion (`ingest.py`), but only those of the wanted hours, and nothing is written. A last line
without newline waits. What is made of the hours belongs to `analyze/hourly.py`; a source that cannot be read spares the
others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from ratchet.contracts.rollouts import CHANGE_FIELDS
from ratchet.errors import RatchetError
from ratchet.log.ingest import IngestOptions, load_day
from ratchet.log.landing import LandedFile, Landing
from ratchet.log.lines import LineReader
from ratchet.log.session import session
from ratchet.log.sources import LandedSource, load_source

if TYPE_CHECKING:
    import pandas as pd

_KEPT_FIELDS = (
    "event_id, occurred_at, stream, clock, service, parent_id, success, timed_out, duration_ms, user_id, session_id, "
    "status_code, error_type, error, up, flag_key, variant, unit_id, unit_type, reason, kind, target, before, after, "
    "ended_at"
)
# As int_health_hourly and mart_health_hourly count them; a test holds both against each other.
_HOURS = """
    with events as (
        select *, date_trunc('hour', occurred_at) as metric_hour, coalesce(service, '') as name,
            stream = 'interaction' and parent_id is null as is_root, 1::bigint << minute(occurred_at) as minute_bit,
            case when duration_ms > 0 then cast(ceil(ln(duration_ms) / ln(1.01 / 0.99)) as integer)
                when duration_ms = 0 then -1000000 end as bucket,
        from recent where coalesce(clock, 'real') = 'real'
    ),
    each_and_all as (
        select * from events where name <> '' union all by name select * replace ('' as name) from events
    ),
    counted as (
        select metric_hour, name as service,
            count(*) filter (where is_root) as requests,
            count(*) filter (where is_root and success) as successes,
            count(*) filter (where is_root and not success) as failures,
            count(*) filter (where stream = 'error') as errors,
            count(*) filter (where stream = 'api_call') as api_calls,
            count(*) filter (where stream = 'api_call' and (coalesce(status_code >= 400, false)
                or error_type is not null or error is not null)) as api_failures,
            count(*) filter (where stream = 'heartbeat') as heartbeats,
            count(*) filter (where stream = 'heartbeat' and up) as heartbeats_up,
            coalesce(bit_or(minute_bit) filter (where is_root and success), 0) as answered_minutes,
            coalesce(bit_or(minute_bit) filter (where stream = 'heartbeat' and up), 0) as up_minutes,
            coalesce(bit_or(minute_bit) filter (where stream = 'heartbeat' and not up), 0) as down_minutes,
        from each_and_all where stream in ('interaction', 'error', 'api_call', 'heartbeat') group by all
    ),
    buckets as (
        select metric_hour, name as service, bucket, count(*) as n
        from each_and_all where is_root and bucket is not null group by all
    ),
    running as (
        select *, sum(n) over (partition by metric_hour, service order by bucket) as running,
            sum(n) over (partition by metric_hour, service) as whole,
        from buckets
    ),
    quantiles as (
        select metric_hour, service, cast(sum(n) as bigint) as duration_n, {quantiles}
        from running group by metric_hour, service
    )
    select counted.*, coalesce(duration_n, 0) as duration_n, duration_p50_ms, duration_p95_ms, duration_p99_ms
    from counted left join quantiles using (metric_hour, service)
    where requests + errors + api_calls + heartbeats > 0
    order by metric_hour, service"""
_QUANTILE = """case when min(bucket) filter (where running >= ceil({share} * whole)) = -1000000 then 0.0 else
    2.0 * pow(1.01 / 0.99, min(bucket) filter (where running >= ceil({share} * whole))) / (1.01 / 0.99 + 1.0) end
    as duration_p{percent}_ms"""
# A unit counts with a feature from its first exposure on; one that saw two variants of a flag counts nowhere.
_ARMS = """
    with exposures as (
        select flag_key, coalesce(unit_type, 'user') as unit_type, unit_id, min(variant) as variant,
            min(occurred_at) as since, count(distinct variant) as variants
        from recent where stream = 'flag_evaluation' and reason in ('SPLIT', 'TARGETING') group by all
    ),
    flags as (select distinct flag_key, unit_type from exposures),
    requests as (
        select flags.flag_key, flags.unit_type, success, timed_out, occurred_at,
            case flags.unit_type when 'session' then session_id else user_id end as unit_id
        from recent cross join flags
        where stream = 'interaction' and parent_id is null and coalesce(clock, 'real') = 'real'
    ),
    units as (
        select flag_key, unit_id, coalesce(variant, '') as variant,
            count(*) as requests, count(success) as known, count(*) filter (where not success) as failures,
            count(timed_out) as timed, count(*) filter (where timed_out) as timeouts,
        from requests left join exposures using (flag_key, unit_type, unit_id)
        where unit_id is not null and coalesce(variants, 1) = 1 and (since is null or occurred_at >= since)
        group by all
    )
    select flag_key, variant,
        count(*) filter (where known > 0) as known_units, count(*) filter (where failures > 0) as failing_units,
        count(*) filter (where timed > 0) as timed_units, count(*) filter (where timeouts > 0) as timed_out_units,
        sum(known)::bigint as known, sum(failures)::bigint as failures,
        sum(timed)::bigint as timed, sum(timeouts)::bigint as timeouts,
    from units group by all order by all"""


@dataclass(frozen=True, slots=True)
class Recent:
    """What landed of some hours.

    Attributes:
        hours: columns of `mart_health_hourly` but `as_of`, one row an hour and service, '' for all services.
        arms: for each flag and variant ('' for units that were not exposed) units and requests: those with a known
            result and those that failed, those timed and those that timed out.
        changes: `change` events with the fields of `CHANGE_FIELDS`.
        problems: source or file -> what is wrong with it.
    """

    hours: pd.DataFrame
    arms: pd.DataFrame
    changes: list[dict[str, Any]]
    problems: dict[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which hours are read, and how.

    Attributes:
        hours: their beginnings, UTC without a zone; at least one.
        until: the last landing day to look at, the day it is.
        options: limits; duplicates are looked for in what is read.
    """

    hours: tuple[datetime, ...]
    until: date
    options: IngestOptions


def read_recent(sources: Sequence[LandedSource], wanted: Wanted) -> Recent:
    """Read what has landed of some hours.

    Raises:
        StorageError: if there is no room for temporary files.
    """
    usable, problems = _readable(sources)
    with tempfile.TemporaryDirectory(prefix="ratchet-") as parent:
        folder = Path(parent) / "session"
        with session(folder, wanted.options.memory_limit, wanted.options.threads) as connection:
            for source in usable if len(usable) > 1 else []:  # one by one only to see which of them break
                problems |= _fill(connection, [source], wanted, folder)
            usable = [source for source in usable if source.name not in problems]
            problems |= _fill(connection, usable, wanted, folder)
            return _read(connection, problems)


def _read(connection: duckdb.DuckDBPyConnection, problems: dict[str, str]) -> Recent:
    shares = ((0.50, 50), (0.95, 95), (0.99, 99))
    quantiles = ", ".join(_QUANTILE.format(share=share, percent=at) for share, at in shares)
    fields = ", ".join(CHANGE_FIELDS)
    changes = connection.execute(f"select {fields} from recent where stream = 'change' order by all")  # noqa: S608
    return Recent(
        changes=[dict(zip(CHANGE_FIELDS, row, strict=True)) for row in changes.fetchall()],
        hours=connection.execute(_HOURS.format(quantiles=quantiles)).df(),
        arms=connection.execute(_ARMS).df(),
        problems=problems,
    )


def readable(sources: Sequence[LandedSource]) -> None:
    """Check that zones and mappings can be used.

    Raises:
        RatchetError: naming the first one that cannot, and why.
    """
    for source in sources:
        load_source(source.name)
        Landing([source])


def _readable(sources: Sequence[LandedSource]) -> tuple[list[LandedSource], dict[str, str]]:
    """Return the sources whose zone and mapping can be used, and why the others cannot."""
    usable, problems = [], {}
    for source in sources:
        try:
            readable([source])
        except RatchetError as error:
            problems[source.name] = str(error)
        else:
            usable.append(source)
    return usable, problems


def _fill(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[LandedSource], wanted: Wanted, folder: Path
) -> dict[str, str]:
    """Make the table `recent` of what some sources hold; return what is wrong with sources or files."""
    connection.execute(_EMPTY)
    landing, day = Landing(sources), min(wanted.hours).date()
    problems: dict[str, str] = {}
    try:
        while day <= wanted.until:
            files = [file for file in landing.files(day) if file.source]
            problems |= _add(connection, files, day, wanted, folder) if files else {}
            day += timedelta(days=1)
    except (RatchetError, duckdb.Error) as error:
        connection.execute(_EMPTY)
        return {", ".join(s.name for s in sources): " ".join(str(error).split())[:300]}
    return problems


def _add(
    connection: duckdb.DuckDBPyConnection, files: Sequence[LandedFile], day: date, wanted: Wanted, folder: Path
) -> dict[str, str]:
    reader = LineReader(files, wanted.options.max_line_bytes, day < wanted.until)
    sources = {name: load_source(name) for name in sorted({file.source for file in files})}
    load_day(connection, sources, reader, day, folder, [], _in_hours(_SAID_AT, wanted.hours))
    connection.execute(
        f"""insert into recent by name select {_KEPT_FIELDS} from kept
        where {_in_hours("occurred_at", wanted.hours)} and event_id not in (select event_id from recent)"""  # noqa: S608
    )
    return {reader.files[at].name: why for at, why in sorted(reader.problems.items())}


_SAID_AT = """timezone('UTC', try_cast(case when json_valid(text) then json_extract_string(text, '$.occurred_at') end
    as timestamptz))"""
_EMPTY = """create or replace temp table recent (event_id varchar, occurred_at timestamp, stream varchar, clock varchar,
    service varchar, parent_id varchar, success boolean, timed_out boolean, duration_ms double, user_id varchar,
    session_id varchar, status_code bigint, error_type varchar, error varchar, up boolean, flag_key varchar,
    variant varchar, unit_id varchar, unit_type varchar, reason varchar, kind varchar, target varchar, before varchar,
    after varchar, ended_at timestamp)"""


def _in_hours(moment: str, hours: Sequence[datetime]) -> str:
    wanted = ", ".join(f"timestamp '{hour:%Y-%m-%d %H}:00:00'" for hour in sorted(set(hours)))
    return f"date_trunc('hour', {moment}) in ({wanted})"
