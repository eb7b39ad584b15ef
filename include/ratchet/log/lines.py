"""Files become numbered lines in Arrow, which DuckDB reads in place.

Bytes are cut at newlines with numpy, a few megabytes at a time: every line keeps its true number, whatever it holds,
and one bad line costs no other. DuckDB's own CSV reader is as fast but gives up a file for one line of invalid UTF-8 or
of 33 MB, and drops or splits lines that hold stray carriage returns. What a line means belongs to DuckDB (`stage.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ratchet.log.checks import Reason
from ratchet.log.landing import LandedFile

SCHEMA = pa.schema(
    [("file_index", pa.int32()), ("source_line", pa.int64()), ("problem", pa.string()), ("text", pa.string())]
)
_CHUNK = 4 << 20
_EXCERPT = 16_384  # of a line that is too long, in bytes
_LARGE = 1 << 20  # a longer line has its commas counted
MAX_VALUES = 2_000_000  # a line with more commas is too long: DuckDB's JSON takes a hundred times their bytes in memory
_STEPS = (_CHUNK, 1 << 16, 1 << 10, 1 << 4, 1)
_CODECS = {".gz": "gzip", ".zst": "zstd"}
_BOM = b"\xef\xbb\xbf"
_Offsets = npt.NDArray[np.int32]


@dataclass(slots=True)
class LineReader:
    """Reads files in order and remembers how many lines each had and what was wrong with it.

    Attributes:
        files: what is read; a line's `file_index` is the place in this list.
        max_line_bytes: a longer line is refused, with its beginning as its text.
        is_day_over: while a day runs, a last line without newline waits.
        lines: for each file read to its end, its number of lines.
        problems: for each file with which something was wrong, what.
    """

    files: Sequence[LandedFile]
    max_line_bytes: int
    is_day_over: bool
    lines: dict[int, int] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)

    def reader(self, indexes: Sequence[int]) -> pa.RecordBatchReader:
        """Return the numbered lines of some of the files as an Arrow stream, to be read once."""
        return pa.RecordBatchReader.from_batches(SCHEMA, (b for i in indexes for b in self.batches(i)))

    def batches(self, index: int) -> Iterator[pa.RecordBatch]:
        """Yield the numbered lines of one file."""
        count = 0
        for buffer, offsets, too_long in self._blocks(index):
            rows = len(offsets) - 1
            problems, texts = _texts(buffer, offsets, too_long, self.max_line_bytes)
            numbers = np.arange(count + 1, count + 1 + rows)
            yield pa.record_batch(
                [pa.array(np.full(rows, index, np.int32)), pa.array(numbers), problems, texts], SCHEMA
            )
            count += rows
        self.lines[index] = count

    def chunks(self, index: int) -> Iterator[bytes]:
        """Yield a file's unpacked bytes, as far as they can be read."""
        file, done = self.files[index], 0
        codec = next((codec for suffix, codec in _CODECS.items() if file.name.lower().endswith(suffix)), None)
        if codec and not file.size:
            self.problems[index] = f"empty: not a {codec} file"
            return
        for step in _STEPS if codec else _STEPS[:1]:
            try:
                for chunk in _read(file, codec, done, step):
                    done += len(chunk)
                    yield chunk
            except OSError as error:
                self.problems[index] = f"read up to byte {done}: {error.strerror or error}"
            else:
                return

    def _blocks(self, index: int) -> Iterator[tuple[bytes, _Offsets, bool]]:
        """Yield bytes that end in a newline, with where their lines begin; True when it is one line, cut for length."""
        carry, cut = b"", False
        for number, chunk in enumerate(self.chunks(index)):
            fresh = chunk.removeprefix(_BOM) if number == 0 else chunk
            first = fresh.find(b"\n")
            if first < 0:
                carry, cut = (carry, True) if cut else self._carried(carry + fresh)
                continue
            if cut:
                yield _whole(carry), np.array([0, len(carry) + 1], np.int32), True
                carry, cut, fresh = b"", False, fresh[first + 1 :]
            last = fresh.rfind(b"\n") + 1
            if last:
                buffer = carry + fresh[:last] if carry else fresh
                yield buffer, _offsets(buffer), False
                carry = b""
            carry, cut = self._carried(carry + fresh[last:])
        if carry and self.is_day_over:
            yield _whole(carry), np.array([0, len(carry) + 1], np.int32), cut

    def _carried(self, begun: bytes) -> tuple[bytes, bool]:
        """Return a line that has begun, cut when it is already too long."""
        if len(begun) <= self.max_line_bytes:
            return begun, False
        return begun[:_EXCERPT], True


def _read(file: LandedFile, codec: str | None, done: int, step: int) -> Iterator[bytes]:
    with file.open() as handle:
        source = pa.CompressedInputStream(pa.PythonFile(handle, mode="r"), codec) if codec else handle
        while done > 0:  # what came through before the step got smaller
            done -= len(source.read(min(done, _CHUNK))) or done
        while chunk := source.read(step):
            yield chunk


def _whole(line: bytes) -> bytes:
    return line + b"\n"


def _offsets(buffer: bytes) -> _Offsets:
    ends = np.flatnonzero(np.frombuffer(buffer, np.uint8) == ord("\n"))
    offsets = np.empty(len(ends) + 1, np.int32)
    offsets[0], offsets[1:] = 0, ends + 1
    return offsets


def _texts(buffer: bytes, offsets: _Offsets, cut: bool, limit: int) -> tuple[pa.Array, pa.Array]:
    rows = len(offsets) - 1
    lines = pa.Array.from_buffers(pa.binary(), rows, [None, pa.py_buffer(offsets), pa.py_buffer(buffer)])
    if not cut and int(np.diff(offsets).max()) - 1 <= min(limit, _LARGE):
        try:
            return pa.nulls(rows, pa.string()), lines.cast(pa.string())
        except pa.ArrowInvalid:
            pass
    judged = [_judged(line, limit, cut) for line in lines.to_pylist()]
    return pa.array([j[0] for j in judged], pa.string()), pa.array([j[1] for j in judged], pa.string())


def _judged(line: bytes, limit: int, cut: bool) -> tuple[str | None, str]:
    """Return what is wrong with a line, and its text."""
    if cut or len(line) - 1 > limit or (len(line) > _LARGE and line.count(b",") > MAX_VALUES):
        return Reason.LINE_TOO_LONG, line[:_EXCERPT].decode("utf-8", errors="replace")
    try:
        return None, line.decode("utf-8")
    except UnicodeDecodeError:
        return Reason.BAD_UTF8, line.decode("utf-8", errors="replace")
