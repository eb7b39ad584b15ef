"""Runs a source's SQL mappings: documents, their records, and the events that the mappings make of them.

The events then go through the same pass as native lines (`stage.py`). What a source is belongs to `sources.py`.
"""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import PurePosixPath

import duckdb
import pyarrow as pa

from ratchet.contracts.streams import STREAMS
from ratchet.errors import SourceError
from ratchet.log.checks import Reason
from ratchet.log.lines import LineReader
from ratchet.log.sources import Format, Source
from ratchet.log.sqltext import literal

DOCUMENT_LIMIT = 16  # a document may be this many times as long as a line
_LINE_SUFFIXES = (".jsonl", ".ndjson")
_SCHEMA = pa.schema(
    [
        ("file_index", pa.int32()),
        ("source_file", pa.string()),
        ("file_key", pa.string()),
        ("document_line", pa.int64()),
        ("problem", pa.string()),
        ("text", pa.string()),
    ]
)
MAPPED = """
    create or replace table mapped
    (file_index integer, source_line bigint, place integer, problem varchar, text varchar)"""
# What the stage reads: `lines.SCHEMA`, each file's events in the order of their records.
MAPPED_LINES = """(from mapped select file_index, source_line, problem, text
    order by file_index, source_line, place, text)"""
_LANDED = (
    "create temp table landed_documents as from arriving select *, problem is null and json_valid(text) as is_json"
)
_DOCUMENTS = """
    create temp view documents as from landed_documents
    select source_file, document_line, file_key, getvariable('landed') as landed_date, text::json as document
    where is_json"""
_RAW = """
    create temp table raw as
    select source_file,
        row_number() over (partition by source_file order by document_line, item) as source_line,
        record, landed_date, file_key, document_line
    from (
        select *, unnest(records) as record, unnest(range(len(records))) as item
        from (select *, {records} as records from documents)
    )
    order by source_file, source_line"""
_NO_DOCUMENT = """
    insert into mapped from landed_documents select file_index, document_line, -1, problem, text where not is_json"""
_WITHOUT_EVENT = """
    select any_value(file_index), count(*), count(*) filter (where (source_file, source_line) not in (
        select source_file, source_line from events))
    from raw join (select distinct file_index, source_file from landed_documents) using (source_file)
    group by source_file order by source_file"""


def map_source(
    connection: duckdb.DuckDBPyConnection, source: Source, reader: LineReader, indexes: Sequence[int], landed: date
) -> None:
    """Add the events of a source's files on one landing day to the table `mapped`.

    A record that gives no event is told of in the problem of its file.

    Raises:
        SourceError: if a mapping fails or gives other columns than it should.
    """
    with mapping(connection, source, reader, indexes, landed) as own:
        own.execute("""
            insert into mapped
            select file_index, source_line, place, null, event
            from events join (select distinct file_index, source_file from landed_documents) using (source_file)""")
        for index, records, without in own.execute(_WITHOUT_EVENT).fetchall():
            if without:
                reader.problems.setdefault(index, f"{without} of {records} records gave no event")


@contextmanager
def mapping(
    connection: duckdb.DuckDBPyConnection, source: Source, reader: LineReader, indexes: Sequence[int], landed: date
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a cursor of its own with the records of a source's files in `raw` and what they became in `events`.

    Raises:
        SourceError: if a mapping fails or gives other columns than it should.
    """
    with connection.cursor() as own:  # temporary relations are the cursor's, so that sources don't meet
        own.execute("set timezone = 'UTC'")
        own.execute("set variable landed = $landed", {"landed": landed})
        own.register("arriving", pa.RecordBatchReader.from_batches(_SCHEMA, _documents(source, reader, indexes)))
        for statement in (_LANDED, _DOCUMENTS, _RAW.format(records=_records(source)), _NO_DOCUMENT):
            own.execute(statement)
        own.execute("create temp table events (source_file varchar, source_line bigint, place integer, event varchar)")
        _run(own, source)
        yield own


def _run(connection: duckdb.DuckDBPyConnection, source: Source) -> None:
    texts = {"prepare": source.prepare} if source.prepare.strip() else {}
    for name, sql in {**texts, **source.mappings}.items():
        try:
            if name == "prepare":
                connection.execute(sql)
                continue
            place = list(STREAMS).index(name)
            connection.execute(f"create or replace temp view mapping as {sql.rstrip().rstrip(';')}")
            connection.execute(f"""
                insert into events from mapping
                select source_file, source_line, {place}, event::varchar where event is not null""")
        except duckdb.Error as error:
            line = str(error).split("\n")[0]
            raise SourceError(f"the mapping fails: {line}", where=f"{source.name}/{name}.sql") from error


def _documents(source: Source, reader: LineReader, indexes: Sequence[int]) -> Iterator[pa.RecordBatch]:
    for index in indexes:
        stem = reader.files[index].name.lower().removesuffix(".gz").removesuffix(".zst")
        of_lines = source.format in (Format.JSONL, Format.TABLE) or PurePosixPath(stem).suffix in _LINE_SUFFIXES
        if of_lines or _holds_lines(reader, index):
            yield from _lines(reader, index)
        else:
            yield _whole(reader, index)


def _holds_lines(reader: LineReader, index: int) -> bool:
    """Tell whether a file holds a document a line whatever its name says, as OpenTelemetry's file exporter writes."""
    head = b""
    for chunk in reader.chunks(index):
        head = (head + chunk).removeprefix(codecs.BOM_UTF8).lstrip()
        first, _, rest = head.partition(b"\n")
        if rest.strip():
            return first.rstrip()[-1:] in (b"}", b"]") and _is_json(first)
        if len(head) > reader.max_line_bytes:
            break
    return False


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _lines(reader: LineReader, index: int) -> Iterator[pa.RecordBatch]:
    digest = hashlib.sha256()
    for chunk in reader.chunks(index):
        digest.update(chunk)
    key = digest.hexdigest()
    for batch in reader.batches(index):
        _, numbers, problems, texts = batch.columns
        yield _batch(reader, index, key, numbers, problems, texts)


def _whole(reader: LineReader, index: int) -> pa.RecordBatch:
    limit = DOCUMENT_LIMIT * reader.max_line_bytes
    content, problem = bytearray(), None
    for chunk in reader.chunks(index):
        content += chunk
        if len(content) > limit:
            problem = Reason.LINE_TOO_LONG
            del content[16_384:]
            break
    key = hashlib.sha256(content).hexdigest()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        problem, text = problem or Reason.BAD_UTF8, content.decode("utf-8", errors="replace")
    rows = 1 if content else 0
    return _batch(
        reader,
        index,
        key,
        pa.array([1][:rows], pa.int64()),
        pa.array([problem][:rows], pa.string()),
        pa.array([text][:rows], pa.string()),
    )


def _batch(
    reader: LineReader, index: int, key: str, numbers: pa.Array, problems: pa.Array, texts: pa.Array
) -> pa.RecordBatch:
    rows = len(numbers)
    name = reader.files[index].name
    columns = [pa.array([index] * rows, pa.int32()), pa.array([name] * rows), pa.array([key] * rows), numbers]
    return pa.record_batch([*columns, problems, texts], _SCHEMA)


def _records(source: Source) -> str:
    """Return SQL for the list of records of a document: the first path that leads to an array, else the document."""
    arms = []
    for path in source.records:
        items = literal(f"{path}[*]")
        arms.append(f"when json_type(document, {literal(path)}) = 'ARRAY' then json_extract(document, {items})")
    return f"case {' '.join(arms)} else [document] end"
