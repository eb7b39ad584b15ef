"""Experiments: what each one shows so far, its verdict, and what changed since the night before.

Whether its units can be believed is said in `experiment_checks.py`, what all of them brought in `programme.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from hashlib import sha256
from itertools import accumulate
from typing import Any

from ratchet.report import numbers
from ratchet.report.logtext import Text, logged, prose, text
from ratchet.report.numbers import Unit, count, plural
from ratchet.report.results import SHOWN_ROWS, Row, estimate, rows, total
from ratchet.report.sections.experiment_checks import audits, checks
from ratchet.report.sections.lifts import FILE, SHOWN_LINES, brief, forest, overview, primary, short_name, verdict_label
from ratchet.report.trial_view import Sample, Trial, Trials
from ratchet.report.view import Block, CellKind, Column, Fact, Paragraph, Table, Tone

SHOWN, SHOWN_PROBLEMS = 10, 5
_LINES = 54  # of all forest plots together: experiments of many arms take the place of others
_ARMS_OF_TWO = 2
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,60}")
_DECIDED = ("ship", "roll back")
VERDICTS = {
    "ship": Tone.GOOD,
    "roll back": Tone.BAD,
    "invalid": Tone.WARN,
    "inconclusive": Tone.PLAIN,
    "keep running": Tone.PLAIN,
    "not computable": Tone.MUTED,
}
MEANINGS = {
    "verdict": "ship: surely better, every guardrail surely within its margin, each day of the week seen; roll back: "
    "every treatment surely worse, or surely worse than a margin; keep running: open, with the days it may still take; "
    "inconclusive: over without a clear difference; invalid: what was seen cannot be believed, and the reason says why",
    "lift": "the treatment's value against the control's, as a relative change, with its confidence sequence: an "
    "interval that holds on all nights together, so that looking every night does no harm; it is wider than one for a "
    "single look",
    "margin": "how much worse a guardrail may be, relative to control; it is safe once its whole interval keeps the "
    "margin, and harmed once it is surely beyond",
    "p": "holds however often one looks, and is corrected: over arms for the primary metric (Holm), over secondaries "
    "(Benjamini–Hochberg); that of a guardrail is for harm beyond its margin, over the guardrails of an arm (Holm)",
    "sample": "units of all arms so far against those needed to find the minimum detectable effect with the planned "
    "power when one looks every night",
    "days_left": "until the planned sample is reached at the traffic of the last week, at most until the last outcome "
    "of the last unit counts",
    "detectable": "the relative effect that the present sample would find with the planned power",
    "sample_ratio": "chi-square test of the units of each arm against the weights; below 0.001 the experiment is "
    "invalid. Days and segments are corrected for their number (Holm)",
    "audit": "the variant of each unit that was new in the last days, computed again from its id, salt and weights, "
    "against the variant that was logged",
    "improved": "experiments that shipped, of those that ended with ship, roll back or inconclusive, with Wilson's "
    "95 % interval",
    "expected": "the lift as it most likely is: drawn toward the mean of all ended experiments by as much as chance "
    "explains (empirical Bayes), since the best of many measured lifts overstate",
    "overstated": "mean measured lift of what shipped minus its mean most likely lift",
    "realised": "lift seen after shipping over the most likely lift; 1 is all of it. The experiment's units since then "
    "against its control before, with whatever else changed; who stays away makes it look smaller",
}


def experiments(result: Row) -> list[Block]:
    """Return what changed, every experiment as a card, and earlier phases."""
    known = rows(result, "experiments")
    present = sorted((e for e in known if not _was_edited(e, known)), key=lambda e: _order(e, result))
    if not present:
        return [
            Paragraph(text("Nothing to judge: ", prose(result.get("reason"), "no reason was given"), ".")),
            *problems(result),
        ]
    found = audits(result)
    cards = _cards(present)
    shown = tuple(_trial(e, result, found.get(_key(e), {})) for e in present[:cards])
    blocks: list[Block] = [Paragraph(text(_lead(present, result))), *problems(result)]
    blocks += overview(present)
    blocks.append(Trials("Experiments", shown, len(present), FILE))
    return [*blocks, *_more(present[cards:]), *_earlier([e for e in known if _was_edited(e, known)])]


def _cards(present: list[Row]) -> int:
    """Return how many experiments have a card: as many as keep the page small, at least one."""
    lines = accumulate(min(len(rows(e, "comparisons")), SHOWN_LINES) for e in present[:SHOWN])
    return max(1, sum(n <= _LINES for n in lines))


def problems(result: Row) -> list[Block]:
    """Return what was wrong with files, one line each."""
    found = [p for p in result.get("problems") or () if isinstance(p, str)]
    shown: list[Block] = [Paragraph(text(prose(p)), Tone.WARN) for p in found[:SHOWN_PROBLEMS]]
    more = len(found) - SHOWN_PROBLEMS
    return shown + ([Paragraph(text(f"and {count(more)} more problems with files"), Tone.WARN)] if more > 0 else [])


def news(entry: Row, result: Row) -> tuple[str, ...]:
    """Return what is new about an experiment since the night before."""
    told = {(n.get("id"), n.get("phase")): n for n in rows(result, "news")}
    found = told.get(_key(entry))
    before = "" if found is None or not found.get("before") else f", was {logged(found.get('before'))}"
    said = [] if found is None else [f"new verdict{before}"]
    if entry.get("edited_on") and entry.get("edited_on") == result.get("as_of"):
        said.append(f"edited: phase {total(entry, 'phase')} begins")
    return tuple(said)


def _key(entry: Row) -> tuple[Any, Any]:
    return entry.get("id"), entry.get("phase")


def _was_edited(entry: Row, known: list[Row]) -> bool:
    """Return whether a later phase of the same experiment is there."""
    return any(e.get("id") == entry.get("id") and total(e, "phase") > total(entry, "phase") for e in known)


def _order(entry: Row, result: Row) -> tuple[bool, int, str]:
    verdict = str(entry.get("verdict"))
    place = list(VERDICTS).index(verdict) if verdict in VERDICTS else len(VERDICTS)
    return not news(entry, result), place, str(entry.get("id"))


def _lead(present: list[Row], result: Row) -> str:
    named = Counter(str(e.get("verdict")) for e in present)
    said = ", ".join(f"{count(named[v])} {v}" for v in VERDICTS if named[v])
    changed = sum(bool(news(e, result)) for e in present)
    since = (
        f"{count(changed)} {plural(changed, 'has', 'have')} news" if changed else "nothing new was decided or edited"
    )
    return f"{count(len(present), 'experiment')}: {said}. Since the night before, {since}."


def _trial(entry: Row, result: Row, audit: Row) -> Trial:
    units = entry.get("units") or {}
    sample = entry.get("sample") or {}
    return Trial(
        id=f"experiment-{place_name(entry.get('id'))}",
        name=text(short_name(entry.get("id"))),
        hypothesis=brief(entry.get("hypothesis")),
        verdict=verdict_label(entry.get("verdict"), VERDICTS),
        reason=prose(entry.get("reason"), "no reason was given"),
        news=news(entry, result),
        about=_about(entry, str(result.get("as_of"))),
        sample=Sample(sum(units.get("units") or ()), entry.get("planned_units") or sample.get("every_night")),
        facts=_facts(entry, sample, str(result.get("as_of"))),
        forest=forest(entry),
        checks=checks(entry, units, audit),
    )


def place_name(name: Any) -> str:
    """Return an id for the page: the name where it is plain, else a hash of it."""
    known = str(name)
    return known if _PLAIN.fullmatch(known) else sha256(known.encode(errors="surrogatepass")).hexdigest()[:12]


def _about(entry: Row, as_of: str) -> Text:
    arms = [short_name(a.get("name")) for a in rows(entry, "arms")]
    named = (arms[1], " against ", arms[0]) if len(arms) == _ARMS_OF_TWO else (count(len(arms), "arm"),)
    start = str(entry.get("started_on") or "")
    since = f", {'since' if start <= as_of else 'starts on'} {numbers.day(start)}" if start else ""
    phase = f", phase {total(entry, 'phase')}" if total(entry, "phase") > 1 else ""
    design = ", compared pair by pair" if entry.get("design") == "paired" else ""
    return text(*named, f"{since}{phase}{design}; flag ", short_name(entry.get("flag_key")))


def _facts(entry: Row, sample: Row, as_of: str) -> tuple[Fact, ...]:
    once, days = sample.get("single_look"), entry.get("days_left")
    ends = str(entry.get("ends_on") or "")
    when = f"{'ended' if ends <= as_of else 'ends'} {numbers.short_day(ends)}" if ends else "no end is known yet"
    if ends > as_of and entry.get("verdict") in _DECIDED:
        when = f"decided before its end, {numbers.short_day(ends)}"
    detectable = sample.get("detectable")
    planned_for = f"planned for {numbers.number(entry.get('mde'), Unit.SHARE)}"
    return (
        Fact("Days left", days, Unit.COUNT, "experiments-days_left", when),
        Fact("Detectable now", detectable, Unit.SHARE, "experiments-detectable", planned_for),
        Fact("For a single look", once, Unit.COUNT, "experiments-sample", "units at the end, none before"),
    )


def _more(entries: list[Row]) -> list[Block]:
    if not entries:
        return []
    columns = (
        Column("id", "Experiment"),
        Column("verdict", "Verdict", CellKind.LABEL, definition="experiments-verdict"),
        Column("lift", "Lift", CellKind.ESTIMATE, Unit.LIFT, "experiments-lift"),
        Column("days", "Days left", CellKind.NUMBER),
        Column("reason", "Why"),
    )
    shown = tuple(
        {
            "id": short_name(e.get("id")),
            "verdict": verdict_label(e.get("verdict"), VERDICTS),
            "lift": estimate(primary(e).get("lift"), "nothing was compared"),
            "days": e.get("days_left"),
            "reason": brief(e.get("reason")),
        }
        for e in entries[:SHOWN_ROWS]
    )
    return [Table("More experiments", columns, shown, len(entries), FILE)]


def _earlier(entries: list[Row]) -> list[Block]:
    if not entries:
        return []
    columns = (
        Column("id", "Experiment"),
        Column("phase", "Phase", CellKind.NUMBER),
        Column("from", "From"),
        Column("until", "Until"),
        Column("lift", "Lift, as seen then", CellKind.ESTIMATE, Unit.LIFT, "experiments-lift"),
    )
    shown = tuple(
        {
            "id": short_name(e.get("id")),
            "phase": total(e, "phase"),
            "from": numbers.day(e.get("started_on")),
            "until": numbers.day(e.get("ends_on")),
            "lift": estimate(primary(e).get("lift"), "nothing was compared"),
        }
        for e in entries[:SHOWN_ROWS]
    )
    return [Table("Phases that an edit ended; they count in no verdict", columns, shown, len(entries), FILE)]
