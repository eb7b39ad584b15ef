"""Rollouts: which stage each feature has reached, whether its guardrails hold, and what comes next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from ratchet.report import numbers
from ratchet.report.logtext import Text, logged, prose, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import Row, estimate, rows, total
from ratchet.report.sections.experiment_checks import assignment, audits, ratio_label
from ratchet.report.sections.experiments import place_name, problems
from ratchet.report.sections.lifts import OUTCOMES, brief, short_name, signed, unit_of, verdict_label, wanted
from ratchet.report.sections.stages import NOT_STARTED, OFF, groups, spans
from ratchet.report.trial_charts import p_in_words, percentage
from ratchet.report.trial_view import Check, Forest, Interval, Timeline, Timelines
from ratchet.report.view import Block, CellKind, Column, Fact, Label, Paragraph, Table, Tone

FILE = "rollouts.json"
SHOWN, SHOWN_GUARDRAILS = 6, 6
ACTIONS = {
    "roll back": Tone.BAD,
    "advance": Tone.GOOD,
    "hold": Tone.PLAIN,
    "no data": Tone.WARN,
    "done": Tone.MUTED,
}
_RATE = "share"


def rollouts(result: Row, experiments: Row) -> list[Block]:
    """Return every rollout as a card with its stages over time.

    Args:
        result: rollouts.json.
        experiments: experiments.json, whose audit covers rollouts too.
    """
    found = sorted(rows(result, "rollouts"), key=_order)
    if not found:
        return [
            Paragraph(text("Nothing to judge: ", prose(result.get("reason"), "no reason was given"), ".")),
            *problems(result),
        ]
    known, as_of = audits(experiments), str(result.get("as_of"))
    shown = tuple(_timeline(r, as_of, known.get((r.get("rollout_id"), r.get("phase")), {})) for r in found[:SHOWN])
    return [Paragraph(text(_lead(found))), *problems(result), Timelines("Rollouts", shown, len(found), FILE)]


def moved_today(entry: Row, as_of: str) -> str:
    """Return which stage was entered on the night's day or begins after it, empty where none was."""
    last = (rows(entry, "phases") or [{}])[-1]
    return str(last.get("stage")) if str(last.get("starts_at") or "")[:10] >= as_of and last else ""


def _order(entry: Row) -> tuple[int, str]:
    verdict = str(entry.get("verdict"))
    return (list(ACTIONS).index(verdict) if verdict in ACTIONS else len(ACTIONS)), str(entry.get("rollout_id"))


def _lead(found: list[Row]) -> str:
    named = Counter(str(r.get("verdict")) for r in found)
    said = ", ".join(f"{count(named[v])} {v}" for v in ACTIONS if named[v])
    return f"{count(len(found), 'rollout')}: {said}."


def _timeline(entry: Row, as_of: str, audit: Row) -> Timeline:
    begun = rows(entry, "phases")
    entered = moved_today(entry, as_of)
    return Timeline(
        id=f"rollout-{place_name(entry.get('rollout_id'))}",
        name=text(short_name(entry.get("rollout_id"))),
        description=brief(entry.get("description")),
        verdict=_verdict(entry),
        reason=prose(entry.get("reason"), "no reason was given"),
        news=(f"new stage: {short_name(entered)}",) if entered else (),
        about=_about(entry),
        next_step=_next(entry),
        spans=spans(entry, as_of),
        from_day=str(begun[0].get("starts_at"))[:10] if begun else "",
        to_day=as_of,
        facts=_facts(entry),
        forest=_forest(entry),
        objectives=_objectives(entry),
        checks=(*_recovery(entry), *_sample_ratio(entry), *assignment(audit)),
    )


def _verdict(entry: Row) -> Label:
    if entry.get("stage") == OFF:
        return Label("rolled back", Tone.PLAIN)
    return verdict_label(entry.get("verdict"), ACTIONS)


def _about(entry: Row) -> Text:
    mover = "the application moves it" if entry.get("moved_by") == "application" else "Ratchet moves it"
    attempt = f", attempt {total(entry, 'attempt')}" if total(entry, "attempt") > 1 else ""
    edited = "; its file was edited since" if entry.get("edited") else ""
    return text("flag ", short_name(entry.get("flag_key")), f"; {mover}{attempt}{edited}")


def _next(entry: Row) -> Text:
    stage, share = entry.get("next_stage"), entry.get("next_percentage")
    suggests = entry.get("moved_by") == "application"
    if entry.get("verdict") == "roll back":
        return text(
            "Next: the application should take it back from everyone" if suggests else "Next: nobody has it", "."
        )
    if not stage or share is None:
        return text("")
    who = "the application may move it to " if suggests else ""
    plan: Row = next((p for p in rows(entry, "plan") if p.get("stage") == stage), {})
    also = [part for g in groups(plan) for part in (" and ", g)] if entry.get("stage") == NOT_STARTED else []
    return text(f"Next: {who}stage ", short_name(stage), f", {percentage(float(share))} of units", *also, ".")


def _facts(entry: Row) -> tuple[Fact, ...]:
    if not total(entry, "phase"):
        return ()
    return (
        Fact("Have it now", float(entry.get("percentage") or 0.0) / 100, Unit.SHARE, None, "of units, groups aside"),
        Fact("Hours in this stage", entry.get("hours"), Unit.COUNT),
        Fact(
            "Units with it", total(entry, "units_on"), Unit.COUNT, None, f"{count(total(entry, 'units_off'))} without"
        ),
    )


def _forest(entry: Row) -> Forest | None:
    found = rows(entry, "guardrails")
    if not found:
        return None
    lines = tuple(
        Interval(
            label=text(short_name(g.get("metric"))),
            note=text(f"guardrail, {wanted(g.get('direction'))}"),
            lift=estimate(g.get("lift")),
            outcome=verdict_label(g.get("finding"), OUTCOMES),
            margin=signed(g.get("margin"), g.get("direction")),
            control=estimate({"value": g.get("control"), "n": 0}),
            treatment=estimate({"value": g.get("treatment"), "n": 0}),
            unit=unit_of(g.get("metric")),
        )
        for g in found[:SHOWN_GUARDRAILS]
    )
    return Forest("Guardrails: with against without the feature", lines, len(found), "rollouts-lift", FILE)


def _objectives(entry: Row) -> Table | None:
    found = rows(entry, "objectives")
    if not found:
        return None
    columns = (
        Column("name", "Objective"),
        Column("met", "Finding", CellKind.LABEL),
        Column(_RATE, "Measured", CellKind.ESTIMATE, Unit.SHARE),
        Column("wanted", "Wanted", CellKind.NUMBER, Unit.SHARE),
    )
    shown = tuple(
        {"name": _objective_name(o), "met": _met(o), _RATE: estimate(o.get(_RATE)), "wanted": o.get("wanted")}
        for o in found[:SHOWN_GUARDRAILS]
    )
    return Table("Objectives of this stage, whose users are not random", columns, shown, len(found), FILE)


def _objective_name(objective: Row) -> Text:
    target = float(objective.get("target") or 0.0)
    within = f": requests within {target:,.0f} ms" if target > 1 else ""
    return text(logged(objective.get("name")), within)


def _met(objective: Mapping[str, Any]) -> Label:
    if objective.get("is_critical"):
        return Label("critical", Tone.BAD)
    words = {True: Label("met", Tone.GOOD), False: Label("breached", Tone.BAD)}
    met = objective.get("met")
    return words[met] if isinstance(met, bool) else Label("too few to judge", Tone.MUTED)


def _recovery(entry: Row) -> tuple[Check, ...]:
    """Return whether what was harmed came back after a roll back."""
    found = entry.get("recovery")
    if not isinstance(found, Mapping):
        return ()
    tones = {"recovered": Tone.GOOD, "not yet": Tone.BAD}
    finding = str(found.get("finding"))
    label = Label(finding, tones.get(finding, Tone.MUTED))
    since = numbers.short_day(str(found.get("since")))
    said = text(f"Since {since}: ", prose(found.get("reason"), "no reason was given"), ".")
    return (Check("Recovery", label, said),)


def _sample_ratio(entry: Row) -> tuple[Check, ...]:
    p = entry.get("sample_ratio_p")
    if p is None:
        return ()
    said = (
        f"{count(total(entry, 'units_on'))} with and {count(total(entry, 'units_off'))} without the feature at "
        f"{percentage(float(entry.get('percentage') or 0.0))}; {p_in_words(p)}."
    )
    return (Check("Sample ratio", ratio_label(p), text(said)),)
