"""Fixes of errors: what was made and proven, where each stands, and why other errors have none.

How many units an error hits is told by `errors.py`, what a deployed fix did by the chapter that measures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ratchet.contracts.fixes import Declined
from ratchet.contracts.improvements import ImprovementType, State
from ratchet.contracts.names import in_words
from ratchet.report.logtext import Logged, Text, logged, prose, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import Row, estimate, evidence, rows, total, without_empty
from ratchet.report.view import Block, CellKind, Column, Label, Link, Paragraph, Table, Tone

FILE = "fixes.csv"
SHOWN, SHOWN_FAILURES = 10, 3
_LONGEST = 120  # characters of a cell
REASONS = {
    Declined.NO_FAMILY: "no kind of fix is known for it",
    Declined.TOO_RARE: "too few failing calls",
    Declined.NO_OPERATION: "the log does not say which operation failed",
    Declined.NO_CONTEXT: "the log lacks what a replay needs",
    Declined.NO_SUCCESSES: "no successful call to learn from",
    Declined.NOT_FITTED: "nothing that was tried would have saved enough",
    Declined.SEVERAL_OPERATIONS: "it comes from several operations",
    Declined.UNSAFE_TO_REPEAT: "repeating the call could do something twice",
}
_STANDINGS = {
    State.PROPOSED: Label("proposed, not sure enough", Tone.PLAIN),
    State.VALIDATED: Label("waiting for a decision", Tone.WARN),
    State.APPROVED: Label("approved", Tone.GOOD),
    State.DEPLOYED: Label("deployed", Tone.GOOD),
    State.KEPT: Label("kept", Tone.GOOD),
    State.ROLLED_BACK: Label("undone", Tone.BAD),
    State.REJECTED: Label("rejected", Tone.PLAIN),
    State.SUPERSEDED: Label("superseded", Tone.PLAIN),
    State.EXPIRED: Label("expired", Tone.PLAIN),
    State.UNMEASURABLE: Label("deployed, not measurable", Tone.PLAIN),
}
_FAILED, _NEW = Label("failed its proof", Tone.BAD), Label("for a later night", Tone.PLAIN)
_HELD = Label("held back", Tone.BAD)
# what people look for first: what waits or is stopped, then what is in force
_ORDER = ("waiting for a decision", "held back", "approved", "deployed", "kept", "undone")


def fixes(result: Row, errors: Row, improvements: Row, failures: Sequence[str] = ()) -> list[Block]:
    """Return the fixes of the night and the errors without one.

    Args:
        result: fixes.json.
        errors: errors.json.
        improvements: improvements.json.
        failures: what the last publication could not bring to a target, one line each.
    """
    made, declined = rows(result, "fixes"), rows(result, "declined")
    known, titles = standings(improvements), {str(e.get("fingerprint")): e for e in rows(errors, "errors")}
    told = [Paragraph(line, Tone.BAD) for line in _failures(failures)]
    if not made and not declined:
        reason = prose(result.get("reason"), "no error is frequent enough")
        return [*told, Paragraph(text("Nothing to fix: ", reason, "."))]
    shown = [_fix(fix, titles, known) for fix in made]
    shown.sort(key=lambda row: _place(row["standing"]))
    files = [Link("Every fix with its proof; source and test lie beside it in fixes/", "fixes.json")] if made else []
    return [*told, Paragraph(text(_lead(shown, declined))), *_table(shown), *_without(declined, titles), *files]


def _failures(failures: Sequence[str]) -> list[Text]:
    shown = [text("Not published everywhere: ", _brief(line)) for line in failures[:SHOWN_FAILURES]]
    more = len(failures) - len(shown)
    return [*shown, text(f"{count(more)} more of this kind.")] if more else shown


def standings(improvements: Row) -> dict[str, Row]:
    """Return the improvements that fix errors, by id."""
    found = rows(improvements, "improvements")
    return {str(i["improvement_id"]): i for i in found if i.get("type") == ImprovementType.ERROR_FIX}


def standing_of(error: Row, improvements: Mapping[str, Row], declined: Mapping[str, Row]) -> Label | None:
    """Return what is being done about an error: where its furthest fix stands, or that it has none."""
    own = [_standing(i) for i in improvements.values() if i.get("target") == error.get("fingerprint")]
    if own:
        return min(own, key=_place)
    return Label("no fix", Tone.MUTED) if str(error.get("fingerprint")) in declined else None


def _lead(shown: list[dict[str, Any]], declined: list[Row]) -> str:
    waiting = sum(row["standing"].text == _STANDINGS[State.VALIDATED].text for row in shown)
    said = f"{count(len(shown), 'fix', 'fixes')} for frequent errors" if shown else "No error could be mended"
    said += f", {count(waiting)} of them waiting for a decision" if waiting else ""
    return f"{said}; {count(len(declined), 'error')} without one." if declined else f"{said}."


def _table(shown: list[dict[str, Any]]) -> list[Block]:
    columns = (
        Column("fix", "Fix", CellKind.LINES),
        Column("standing", "Standing", CellKind.LABEL),
        Column("saved", "Logged failures it saves", CellKind.ESTIMATE, Unit.SHARE, "fixes-saved"),
        Column("broken", "Past successes it breaks", CellKind.ESTIMATE, Unit.SHARE, "fixes-broken"),
        Column("unreplayable", "Not replayable", CellKind.NUMBER, definition="fixes-unreplayable"),
        Column("evidence", "Evidence", CellKind.EVIDENCE),
    )
    caption = "Fixes, replayed tonight in the sandbox"
    return without_empty(Table(caption, columns, tuple(shown[:SHOWN]), len(shown), FILE)) if shown else []


def _fix(fix: Row, titles: Mapping[str, Row], known: Mapping[str, Row]) -> dict[str, Any]:
    improvement = known.get(str(fix.get("fix_id")))
    standing = _standing(improvement) if improvement else _NEW if fix.get("holds") else _FAILED
    return {
        "fix": (
            text(_brief(fix.get("title") or "(no title)"), " (", logged(fix.get("fix_id")), ")"),
            text("for ", _error(titles.get(str(fix.get("fingerprint")), {}), fix)),
            text(_why(fix, improvement)),
        ),
        "standing": standing,
        "saved": estimate(fix.get("saved")),
        "broken": estimate(fix.get("broken")),
        "unreplayable": sum((fix.get("unreplayable") or {}).values()),
        "evidence": evidence(fix),
    }


def _why(fix: Row, improvement: Row | None) -> Any:
    if improvement is None:
        return _brief(fix.get("fails_because") or "beyond the limits of a night; it is proposed on a later one")
    version = improvement.get("published_version")
    said = _brief(improvement.get("state_reason"))
    return text(said, f"; since version {logged(version)}") if version else said


def _standing(improvement: Row) -> Label:
    state = str(improvement.get("state"))
    held = (improvement.get("evidence") or {}).get("held_back")
    if held and state in (State.VALIDATED, State.APPROVED):
        return _HELD
    return _STANDINGS[State(state)] if state in set(State) else Label(logged(state))


def _place(standing: Label) -> int:
    return _ORDER.index(standing.text) if standing.text in _ORDER else len(_ORDER)


def _error(error: Row, about: Row) -> Any:
    if not error:
        return _brief(about.get("fingerprint"))
    return _brief(f"{error.get('error_type') or 'error'}: {error.get('message_template') or '(no message)'}")


def _without(declined: list[Row], titles: Mapping[str, Row]) -> list[Block]:
    columns = (
        Column("error", "Error without a fix"),
        Column("units", "Units it hit", CellKind.NUMBER, definition="errors-units"),
        Column("reason", "Why there is none", definition="fixes-declined"),
        Column("said", "What was found"),
    )
    hurt = {str(no.get("fingerprint")): titles.get(str(no.get("fingerprint")), {}) for no in declined}
    order = sorted(declined, key=lambda no: -total(hurt[str(no.get("fingerprint"))], "units"))
    shown = tuple(
        {
            "error": _error(hurt[str(no.get("fingerprint"))], no),
            "units": hurt[str(no.get("fingerprint"))].get("units"),
            "reason": _reason(no),
            "said": _brief(no.get("said")),
        }
        for no in order[:SHOWN]
    )
    caption = "Errors without a fix, those that hit most units first"
    return [Table(caption, columns, shown, len(declined), "fixes_declined.csv")] if declined else []


def _brief(said: Any) -> Logged:
    """Return a sentence that is short even where words of a log have come into it."""
    return prose(in_words(str(said or ""), _LONGEST))


def _reason(declined: Row) -> str:
    code = str(declined.get("reason"))
    return REASONS[Declined(code)] if code in set(Declined) else prose(code)
