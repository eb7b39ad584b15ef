"""Whether the data can be trusted: what the checks found on both gates."""

from __future__ import annotations

from ratchet.report.logtext import Text, logged, prose, text
from ratchet.report.numbers import count
from ratchet.report.results import SHOWN_ROWS, Results, Row, rows, total
from ratchet.report.view import Block, CellKind, Column, Label, Link, Paragraph, Section, Standing, Table, Tone

_WHERE = {"raw": "on what landed", "marts": "on the marts"}


def quality(results: Results) -> Section:
    """Return the section; a gate that did not pass is shown whatever became of its step."""
    gates = rows(results.get("quality"), "gates")
    if not gates:
        standing, reason = results.standing("check_raw", "quality")
        return Section("quality", "Data quality", (), standing, prose(reason))
    passed = all(g.get("passed") for g in gates)
    standing = Standing.OK if passed else Standing.GATED
    reason = "" if passed else str((results.failed_gate() or {}).get("headline") or "")
    return Section("quality", "Data quality", tuple(_gates(gates)), standing, prose(reason))


def _gates(gates: list[Row]) -> list[Block]:
    lines = [_gate_line(g) for g in gates]
    checks = [c for g in gates for c in rows(g, "results")]
    broken = [_check(c) for c in sorted(checks, key=lambda c: c.get("severity") != "fail") if c.get("passed") is False]
    columns = (
        Column("check", "Check"),
        Column("severity", "If broken", CellKind.LABEL),
        Column("expected", "Expected"),
        Column("observed", "Found"),
        Column("cure", "What to do"),
    )
    said: list[Block] = [Paragraph(line) for line in lines]
    if broken:
        said.append(Table("Checks that do not hold", columns, tuple(broken[:SHOWN_ROWS]), len(broken)))
    return [*said, *(_drawn(str(g.get("stage"))) for g in gates)]


def _drawn(stage: str) -> Link:
    label = f"Every check {_WHERE.get(stage, '')}, drawn by Great Expectations"
    return Link(" ".join(label.split()), f"data_docs/{stage}/index.html")


def _gate_line(gate: Row) -> Text:
    where = _WHERE.get(str(gate.get("stage")), "")
    held = total(gate, "checks") - total(gate, "failed") - total(gate, "warned") - total(gate, "not_judged")
    rest = [
        f"{count(total(gate, key))} {said}"
        for key, said in (("failed", "failed"), ("warned", "warned"), ("not_judged", "had no data to judge"))
        if total(gate, key)
    ]
    head = f"{count(held)} of {count(total(gate, 'checks'), 'check')} {where} held"
    return text("; ".join([head, *rest]), ".")


def _check(check: Row) -> dict[str, object]:
    column = f" · {check['column']}" if check.get("column") else ""
    severity = "stops the night" if check.get("severity") == "fail" else "warns"
    return {
        "check": logged(f"{check.get('suite')}.{check.get('check')}{column}"),
        "severity": Label(severity, Tone.BAD if check.get("severity") == "fail" else Tone.WARN),
        **{k: prose(check.get(k), "–") for k in ("expected", "observed", "cure")},
    }
