"""Feedback: what people think of the answers, and where they are not satisfied."""

from __future__ import annotations

from ratchet.report import charts
from ratchet.report.logtext import logged, shortened, text
from ratchet.report.numbers import Unit, count, plural
from ratchet.report.results import SHOWN_ROWS, Row, estimate, evidence, rows, total, without_empty
from ratchet.report.view import Bar, Bars, Block, CellKind, Column, Fact, Facts, Paragraph, Table, Tone

_TOP_SCORE = 10.0
_BARS = 8
_SIGNALS = 6
_QUESTIONS = 3
_LABEL = 60  # of a bar; the whole name stands in the CSV
_NAME = 32  # these are names of an action or a question, not texts
_DERIVED = {
    "rephrase_retry": "asked again in much the same words",
    "abandonment": "failed and given up",
    "escalation": "asked for a person",
}


def feedback(result: Row) -> list[Block]:
    """Return how satisfied people are and which intents disappoint them."""
    overall = next((o for o in rows(result, "overall") if o.get("window_days") == result.get("window_days")), {})
    if not total(overall, "scored"):
        nothing = Paragraph(text(f"Nothing to judge: {result.get('reason') or 'no feedback was logged'}."))
        return [nothing, *_did_next(result), *_agreement(rows(result, "agreement"))]
    blocks: list[Block] = [_facts(result, overall), Paragraph(text(_found(result)))]
    patterns = rows(result, "patterns")
    if patterns:
        blocks += without_empty(_pattern_table(patterns))
    blocks += [*_intent_bars(result, overall), *_left_out(result)]
    return [*blocks, *_did_next(result), *_calibration(result), *_agreement(rows(result, "agreement"))]


def _facts(result: Row, overall: Row) -> Facts:
    days = count(total(result, "window_days"), "day")
    return Facts(
        (
            _fact(f"Mean score of {days}, 0 to 10", overall.get("mean"), Unit.SCORE, "feedback-mean"),
            _fact("Low scores", overall.get("low_share"), Unit.SHARE, "feedback-low"),
            _fact("Requests with feedback", overall.get("response_rate"), Unit.SHARE, "feedback-response_rate"),
        )
    )


def _fact(name: str, record: object, unit: Unit, definition: str) -> Fact:
    found = estimate(record)
    return Fact(name, found.number, unit, definition, charts.uncertainty_in_words(found, unit))


def _found(result: Row) -> str:
    found, judged = len(rows(result, "patterns")), len(rows(result, "intents"))
    if result.get("reason"):
        return f"No intent was judged: {result['reason']}."
    if not found:
        return f"None of {count(judged, 'intent')} with enough scores disappoints beyond chance."
    return (
        f"{count(found, 'intent')} of {count(judged)} with enough scores {plural(found, 'disappoints', 'disappoint')}."
    )


def _pattern_table(patterns: list[Row]) -> Table:
    columns = (
        Column("intent", "Intent", definition="feedback-pattern"),
        Column("window", "Counted"),
        Column("mean", "Mean score, 0 to 10", CellKind.ESTIMATE, Unit.SCORE, "feedback-shrunk_mean"),
        Column("low_share", "Low scores", CellKind.ESTIMATE, Unit.SHARE, "feedback-low_share"),
        Column("lift", "Against the rest", CellKind.ESTIMATE, Unit.TIMES, "feedback-lift"),
        Column("words", "Words that stand out", definition="feedback-words"),
        Column("evidence", "Evidence", CellKind.EVIDENCE),
    )
    shown = tuple(map(_pattern, patterns[:SHOWN_ROWS]))
    return Table("Intents that disappoint, the worst first", columns, shown, len(patterns), "feedback_patterns.csv")


def _pattern(pattern: Row) -> dict[str, object]:
    judged = pattern.get("feedback") or {}
    words = ", ".join(str(w.get("word")) for w in rows(pattern, "words")[:5])
    return {
        "intent": logged(pattern.get("intent")),
        "window": count(total(pattern, "window_days"), "day"),
        "mean": estimate(judged.get("shrunk_mean")),
        "low_share": estimate(judged.get("low_share")),
        "lift": estimate(judged.get("lift")),
        "words": logged(words) if words else None,
        "evidence": evidence(pattern),
    }


def _intent_bars(result: Row, overall: Row) -> list[Block]:
    disappointing = {p.get("intent") for p in rows(result, "patterns")}
    found = sorted(
        rows(result, "intents"), key=lambda i: (estimate(i.get("shrunk_mean")).number or 0.0, str(i["intent"]))
    )
    bars = tuple(
        Bar(
            logged(shortened(str(i["intent"]), _LABEL)),
            estimate(i.get("shrunk_mean")),
            Tone.BAD if i["intent"] in disappointing else Tone.PLAIN,
        )
        for i in found[:_BARS]
    )
    if not bars:
        return []
    mean = estimate(overall.get("mean")).number
    return [
        Bars(
            "Mean score by intent, the lowest first",
            Unit.SCORE,
            bars,
            len(found),
            "feedback-shrunk_mean",
            _TOP_SCORE,
            mean,
            "all intents",
            "feedback_intents.csv",
        )
    ]


def _left_out(result: Row) -> list[Block]:
    left = [result.get("below_floor") or {}, result.get("without_intent") or {}]
    said = [f"{count(total(u, 'scored'), 'score')} ({u.get('reason')})" for u in left if total(u, "scored")]
    return [Paragraph(text(f"Not judged: {'; '.join(said)}."), Tone.MUTED)] if said else []


def _did_next(result: Row) -> list[Block]:
    """Return what people did after an answer, where it could be seen."""
    found = result.get("did_next") or {}
    shown = (
        _fact("Asked again in much the same words", found.get("rephrased"), Unit.SHARE, "feedback-rephrased"),
        _fact("Failed and given up", found.get("abandoned"), Unit.SHARE, "feedback-abandoned"),
        _fact("Asked for a person", found.get("escalated"), Unit.SHARE, "feedback-escalated"),
    )
    known = tuple(fact for fact in shown if fact.value is not None)
    return [Paragraph(text("What people did next, read from the log:")), Facts(known)] if known else []


def _calibration(result: Row) -> list[Block]:
    """Return what behaviour means by the scores of people who did both."""
    signals = rows(result, "calibration")
    derived = [s for s in signals if s.get("derived")]
    listed = [*[s for s in signals if not s.get("derived")][:_SIGNALS], *derived]
    columns = (
        Column("signal", "What people did", definition="feedback-calibration"),
        Column("seen", "Requests", CellKind.NUMBER),
        Column("table", "Score by the table", CellKind.NUMBER, Unit.SCORE),
        Column("explicit", "Score they gave", CellKind.ESTIMATE, Unit.SCORE, "feedback-calibration"),
        Column("verdict", "The table"),
    )
    shown = tuple(
        {
            "signal": logged(shortened(str(s.get("signal")), _NAME))
            if not s.get("derived")
            else f"{_DERIVED.get(str(s.get('signal')))} (derived)",
            "seen": total(s, "seen"),
            "table": s.get("map_score"),
            "explicit": estimate(s.get("explicit")),
            "verdict": str(s.get("verdict")),
        }
        for s in listed
    )
    caption = "What behaviour means, by scores of the same requests"
    return without_empty(Table(caption, columns, shown, len(signals), "feedback_calibration.csv")) if shown else []


def _agreement(found: list[Row]) -> list[Block]:
    """Return how far raters agree who judged the same things."""
    columns = (
        Column("raters", "Raters"),
        Column("question", "Question"),
        Column("items", "Things judged", CellKind.NUMBER),
        Column("alpha", "Krippendorff's alpha", CellKind.ESTIMATE, Unit.RATIO, "feedback-agreement"),
        Column("nominal", "As equal or not", CellKind.ESTIMATE, Unit.RATIO, "feedback-agreement"),
        Column("unanimous", "Unanimous", CellKind.ESTIMATE, Unit.SHARE, "feedback-unanimous"),
    )
    shown = tuple(
        {
            "raters": f"{a.get('rater') or 'unnamed'}, {a.get('kind')}",
            "question": logged(shortened(str(a.get("question")), _NAME)) if a.get("question") else None,
            "items": total(a, "items"),
            "alpha": estimate(a.get("alpha")),
            "nominal": estimate(a.get("alpha_nominal")),
            "unanimous": estimate(a.get("unanimous")),
        }
        for a in found[:_QUESTIONS]
    )
    if not shown:
        return []
    return without_empty(Table("How far raters agree", columns, shown, len(found), "feedback_agreement.csv"))
