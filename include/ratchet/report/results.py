"""A night's stored results as the chapters read them: each may be missing, failed, or of an older shape.

What is said about a result belongs to the chapters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ratchet.contracts.estimates import Estimate
from ratchet.errors import NotComputable
from ratchet.report.logtext import Logged, logged, prose, text
from ratchet.report.view import Block, CellKind, Column, Evidence, Label, Paragraph, Section, Standing, Table, Tone

Row = Mapping[str, Any]
SHOWN_ROWS = 15
SHOWN_IDS = 5
# what the rest of a night stands on, in the order in which it runs
FOUNDATIONS = ("ingest", "check_raw", "build_marts", "check_marts")
AFTER = ("report", "publish")  # a report that is drawn again must not know of them


@dataclass(frozen=True, slots=True)
class Results:
    """The step results of one night and what became of each step."""

    day: date
    found: Mapping[str, Any]
    marks: Mapping[str, Row]

    @classmethod
    def of(cls, found: Mapping[str, Any], day: date) -> Results:
        """Wrap the results as they are stored; `steps` holds one mark a step, those after the report are left out."""
        marks = {str(mark["step"]): mark for mark in found.get("steps") or () if mark["step"] not in AFTER}
        ordered = dict(sorted(marks.items(), key=lambda pair: _place(pair[0])))
        nothing_landed = not found.get("load") and ordered.get("ingest", {}).get("state") == "done"
        return cls(day, {**found, "load": {"totals": {"lines": 0}}} if nothing_landed else found, ordered)

    def get(self, name: str) -> Row:
        """Return a result, empty where there is none."""
        result = self.found.get(name)
        return result if isinstance(result, Mapping) else {}

    def reason(self, step: str) -> str:
        """Return why a step failed or was skipped."""
        return str(self.marks.get(step, {}).get("reason") or "")

    def state(self, step: str) -> str:
        """Return `done`, `failed`, `skipped`, or nothing where the step left no mark."""
        return str(self.marks.get(step, {}).get("state") or "")

    def failed_steps(self) -> list[str]:
        """Return the steps that failed, in the order in which they were marked."""
        return [name for name, mark in self.marks.items() if mark.get("state") == "failed"]

    def failed_gate(self) -> Row | None:
        """Return the first gate that did not pass."""
        return next((g for g in rows(self.get("quality"), "gates") if not g.get("passed", True)), None)

    def standing(self, step: str, artifact: str) -> tuple[Standing, str]:
        """Return whether a step's result can be shown, else why not; a failed step's old result cannot."""
        state = self.state(step)
        if state in ("failed", "skipped"):
            return Standing(state), self.reason(step) or f"the step {step} gave no reason"
        if not self.get(artifact):
            return Standing.MISSING, f"the step {step} stored no result"
        return Standing.OK, ""

    def foundation(self) -> tuple[Standing, str]:
        """Return whether the numbers of this night can be relied on at all, else why not."""
        gate = self.failed_gate()
        if gate is not None:
            return Standing.GATED, str(gate.get("headline") or f"the {gate.get('stage')} gate failed")
        broken = next((s for s in FOUNDATIONS if self.state(s) == "failed"), None)
        if broken is None:
            return Standing.OK, ""
        standing = Standing.GATED if broken.startswith("check_") else Standing.SKIPPED
        return standing, f"{broken} failed: {self.reason(broken)}"


def _place(step: str) -> tuple[int, str]:
    return FOUNDATIONS.index(step) if step in FOUNDATIONS else len(FOUNDATIONS), step


def section(
    results: Results, name: str, title: str, step: str, artifact: str, draw: Callable[[Row], Sequence[Block]]
) -> Section:
    """Return a section drawn from a result, or one that says why there is none."""
    standing, reason = results.standing(step, artifact)
    blocks = tuple(draw(results.get(artifact))) if standing is Standing.OK else ()
    return Section(name, title, blocks, standing, prose(reason))


def rows(result: Row, key: str) -> list[Row]:
    """Return a table of a result, empty where it is missing."""
    found = result.get(key)
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, Sequence) else []


def total(result: Row, key: str) -> int:
    """Return a whole number of a result, 0 where it is missing."""
    value = result.get(key)
    return int(value) if isinstance(value, int | float) else 0


def estimate(record: Any, reason: str = "not part of this result") -> Estimate:
    """Return an estimate from `{value, n, low, high, reason}`."""
    if not isinstance(record, Mapping):
        return Estimate(NotComputable(reason), 0)
    note, value = str(record.get("reason") or ""), record.get("value")
    return Estimate(
        value=NotComputable(note or "no data") if value is None else float(value),
        n=int(record.get("n") or 0),
        low=record.get("low"),
        high=record.get("high"),
        note="" if value is None else note,
    )


def evidence(row: Row, quotes: str = "samples") -> Evidence:
    """Return the sample events of a row and, where it has them, texts from the log."""
    said = row.get(quotes) or ()
    texts = [said] if isinstance(said, str) else said
    return Evidence(event_ids(row), tuple(prose(t) for t in texts))


def event_ids(row: Row) -> tuple[Logged, ...]:
    """Return the sample event ids of a row."""
    return tuple(logged(i) for i in (row.get("sample_event_ids") or ())[:SHOWN_IDS])


def log_table(caption: str, columns: tuple[Column, ...], found: Sequence[Row], file: str | None = None) -> Table:
    """Return the first rows of a table whose texts may come from a log."""
    shown = tuple({c.key: _cell(row.get(c.key), c) for c in columns} for row in found[:SHOWN_ROWS])
    return Table(caption, columns, shown, len(found), file)


def _cell(value: Any, column: Column) -> Any:
    return logged(value) if column.cell is CellKind.TEXT else value


def without_empty(table: Table) -> list[Block]:
    """Return a table without the columns that hold no value at all, and a line that says why they are not there."""
    kept = tuple(c for c in table.columns if any(_has_value(row[c.key]) for row in table.rows))
    left = [c for c in table.columns if c not in kept]
    if not left:
        return [table]
    reasons = ((c.label, _why(table.rows[0][c.key])) for c in left)
    return [replace(table, columns=kept), *not_computable(reasons)]


def not_computable(missing: Iterable[tuple[str, str]]) -> list[Block]:
    """Return one sentence on what could not be computed, by its reason; none where nothing is missing.

    Args:
        missing: the name of each figure and why, which may be empty.
    """
    by_reason: dict[str, list[str]] = {}
    for name, why in missing:
        by_reason.setdefault(why, []).append(name)
    if not by_reason:
        return []
    parts = [part for why, names in by_reason.items() for part in ("; ", prose(_named(names, why)))]
    return [Paragraph(text("Not computable: ", *parts[1:], "."), Tone.MUTED)]


def _named(names: list[str], why: str) -> str:
    return f"{', '.join(names)} ({why})" if why else ", ".join(names)


def _has_value(cell: Any) -> bool:
    return cell is not None and not (isinstance(cell, Estimate) and cell.number is None)


def _why(cell: Any) -> str:
    return cell.value.reason if isinstance(cell, Estimate) and isinstance(cell.value, NotComputable) else ""


def whose(found: Sequence[Row]) -> str:
    """Return what the units of these rows are, such as `users`."""
    kinds = {str(row.get("unit_kind")) for row in found}
    kind = kinds.pop() if len(kinds) == 1 else ""
    return f"{kind}s" if kind in ("user", "session", "trace") else "units"


_TONES = {
    "healthy": Tone.GOOD,
    "degraded": Tone.WARN,
    "critical": Tone.BAD,
    "new": Tone.WARN,
    "growing": Tone.BAD,
    "escalating": Tone.BAD,
    "regressed after fix": Tone.BAD,
    "high": Tone.BAD,
    "medium": Tone.WARN,
    "shrinking": Tone.GOOD,
    "fixed": Tone.GOOD,
    "resolved": Tone.GOOD,
    "improving": Tone.GOOD,
    "declining": Tone.BAD,
    "unusually high": Tone.WARN,
    "unusually low": Tone.WARN,
}


def label(value: Any) -> Label:
    """Return a word of a closed set with its meaning."""
    word = str(value or "unknown").replace("_", " ")
    return Label(logged(word), _TONES.get(word, Tone.PLAIN))
