"""Which lines are refused, and why: the exact checks, on the lines that the stage marked as doubtful.

They run here, on those lines alone and packed together, because in the pass over all lines they would cost more than
everything else: DuckDB sets up the parts of a list expression anew for every chunk of rows in which one is needed.
What the checks are belongs to `checks.py`.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from ratchet.log import checks, shape
from ratchet.log.sqltext import literal, select
from ratchet.log.stage import BLANK, TIMESTAMPS, last_moment

_REFUSED = """
    create or replace temp table refused as
    from staged select position, file_index, source_line, refusal as reason, null::varchar as detail
    where refusal <> '{blank}'
    union all from {judged}
    select position, file_index, source_line, split_part(problems[1], ':', 1) as reason,
        array_to_string(list_transform(problems, lambda problem: split_part(problem, ': ', 2)), '; ') as detail
    where len(problems) > 0
    order by position"""
# A join would let rows come out in another order; a bit for each row of the stage does not.
_BITS = "set variable refused = (select bitstring_agg(position, 0, {last}) from refused)"
_GOOD = "create or replace temp view good as from staged where refusal is null"
_NOT_REFUSED = " and get_bit(getvariable('refused'), position::integer) = 0"


def judge(connection: duckdb.DuckDBPyConnection, stage: Path, landed: date) -> None:
    """Make the views and the table that say which lines are good events.

    - `staged`: the stage file with `position`, the row's place in it;
    - `refused`, a table: position, file_index, source_line, reason, detail;
    - `good`: the rows of `staged` that are events without a fault.

    Args:
        connection: the session's.
        stage: the stage file.
        landed: the landing day, against which clocks are checked.
    """
    staged = f"from read_parquet({literal(str(stage))}, file_row_number = true)"
    connection.execute(f"create or replace temp view staged as {staged} select *, file_row_number as position")
    connection.execute(_REFUSED.format(blank=BLANK, judged=judged(landed)))
    refused, last = connection.execute("select (select count(*) from refused), count(*) - 1 from staged").fetchall()[0]
    if refused:
        connection.execute(_BITS.format(last=last))
    connection.execute(_GOOD + (_NOT_REFUSED if refused else ""))


def judged(landed: date) -> str:
    """Return the query for the problems of the doubtful lines."""
    columns = checks.Columns("line", "event", {name: name for name in TIMESTAMPS}, last_moment(landed))
    moments = (f"{checks.moment(f'event.{name}')} as {name}" for name in TIMESTAMPS)
    return select(
        "(from staged select position, file_index, source_line, raw as line where doubtful)",
        f"*, json_transform(line, {literal(shape.transform_structure())}) as event",
        ", ".join(("*", *moments)),
        f"position, file_index, source_line, {checks.problems(columns)} as problems",
    )
