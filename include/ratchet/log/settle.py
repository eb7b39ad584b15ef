"""Of two events with one id the one from the earliest (landing day, file name, line) stays; who is that is found here.

Which lines are events is judged before (`judge.py`); writing what stays belongs to `bronze.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import duckdb

from ratchet.erased import Ledger, hash_sql
from ratchet.log.sqltext import literals

_UNITS = ("user_id", "session_id", "trace_id", "unit_id", "rater_id")

_NOTHING = "create or replace temp view earlier as select ''::varchar as event_id, null::date as landed_date limit 0"
_SEEN_BEFORE = """
    create or replace temp table seen_before as
    select event_id, min(landed_date) as landed_date from earlier
    where event_id in (select event_id from good)
    group by event_id"""
_DUPLICATES = """
    create or replace temp table duplicates as
    with repeated as (
        select event_id from good group by event_id having count(*) > 1
        union select event_id from seen_before
    ),
    ranked as (
        select position, file_index, source_line, event_id, row_number() over same as rank,
            first_value(file_index) over same as first_index,
            first_value(source_line) over same as first_line
        from good where event_id in (select event_id from repeated)
        window same as (partition by event_id order by file_index, source_line, position)
    )
    select position, file_index, source_line, event_id,
        case when seen_before.event_id is null then first_index end as first_index,
        case when seen_before.event_id is null then first_line end as first_line,
        seen_before.landed_date as first_landed
    from ranked left join seen_before using (event_id)
    where rank > 1 or seen_before.event_id is not null
    order by file_index, source_line, position"""


_ERASED = """
    create or replace temp table erased as
    with named as (select * from good where {named})
    select position, file_index from good
    where position not in (select position from duplicates) and (position in (select position from named)
        or (user_id is null and (session_id in (select session_id from named where session_id is not null)
            or interaction_id in (select event_id from named) or parent_id in (select event_id from named))))"""
_NOBODY = "create or replace temp table erased as select 0::bigint as position, 0::integer as file_index limit 0"
_DROPPED = "create or replace temp view leaving as select position from duplicates union select position from erased"
_BITS = "set variable dropped = (select bitstring_agg(position, 0, {last}) from leaving)"  # see judge.py
_KEPT = "create or replace temp view kept as from good"
_NOT_DROPPED = " where get_bit(getvariable('dropped'), position::integer) = 0"


def settle(connection: duckdb.DuckDBPyConnection, earlier: Sequence[Path], ledger: Ledger, landed: date) -> None:
    """Make the tables and the view that say which of the good events stay.

    - `duplicates`, a table: position, file_index, source_line, event_id, first_index and first_line (NULL when the
      first one is on an earlier day), first_landed (NULL when it is on this day);
    - `erased`, a table: position and file_index of events of units that were erased;
    - `kept`: the rows of `good` that are in neither.

    Args:
        connection: the session's; it must hold what `judge` made.
        earlier: Parquet files with `event_id` and `landed_date` of what landed on the days before, duplicates included:
            so what a day keeps depends on the files of its window and on nothing before them.
        ledger: which units were erased.
        landed: the landing day.
    """
    if earlier:
        seen = f"from read_parquet({literals(map(str, earlier))}) select event_id, landed_date"
        connection.execute(f"create or replace temp view earlier as {seen}")
    else:
        connection.execute(_NOTHING)
    connection.execute(_SEEN_BEFORE)
    connection.execute(_DUPLICATES)
    _leave_out(connection, ledger.hashes(landed), ledger.key)
    connection.execute(_DROPPED)
    found, last = connection.execute("select (select count(*) from leaving), count(*) - 1 from staged").fetchall()[0]
    if found:
        connection.execute(_BITS.format(last=last))
    connection.execute(_KEPT + (_NOT_DROPPED if found else ""))


def _leave_out(connection: duckdb.DuckDBPyConnection, hashes: Sequence[str], key: str) -> None:
    """Make the table of events of erased units: those that name one, belong to such, or were erased before."""
    if not hashes:
        connection.execute(_NOBODY)
        return
    listed = f"select unnest({literals(hashes)})"
    named = [f"coalesce({hash_sql(name, key)} in ({listed}), false)" for name in _UNITS]
    named.append(f"left({hash_sql('event_id', key)}, 16) in ({listed})")
    connection.execute(_ERASED.format(named=" or ".join(named)))
