"""A source is a folder: what its files look like, and one SQL mapping for each stream it fills.

`source.yaml` holds:

- `name`, `description`;
- `format`: `contract` (lines are events already, no SQL), `jsonl` (one JSON document a line) or `json` (one JSON
  document a file; one that ends in `.jsonl` or `.ndjson`, or whose first line is a document, holds one a line),
  `table` (rows of a database's table, see `tables/`: `{key, at, table, row}` a line);
- `table`: for that format, which one;
- `records`: dotted paths, such as `$.simulations`, tried in order in each document. The first that leads to an array
  gives its items as the records; where none does, the document itself is the one record. Default: `$`;
- `files`: globs for the names of the files; `.gz` and `.zst` are unpacked first. A table has files of its own;
- `complete_when`: a regular expression; a file whose path it finds is read only once a manifest names it
  (`manifests.py`).

Beside it lie `<stream>.sql`, each ONE select over these relations:

    raw        source_file VARCHAR    relative to the landing zone
               source_line BIGINT     1-based ordinal of the record in its file
               record      JSON
               landed_date DATE
               file_key    VARCHAR    hash of the file's content, the same wherever and whenever it lands
               document_line BIGINT   the document that the record came from
    documents  source_file, document_line, file_key, landed_date, document JSON (whole, for what stands beside records)

which returns `source_file`, `source_line`, `event` (the JSON text of one event of the contract; unknown fields are
kept in `attributes`). Optional `prepare*.sql` create, in order of their names, temporary tables over these that the
mappings share; before they run, the macros of `sources/macros.sql` are there, and every `<table>.csv` of the folder as
a table of that name, all texts. Events go through the same checks, redaction and duplicates as native lines
(`ingest.py`). A file is mapped together with the other files of its source and landing day. How a mapping is run
belongs to `mapping.py`, which files a day has to `landing.py`.
"""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from ratchet.contracts.streams import STREAMS
from ratchet.errors import SourceError
from ratchet.log.tables.settings import WAY_OUT, TableSettings
from ratchet.yaml_files import validated

SHIPPED = Path(__file__).parent / "sources"
SETTINGS_FILE = "source.yaml"
PREPARE_FILES = "prepare*.sql"
MACROS_FILE = SHIPPED / "macros.sql"
_KEYS = ("name", "description", "format", "records", "files", "table", "complete_when")
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,80}")


class Format(StrEnum):
    """What a source's files hold."""

    CONTRACT = "contract"
    JSONL = "jsonl"
    JSON = "json"
    TABLE = "table"


@dataclass(frozen=True, slots=True)
class LandedSource:
    """A source and the landing zone in which its files arrive: a local folder or a URL that fsspec reads."""

    name: str
    landing: Path | str


@dataclass(frozen=True, slots=True)
class Source:
    """A loaded source; `mappings` is one SQL text a stream, in the order of the contract's streams."""

    name: str
    description: str
    format: Format
    files: tuple[str, ...]
    records: tuple[str, ...] = ("$",)
    prepare: str = ""
    mappings: Mapping[str, str] = field(default_factory=dict)
    table: TableSettings | None = None
    complete_when: re.Pattern[str] | None = None

    @property
    def is_mapped(self) -> bool:
        """True when its records become events through SQL."""
        return self.format is not Format.CONTRACT


def shipped_sources() -> list[str]:
    """Return the names of the sources that come with Ratchet."""
    return sorted(path.parent.name for path in SHIPPED.glob(f"*/{SETTINGS_FILE}"))


def load_source(name: str) -> Source:
    """Read a shipped source by its name, or one's own by the path of its folder.

    Raises:
        SourceError: if there is no such source, or its settings or mappings cannot be used.
    """
    folder = _folder(name)
    settings = _settings(folder / SETTINGS_FILE)
    try:
        kind = Format(str(settings.get("format")))
    except ValueError:
        allowed = ", ".join(Format)
        raise _error(folder, f"format is {settings.get('format')!r}", f"one of {allowed}") from None
    source = Source(
        name=_text(settings, "name", folder),
        description=_text(settings, "description", folder),
        format=kind,
        files=_files(settings, kind, folder),
        records=_texts(settings, "records", folder) if "records" in settings else ("$",),
        prepare=_prepare(folder) if kind is not Format.CONTRACT else "",
        mappings=_mappings(folder),
        table=_table_of(settings, kind, folder),
        complete_when=_pattern(settings, folder),
    )
    if source.is_mapped != bool(source.mappings):
        raise _error(folder, "format contract has no mappings, any other has one .sql file a stream", "see sources.py")
    return source


def _folder(name: str) -> Path:
    own = Path(name)
    folder = own if (own / SETTINGS_FILE).is_file() else SHIPPED / own.name
    if not (folder / SETTINGS_FILE).is_file():
        known = shipped_sources()
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}, or the path of your own folder"
        raise SourceError(f"there is no source {name!r}", way_out=hint)
    return folder


def _settings(path: Path) -> dict[str, Any]:
    try:
        settings = yaml.safe_load(_read(path))
    except yaml.YAMLError as error:
        raise SourceError(f"not YAML: {error}", where=str(path)) from error
    if not isinstance(settings, dict):
        raise SourceError("a source's settings are keys and values", where=str(path))
    for key in settings:
        if key not in _KEYS:
            near = difflib.get_close_matches(str(key), _KEYS, n=1)
            raise _error(
                path, f"unknown key {key!r}", f"did you mean {near[0]}?" if near else f"known: {', '.join(_KEYS)}"
            )
    return settings


def _files(settings: Mapping[str, Any], kind: Format, folder: Path) -> tuple[str, ...]:
    if kind is not Format.TABLE:
        return _texts(settings, "files", folder)
    name = _text(settings, "name", folder)
    if not _PLAIN.fullmatch(name):
        raise _error(folder, f"the name {name[:80]!r} is part of a file's name", "use letters, digits, - and _")
    return (f"{name}.rows.zst",)


def _table_of(settings: Mapping[str, Any], kind: Format, folder: Path) -> TableSettings | None:
    if (kind is Format.TABLE) != ("table" in settings):
        raise _error(folder, "format table comes with the key table, and no other does", WAY_OUT)
    if kind is not Format.TABLE:
        return None
    return validated(TableSettings, settings["table"], str(folder / SETTINGS_FILE), WAY_OUT, "table")


def _prepare(folder: Path) -> str:
    own = [_read(path) for path in sorted(folder.glob(PREPARE_FILES))]
    tables = [_table(path) for path in sorted(folder.glob("*.csv"))]
    return "\n".join([_read(MACROS_FILE), *tables, *own])


def _table(path: Path) -> str:
    rows = list(csv.reader(_read(path).splitlines()))
    if not path.stem.isidentifier() or len(rows) < 2 or len({len(row) for row in rows}) != 1:
        raise _error(path, "no table: it takes a plain name, a header, rows of one length", "see sources.py")
    header, *body = ([_quoted(cell) for cell in row] for row in rows)
    columns = ", ".join(cell.replace("'", '"') for cell in header)
    values = ",\n".join(f"({', '.join(row)})" for row in body)
    return f"create or replace temp table {path.stem} as select * from (values\n{values}\n) as t({columns});"  # noqa: S608 all of it quoted


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _mappings(folder: Path) -> dict[str, str]:
    found = {path.stem: path for path in sorted(folder.glob("*.sql")) if not path.match(PREPARE_FILES)}
    for stream in found:
        if stream not in STREAMS:
            raise _error(folder / f"{stream}.sql", "no such stream", f"one of {', '.join(STREAMS)}")
    return {stream: _read(found[stream]) for stream in STREAMS if stream in found}


def _pattern(settings: Mapping[str, Any], folder: Path) -> re.Pattern[str] | None:
    if "complete_when" not in settings:
        return None
    try:
        return re.compile(_text(settings, "complete_when", folder))
    except re.error as error:
        raise _error(folder, f"complete_when is no regular expression: {error}", "see sources.py") from error


def _text(settings: Mapping[str, Any], key: str, folder: Path) -> str:
    value = settings.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _error(folder, f"{key} is missing or not a text", f"set it in {SETTINGS_FILE}")
    return value


def _texts(settings: Mapping[str, Any], key: str, folder: Path) -> tuple[str, ...]:
    value = settings.get(key)
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values or not all(isinstance(v, str) for v in values):
        raise _error(folder, f"{key} is missing or not a list of texts", f"set it in {SETTINGS_FILE}")
    return tuple(values)


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"cannot read: {error}", where=str(path)) from error


def _error(path: Path, what: str, way_out: str) -> SourceError:
    return SourceError(what, where=str(path), way_out=way_out)
