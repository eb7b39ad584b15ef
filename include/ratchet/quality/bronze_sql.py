"""The SQL that profiles a landing day's bronze, generated from the event contract.

Three small frames: one row a stream and field, one row a stream, one row for the day. Every column that ends in a
breach of the contract counts the events that break it, so that a check is only "none". Which count is judged how
belongs to `suites/raw_bronze_*.yaml`.
"""

# ruff: noqa: S608 -- every name in the text comes from the contract, the day is a date
from __future__ import annotations

from datetime import date

from ratchet.contracts.streams import NUMBER_LIMIT, STREAMS, FieldSpec, Kind, field_specs

EARLIEST = "2000-01-01"  # events.md: an event before 2000 is quarantined
SKEW_DAYS = 2  # events.md: an event more than 2 days after its landing day is quarantined


def bronze_queries(day: date) -> dict[str, str]:
    """Return the SQL of each bronze frame of the raw gate, by frame name, over the relations `bronze.<stream>`."""
    return {"bronze_fields": fields_sql(day), "bronze_streams": streams_sql(day), "bronze_day": day_sql(day)}


def fields_sql(day: date) -> str:
    """Return one row a stream and field of the events that landed on the day; a stream without events has none."""
    parts = "\nunion all\n".join(_profile(stream, day) for stream in STREAMS)
    return f"{parts}\norder by stream, field\n"


def streams_sql(day: date) -> str:
    """Return one row a stream: events, repeated ids, impossible times, events filed under the wrong date."""
    parts = "\nunion all\n".join(_stream(stream, day) for stream in STREAMS)
    return f"{parts}\norder by stream\n"


def day_sql(day: date) -> str:
    """Return one row: events of all streams and ids that occur in more than one."""
    parts = "\n    union all\n".join(
        f"    select distinct event_id from bronze.{stream} where {_landed(day)}" for stream in STREAMS
    )
    return f"""select count(*) as ids, count(*) - count(distinct event_id) as repeated_ids
from (
{parts}
)
having count(*) > 0
"""


def _landed(day: date) -> str:
    return f"landed_date = date '{day.isoformat()}'"


def _profile(stream: str, day: date) -> str:
    structs = ",\n".join(f"        {_struct(spec)}" for spec in field_specs(stream))
    return f"""select '{stream}' as stream, events, unnest(profile, recursive := true)
from (
    select count(*) as events, [
{structs}
    ] as profile
    from bronze.{stream}
    where {_landed(day)}
)
where events > 0"""


def _struct(spec: FieldSpec) -> str:
    column = f'"{spec.name}"'
    missing = f"count(*) - count({column})"
    number, moment = spec.kind in (Kind.INTEGER, Kind.NUMBER), spec.kind is Kind.TIMESTAMP
    parts = {
        "field": f"'{spec.name}'",
        "kind": f"'{spec.kind}'",
        "required": str(spec.required).lower(),
        "nulls": missing,
        "distinct_estimate": f"approx_count_distinct({column})",
        "required_nulls": _count(_absent(spec, column)),
        "out_of_range": _count(_outside(spec, column)),
        "not_a_choice": _count(_no_choice(spec, column)),
        "too_long": _count(f"length({column}) > {spec.max_length}" if spec.max_length else ""),
        "minimum": f"min({column})::double" if number else "null::double",
        "maximum": f"max({column})::double" if number else "null::double",
        "earliest": f"min({column})" if moment else "null::timestamp",
        "latest": f"max({column})" if moment else "null::timestamp",
    }
    return "{" + ", ".join(f"{name}: {value}" for name, value in parts.items()) + "}"


def _count(condition: str) -> str:
    return f"count(*) filter (where {condition})" if condition else "null::bigint"


def _absent(spec: FieldSpec, column: str) -> str:
    """Return the condition for a required field that is not there; a field of limited length may not be empty."""
    if not spec.required:
        return ""
    return f"nullif({column}, '') is null" if spec.max_length else f"{column} is null"


def _outside(spec: FieldSpec, column: str) -> str:
    if spec.kind not in (Kind.INTEGER, Kind.NUMBER):
        return ""
    low = -NUMBER_LIMIT if spec.minimum is None else spec.minimum
    high = NUMBER_LIMIT if spec.maximum is None else spec.maximum
    return f"not ({column} between {low!r} and {high!r})"


def _no_choice(spec: FieldSpec, column: str) -> str:
    quoted = ", ".join("'" + choice.replace("'", "''") + "'" for choice in spec.choices)
    return f"{column} not in ({quoted})" if quoted else ""


def _stream(stream: str, day: date) -> str:
    return f"""select
    '{stream}' as stream,
    count(*) as events,
    count(*) - count(distinct event_id) as repeated_ids,
    count(*) filter (where occurred_at < timestamp '{EARLIEST}') as before_2000,
    count(*) filter (where cast(occurred_at as date) > landed_date + {SKEW_DAYS}) as after_landing,
    count(*) filter (where event_date is distinct from cast(occurred_at as date)) as misfiled,
    count(*) filter (where source is null or source_file is null or source_line is null) as untraced
from bronze.{stream}
where {_landed(day)}
having count(*) > 0"""
