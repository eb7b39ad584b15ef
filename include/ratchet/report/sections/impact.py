"""What deployed fixes did: verdict, before and with each of them, and whether the estimate can be believed."""

from __future__ import annotations

from datetime import date
from typing import Any

from ratchet.contracts.estimates import Estimate
from ratchet.report import charts, numbers
from ratchet.report.impact_view import Effect, EffectDay, Effects
from ratchet.report.logtext import Text, logged, prose, shortened, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import Row, estimate, rows, total
from ratchet.report.sections.lifts import brief, short_name
from ratchet.report.trial_view import Check
from ratchet.report.view import Block, Fact, Label, Paragraph, Tone

FILE = "impact.json"
SHOWN, SHOWN_TITLE = 5, 80
VERDICTS = {
    "rolled_back": Tone.BAD,
    "kept": Tone.GOOD,
    "unmeasurable": Tone.WARN,
    "undecided": Tone.PLAIN,
}
ESTIMATORS = {
    "experiment": "by an experiment on it",
    "difference_in_differences": "against intents that no fixed error hits",
    "interrupted_time_series": "against the days before",
}


def impact(result: Row) -> list[Block]:
    """Return every fix under judgement as a card."""
    found = sorted(rows(result, "impacts"), key=_order)
    if not found:
        said = prose(result.get("reason"), "no deployed improvement is under judgement")
        return [Paragraph(text("Nothing to judge: ", said, "."))]
    verdicts = result.get("verdicts") or {}
    named = ", ".join(f"{count(int(verdicts[v]))} {v.replace('_', ' ')}" for v in VERDICTS if verdicts.get(v))
    lead = f"{count(len(found), 'deployed fix', 'deployed fixes')} under judgement: {named}."
    shown = tuple(map(_effect, found[:SHOWN]))
    return [Paragraph(text(lead)), Effects("Deployed fixes", shown, len(found), FILE)]


def verdict_label(value: Any) -> Label:
    """Return a verdict with its tone."""
    word = str(value)
    return Label(logged(word.replace("_", " ")), VERDICTS.get(word, Tone.PLAIN))


def _order(row: Row) -> tuple[int, str]:
    verdict = str(row.get("verdict"))
    place = list(VERDICTS).index(verdict) if verdict in VERDICTS else len(VERDICTS)
    return place, str(row.get("improvement_id"))


def _effect(row: Row) -> Effect:
    before, with_fix = estimate(row.get("before")), estimate(row.get("with_fix"))
    return Effect(
        id=f"impact-{logged(row.get('improvement_id'))}",
        name=text(logged(shortened(logged(row.get("title")), SHOWN_TITLE))),
        verdict=verdict_label(row.get("verdict")),
        reason=brief(row.get("reason")) or "no reason was given",
        about=_about(row),
        facts=_facts(row, before, with_fix),
        days=tuple(_day(d) for d in rows(row, "days")),
        before=before,
        with_fix=with_fix,
        checks=tuple(_check(c) for c in rows(row, "checks")),
    )


def _about(row: Row) -> Text:
    how = ESTIMATORS.get(str(row.get("estimator")))
    judged = f"; judged {how}" if how else ""
    since = numbers.day(row.get("deployed_on"))
    until = numbers.short_day(row.get("measured_until"))
    error = short_name(row.get("fingerprint"))
    return text(
        f"Deployed {since}, horizon {until}{judged}; error ", error, ", improvement ", logged(row.get("improvement_id"))
    )


def _facts(row: Row, before: Estimate, with_fix: Estimate) -> tuple[Fact, ...]:
    saved, adoption = estimate(row.get("saved")), estimate(row.get("adoption"))
    facts = (
        _fact("Failed before", before, Unit.SHARE, "impact-effect"),
        _fact("Failed with the fix", with_fix, Unit.SHARE, "impact-effect"),
        _fact("Change", estimate(row.get("relative")), Unit.LIFT, "impact-relative"),
        _fact("Requests spared", saved, Unit.COUNT, "impact-saved"),
        _fact(
            "Any failure, of requests", estimate(row.get("all_failures")), Unit.LIFT, "impact-all_failures", points=True
        ),
    )
    loaded = (
        f"loaded by {numbers.number(adoption.number, Unit.SHARE)} of requests" if adoption.number is not None else ""
    )
    days = Fact("Days with the fix", total(row, "days_with"), Unit.COUNT, "impact-adoption", loaded)
    return (*(f for f in facts if f.value is not None), days)


def _fact(name: str, known: Estimate, unit: Unit, definition: str, *, points: bool = False) -> Fact:
    note = "difference" if points else charts.uncertainty_in_words(known, unit)
    if points:
        note = " \N{MIDDLE DOT} ".join(filter(None, [numbers.interval(known.low, known.high, unit), note]))
    return Fact(name, known.number, unit, definition, note)


def _day(row: Row) -> EffectDay:
    attempts, failed = total(row, "attempts"), total(row, "failed")
    share = failed / attempts if attempts else None
    return EffectDay(date.fromisoformat(str(row["day"])), share, bool(row.get("with_fix")), bool(row.get("counted")))


def _check(row: Row) -> Check:
    passed = row.get("passed")
    finding = Label("not checked", Tone.MUTED) if passed is None else Label("passed", Tone.GOOD)
    if passed is False:
        finding = Label("speaks against it", Tone.BAD) if row.get("blocks") else Label("allowed for", Tone.WARN)
    return Check(str(logged(row.get("name"))).capitalize(), finding, text(brief(row.get("said"))))
