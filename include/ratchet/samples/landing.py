"""The files of one landing day: plain, compressed, one with bytes that are no UTF-8, one truncated.

What the lines say is decided before; here is only how they lie on disk.
"""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ratchet import files
from ratchet.samples.plan import Plan
from ratchet.samples.spoil import BLANK, LOADED, Lines

LINES_A_FILE = 100_000
TRUNCATED_LINES = 40
_GZIP_EVERY, _GZIP_ON = 5, 3


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One file of a landing day; `problem` is null for a sound one."""

    name: str
    lines: Lines
    problem: str | None

    def as_record(self) -> dict[str, str | int | None]:
        """Return the file as it stands in `truth.json`."""
        blank = int((self.lines.fate == BLANK).sum())
        return {"file": self.name, "lines": len(self.lines), "blank": blank, "problem": self.problem}


def write_day(out: Path, plan: Plan, lines: Lines, index: int) -> list[WrittenFile]:
    """Write the files of one landing day and return what each holds."""
    lines = lines[np.argsort(lines.arrival, kind="stable")]
    folder = out / f"dt={plan.date_of(index).isoformat()}"
    extra, rest = _odd_ones(lines) if index == plan.ugly_day else ([], lines)
    zipped = index % _GZIP_EVERY == _GZIP_ON
    pieces = np.array_split(np.arange(len(rest)), max(2, -(-len(rest) // LINES_A_FILE)))
    suffix = ".jsonl.gz" if zipped else ".jsonl"
    written = [WrittenFile(f"events-{n:02d}{suffix}", rest[piece], None) for n, piece in enumerate(pieces)] + extra
    for file in written:
        files.write_bytes(folder / file.name, _content(file))
    return [WrittenFile(f"{folder.name}/{file.name}", file.lines, file.problem) for file in written]


def _odd_ones(lines: Lines) -> tuple[list[WrittenFile], Lines]:
    """Return the two odd files of the ugly day and the lines that are left for the sound ones."""
    foreign = lines.fate == "bad_utf8"
    good = np.flatnonzero(lines.fate == LOADED)[-TRUNCATED_LINES:]
    left = ~foreign
    left[good] = False
    odd = [
        WrittenFile("events-90.jsonl", lines[foreign], "bytes that are no UTF-8"),
        WrittenFile("events-95.jsonl.gz", lines[good], "truncated gzip"),
    ]
    return odd, lines[left]


def _content(file: WrittenFile) -> bytes:
    raw = "".join(f"{line}\n" for line in file.lines.text.tolist()).encode("utf-8", errors="surrogateescape")
    if file.problem == "truncated gzip":
        return _cut_gzip(raw)
    return _gzip(raw) if file.name.endswith(".gz") else raw


def _gzip(raw: bytes) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, compresslevel=3, mtime=0) as handle:
        handle.write(raw)
    return buffer.getvalue()


def _cut_gzip(raw: bytes) -> bytes:
    """Return gzip that ends in the middle of its stream, right after `raw`: that much is readable, and no more."""
    packer = zlib.compressobj(3, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return packer.compress(raw) + packer.flush(zlib.Z_FULL_FLUSH)
