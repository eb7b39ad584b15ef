"""One pass over numbered lines: parse, redact, type, doubt, and write all of it as one ordered stage file.

Everything later (`judge.py`, `settle.py`, `bronze.py`) reads the stage, which no longer holds what was redacted. The
SQL is generated from the contract: how a line gets columns is in `shape.py`, what is wrong with it in `checks.py`, what
must not be kept in `redaction.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb

from ratchet.contracts.streams import Kind
from ratchet.log import checks, redaction, shape
from ratchet.log.checks import Reason
from ratchet.log.sqltext import identifier, literal, select

BLANK = "blank"  # stands where a reason would; a blank line is counted and that is all
RAW_LIMIT = 4_000  # characters of a refused line that are kept
# Dictionaries would cost a quarter of the pass and save little.
_OPTIONS = "format parquet, compression lz4, row_group_size 40960, string_dictionary_page_size_limit 1"
TIMESTAMPS = tuple(name for name, spec in shape.all_fields().items() if spec.kind is Kind.TIMESTAMP)
_ODD = f"{checks.may_be_odd()}|{redaction.MAY_HOLD}"


def setup() -> list[str]:
    """Return the statements that a connection needs once."""
    last_wins = f"create or replace temp macro {shape.LAST_WINS}"
    return [*redaction.macros(), *checks.setup(), last_wins]


def write_stage(connection: duckdb.DuckDBPyConnection, relation: str, landed: date, path: Path) -> None:
    """Write every line of a relation as one row of a Parquet file, in the relation's order.

    Args:
        connection: one that `setup` has prepared.
        relation: the name or query in brackets of a relation with the columns of `lines.SCHEMA`.
        landed: the landing day, against which clocks are checked.
        path: the file. Its columns: file_index, source_line; refusal (what is no JSON has one), doubtful (look closer),
            raw (of the lines with either), unknown (names of unknown fields), redactions (a count for each of
            `redaction.KINDS`), stream, event_date, and the fields of all streams.
    """
    connection.execute(f"copy {staged(relation, landed)} to {literal(str(path))} ({_OPTIONS})")


def last_moment(landed: date) -> str:
    """Return SQL for the first moment at which no event of a landing day may have occurred yet."""
    return f"timestamp '{landed + timedelta(days=checks.MAX_DAYS_AHEAD + 1)}'"


def staged(relation: str, landed: date) -> str:
    """Return the query; each step names what the next ones use, because an expression is computed where it stands."""
    columns = checks.Columns("line", "event", {name: name for name in TIMESTAMPS}, last_moment(landed))
    return select(relation, *_redacted(), *_typed(), *_with_refusal(columns), ", ".join(_outputs()))


def _redacted() -> Iterator[str]:
    """Yield the steps to: valid (it is JSON), odd (look closer), line (redacted), redactions."""
    counts = ", ".join(f"placeholders(clean, '{k}') - placeholders(original, '{k}')" for k in redaction.KINDS)
    yield f"""file_index, source_line, problem, text as line,
        problem is null and json_valid(text) as valid, regexp_matches(text, {literal(_ODD)}) as odd"""
    yield f"""* exclude (valid),
        case when odd and valid then not has_trailing_comma(line) else valid end as valid,
        case when odd then regexp_matches(line, {literal(redaction.MAY_HOLD)}) else false end as private"""
    yield "*, case when private then redactable(line, valid) end as original"
    yield "*, case when private then redact_words(original) end as words"
    yield "* exclude (words), case when private then redact_numbers(words, valid) end as redacted"
    yield """* exclude (redacted), case when not private then line
        when valid then redact_ids(original, redacted) else redacted end as clean"""
    yield f"""file_index, source_line, problem, valid, clean as line,
        case when odd and valid then regexp_matches(clean, {literal(checks.may_be_odd())}) else false end as odd,
        case when private then [{counts}] end as redactions"""


def _typed() -> Iterator[str]:
    """Yield the steps to: event (the struct of fields), strange (number of unknown keys), and the timestamps."""
    structure = literal(shape.transform_structure())
    yield f"""*, json_transform(case when valid then line end, {structure}) as event,
        case when valid then len(json_keys(line)) else 0 end as keys"""
    present = shape.present_count("line", f"event.{shape.EVENT_TYPE}")
    yield f"*, {shape.known_count('event')} as known"
    yield f"* exclude (known), case when keys > known then keys - {present} else 0 end as strange"
    yield "*, case when strange > 0 then list_unique(json_keys(line)) < keys else false end as twice"
    yield f"""* exclude (line, event),
        case when twice then last_wins(line) else line end as line,
        case when twice then json_transform(last_wins(line), {structure}) else event end as event"""
    yield ", ".join(("*", *(f"{checks.moment(f'event.{name}')} as {name}" for name in TIMESTAMPS)))


def _with_refusal(columns: checks.Columns) -> Iterator[str]:
    """Yield the steps to: doubtful, others (the unknown fields), refusal."""
    others = shape.unknown_object("line", columns.value(shape.EVENT_TYPE))
    yield f"""*, valid and (odd or strange > 0 or not {checks.is_clean(columns)}) as doubtful,
        case when valid and strange > 0 then {others} end as others"""
    yield f"""*, case when problem is not null then problem
        when valid then null
        when trim(line, chr(32) || chr(9) || chr(10) || chr(13)) = '' then '{BLANK}'
        else '{Reason.NOT_JSON}' end as refusal"""


def _outputs() -> Iterator[str]:
    yield "file_index, source_line, refusal, doubtful"  # `reason` is a field of the contract
    yield f"case when doubtful then line when refusal <> '{BLANK}' then left(line, {RAW_LIMIT}) end as raw"
    yield "case when others <> '{}' then json_keys(others) end as unknown, redactions"
    yield f"event.{shape.EVENT_TYPE} as stream, occurred_at::date as event_date"
    for name, spec in shape.all_fields().items():
        source = {Kind.TIMESTAMP: name, Kind.OBJECT: _WITH_OTHERS}.get(spec.kind, f"event.{identifier(name)}")
        yield f"{source} as {identifier(name)}"


# Unknown fields join what `attributes` holds; under one name where both have a key.
_WITH_OTHERS = """case when others is null or others = '{}' then event.attributes
    when event.attributes is null or event.attributes = '{}' then others
    when list_has_any(json_keys(event.attributes), json_keys(others))
        then event.attributes[:-2] || ',"unknown_fields":' || others || '}'
    else event.attributes[:-2] || ',' || others[2:] end"""
