"""Trials that are closed cost a night nothing: the rows that their marts have of an earlier night are true of this one.

Of a closed trial nothing counts that landed after its last landing day, so that its facts are a function of the trial,
of what landed until then and of the project's SQL. Their hash is kept with the night that computed them; where it is
still the same, tonight's rows are copied. When a trial is closed is said by `trial_tables.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from ratchet import files
from ratchet.contracts.experiments import FOLLOW_UP

_TABLES = ("trials", "trial_variants", "trial_metrics")
Phase = tuple[str, int]


def carry(connection: Any, project_hash: str) -> int:
    """Take the trials whose facts are known out of tonight's build; return how many phases they have.

    Args:
        connection: to a warehouse that was told its night and its trials.
        project_hash: of the SQL that makes the facts.
    """
    connection.execute("delete from run.carried")
    connection.execute("delete from run.closed where computed_as_of = (select as_of from run.context)")
    known = _known(connection)
    (first_pending,) = connection.execute("select min(landed_date) from run.pending").fetchone()
    rows: list[tuple[str, int, date]] = []
    for phases, until, facts in _groups(connection, project_hash) if known else ():
        is_built = first_pending is None or first_pending > until
        if is_built and all((*phase, facts) in known for phase in phases):
            rows += [(*phase, known[(*phase, facts)]) for phase in phases]
    if rows:
        connection.executemany("insert into run.carried values (?, ?, ?)", rows)
        for table in _TABLES:
            connection.execute(f"delete from run.{table} where trial_id in (select trial_id from run.carried)")  # noqa: S608
    return len(rows)


def keep(connection: Any, project_hash: str) -> None:
    """Remember whose facts this night's marts hold, once its landing days are built."""
    found = [(*phase, facts) for phases, _, facts in _groups(connection, project_hash) for phase in phases]
    if found:
        connection.executemany("insert into run.closed select ?, ?, ?, as_of from run.context", found)


def _groups(connection: Any, project_hash: str) -> Iterator[tuple[list[Phase], date, str]]:
    """Yield the phases of every closed group, its last landing day and the hash of what its facts depend on."""
    said: dict[str, list[list[str]]] = {}
    for table in _TABLES:
        for row in connection.execute(f"select * from run.{table} order by all").fetchall():  # noqa: S608
            said.setdefault(_group(row[0]), []).append([str(cell) for cell in row])
    closed = (
        "select trial_id, phase, landed_until from run.trials, run.context where landed_until <= as_of order by all"
    )
    groups: dict[str, list[Phase]] = {}
    until: dict[str, date] = {}
    for trial, phase, day in connection.execute(closed).fetchall():
        groups.setdefault(_group(trial), []).append((trial, phase))
        until[_group(trial)] = day
    loads = {day: _loads(connection, day) for day in set(until.values())}
    for name, phases in groups.items():
        yield phases, until[name], files.digest([project_hash, loads[until[name]], said[name]])


def _group(trial_id: str) -> str:
    return trial_id.partition(FOLLOW_UP)[0]


def _loads(connection: Any, until: date) -> str:
    rows = connection.execute("select * from run.built where landed_date <= ? order by all", [until]).fetchall()
    return files.digest([[str(day), value] for day, value in rows])


def _known(connection: Any) -> dict[tuple[str, int, str], date]:
    """Return the newest night that has the rows of each phase with each hash."""
    if not connection.execute("select count(*) from run.closed").fetchone()[0]:
        return {}
    rows = connection.execute("""
        select trial_id, phase, facts_hash, max(computed_as_of) from run.closed
        where computed_as_of in (select as_of from marts.mart_experiment_units)
        group by all
    """).fetchall()
    return {(trial, phase, facts): night for trial, phase, facts, night in rows}
