"""Of two events with one id the one from the earliest (landing day, file name, line) stays; who is that is found here.

Which lines are events is judged before (`judge.py`); writing what stays belongs to `bronze.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from ratchet.log.sqltext import literals

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


_BITS = "set variable dropped = (select bitstring_agg(position, 0, {last}) from duplicates)"  # see judge.py
_KEPT = "create or replace temp view kept as from good"
_NOT_DROPPED = " where get_bit(getvariable('dropped'), position::integer) = 0"


def settle(connection: duckdb.DuckDBPyConnection, earlier: Sequence[Path]) -> None:
    """Make the table and the view that say which of the good events stay.

    - `duplicates`, a table: position, file_index, source_line, event_id, first_index and first_line (NULL when the
      first one is on an earlier day), first_landed (NULL when it is on this day);
    - `kept`: the rows of `good` that are not in it.

    Args:
        connection: the session's; it must hold what `judge` made.
        earlier: Parquet files with `event_id` and `landed_date` of what landed on the days before, duplicates included:
            so what a day keeps depends on the files of its window and on nothing before them.
    """
    if earlier:
        seen = f"from read_parquet({literals(map(str, earlier))}) select event_id, landed_date"
        connection.execute(f"create or replace temp view earlier as {seen}")
    else:
        connection.execute(_NOTHING)
    connection.execute(_SEEN_BEFORE)
    connection.execute(_DUPLICATES)
    found, last = connection.execute("select (select count(*) from duplicates), count(*) - 1 from staged").fetchall()[0]
    if found:
        connection.execute(_BITS.format(last=last))
    connection.execute(_KEPT + (_NOT_DROPPED if found else ""))
