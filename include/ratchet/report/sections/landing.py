"""What landed: lines and what became of them, streams, refused lines, unknown fields."""

from __future__ import annotations

from ratchet.report import numbers
from ratchet.report.logtext import Text, logged, prose, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import Row, log_table, rows, total
from ratchet.report.view import Block, CellKind, Column, Fact, Facts, Paragraph, Tone

MEANINGS = {
    "lines": "Lines of the day's landed files. Lines = loaded + duplicates + quarantined + blank, for every file.",
    "duplicates": "Events whose id was already loaded in the days before; the first one stays.",
    "quarantined": "Lines that break the event contract, kept with their reason in quarantine/.",
    "late": "Events that occurred on an earlier day than they landed; they count from the night they landed.",
    "synthetic": "Events whose source has no timestamps; they never feed health or response times.",
}
_REASONS = {
    "not_json": "is not JSON",
    "not_object": "is not a JSON object",
    "no_event_type": "names no event type",
    "unknown_stream": "names an unknown stream",
    "reserved_stream": "names a stream that is Ratchet's own",
    "missing_field": "misses a required field",
    "wrong_type": "holds a value of the wrong type",
    "out_of_range": "holds a value out of range",
    "not_a_choice": "holds a value outside its closed set",
    "too_long": "holds a value that is too long",
    "clock": "has an impossible time",
    "line_too_long": "is longer than max_line_bytes",
    "bad_utf8": "is not UTF-8",
}


def summary(load: Row) -> Text:
    """Return what became of the day's lines in one sentence."""
    totals = load.get("totals") or {}
    if not total(totals, "lines"):
        return text("No log line landed on this day.")
    files = count(len(rows(load, "files")), "file")
    parts = [f"{count(total(totals, k))} {name}" for k, name in _FATES if total(totals, k)]
    return text(f"{count(total(totals, 'lines'), 'line')} in {files}: {', '.join(parts)}.")


_FATES = (("loaded", "loaded"), ("duplicates", "duplicates"), ("quarantined", "quarantined"), ("blank", "blank"))


def landing(load: Row) -> list[Block]:
    """Return what became of every line that landed."""
    blocks: list[Block] = [Paragraph(summary(load))]
    if not total(load.get("totals") or {}, "lines"):
        return [*blocks, *_erased(load), *_problems(load)]
    return [*blocks, _facts(load), *_erased(load), *_problems(load), *_streams(load), *_refused(load), *_unknown(load)]


def _facts(load: Row) -> Facts:
    totals = load["totals"]
    share = load.get("quarantined_share")
    note = "" if share is None else f"{numbers.number(share, Unit.SHARE)} of the lines"
    late = sum(total(s, "late") for s in rows(load, "streams"))
    return Facts(
        (
            Fact("Lines", total(totals, "lines"), definition="load-lines"),
            Fact("Loaded", total(totals, "loaded"), definition="load-lines"),
            Fact("Duplicates", total(totals, "duplicates"), definition="load-duplicates"),
            Fact("Quarantined", total(totals, "quarantined"), definition="load-quarantined", note=note),
            Fact("Late events", late, definition="load-late"),
        )
    )


def _erased(load: Row) -> list[Block]:
    gone = total(load, "erased")
    if not gone:
        return []
    said = f"This day was erased in part: {count(gone, 'event')}, on request. All numbers are of the rest."
    return [Paragraph(text(said), Tone.WARN)]


def _problems(load: Row) -> list[Block]:
    broken = [f for f in rows(load, "files") if f.get("problem")]
    return [Paragraph(text("File ", logged(f.get("file")), ": ", prose(f["problem"])), Tone.WARN) for f in broken[:5]]


def _streams(load: Row) -> list[Block]:
    found = rows(load, "streams")
    if not found:
        return []
    columns = (
        Column("stream", "Stream"),
        Column("loaded", "Events loaded", CellKind.NUMBER, definition="load-lines"),
        Column("late", "Late", CellKind.NUMBER, definition="load-late"),
        Column("synthetic", "Without a clock", CellKind.NUMBER, definition="load-synthetic"),
        Column("earliest", "Earliest (UTC)", CellKind.MOMENT),
        Column("latest", "Latest (UTC)", CellKind.MOMENT),
    )
    return [log_table("Events by stream", columns, found, "load_streams.csv")]


def _refused(load: Row) -> list[Block]:
    found = [{**r, "reason": _REASONS.get(str(r.get("reason")), r.get("reason"))} for r in rows(load, "reasons")]
    columns = (Column("reason", "The line …"), Column("lines", "Lines", CellKind.NUMBER, definition="load-quarantined"))
    return [log_table("Why lines were quarantined", columns, found, "load_reasons.csv")] if found else []


def _unknown(load: Row) -> list[Block]:
    fields = rows(load, "unknown_fields")
    columns = (Column("stream", "Stream"), Column("field", "Field"), Column("events", "Events", CellKind.NUMBER))
    blocks: list[Block] = []
    if fields:
        caption = "Fields the contract does not know, kept in attributes"
        blocks.append(log_table(caption, columns, fields, "load_unknown_fields.csv"))
    redacted = [f"{str(r.get('kind')).replace('_', ' ')} {count(total(r, 'values'))}" for r in rows(load, "redactions")]
    if redacted:
        blocks.append(Paragraph(text("Redacted before anything was written: ", ", ".join(redacted), "."), Tone.MUTED))
    return blocks
