"""The first screen: are we better, what did the system do, what needs me, and what failed."""

from __future__ import annotations

from collections.abc import Iterable

from ratchet.report import numbers
from ratchet.report.logtext import Text, logged, prose, text
from ratchet.report.numbers import count, plural
from ratchet.report.results import Results, Row, rows, total
from ratchet.report.sections import improvements, kpis, landing
from ratchet.report.sections.health import missed, why_unwell
from ratchet.report.view import Item, KeyFigure, Listing, Standing, Status, Tone

_SHOWN_DONE = 8
_FIGURES = 5
_NO_DATA = "no data"  # how `ingest` begins its reason when nothing has landed at all
_OF_HEALTH = {
    "healthy": Status.HEALTHY,
    "degraded": Status.DEGRADED,
    "critical": Status.CRITICAL,
    "no data": Status.NO_DATA,
    "stale": Status.STALE,
}
_LABELS = {
    Status.FAILED_GATE: "Failed gate",
    Status.FAILED: "Night failed",
    Status.NO_DATA: "No data",
    Status.STALE: "Stale",
    Status.CRITICAL: "Critical",
    Status.DEGRADED: "Degraded",
    Status.HEALTHY: "Healthy",
    Status.UNKNOWN: "Not known",
}


def status(found: Results) -> tuple[Status, str, Text]:
    """Return how the night stands, the word for it, and why; worst news first, silence is never healthy."""
    state, reason = _status(found)
    return state, _LABELS[state], text(prose(f"{reason[:1].upper()}{reason[1:]}"), ".")


def _status(found: Results) -> tuple[Status, str]:
    standing, why = found.foundation()
    if found.state("ingest") == "failed" and found.reason("ingest").startswith(_NO_DATA):
        return Status.NO_DATA, found.reason("ingest").rstrip(".")
    if standing is not Standing.OK:
        return (Status.FAILED_GATE if standing is Standing.GATED else Status.FAILED), why.rstrip(".")
    health = found.get("health")
    if not health or found.state("health") in ("failed", "skipped"):
        return Status.UNKNOWN, f"health was not computed: {found.reason('health') or 'no result was stored'}".rstrip(
            "."
        )
    state = _OF_HEALTH.get(str(health.get("status")).replace("_", " "), Status.UNKNOWN)
    return state, why_unwell(health) or "no reason was given"


def headline(found: Results, state: Status) -> Text:
    """Return the night in one or two sentences."""
    if state is Status.FAILED_GATE:
        return text("The data failed its checks, so nothing new is published.")
    if state is Status.FAILED:
        broken = found.failed_steps()
        return text(f"The night could not be finished: {logged(broken[0])} failed.")
    if not total(found.get("load").get("totals") or {}, "lines") and state is Status.NO_DATA:
        return text(f"No log line landed on {numbers.day(found.day)}, so there is nothing to judge.")
    return text(*_news(found), *_work(found))


def _news(found: Results) -> list[str]:
    known = kpis.figures(_shown(found, "kpis"))
    success = next((f for f in known if f.metric == "success_rate"), None)
    if success is None or success.estimate.number is None:
        return ["There is no success rate to judge this night by. "]
    others = [f for f in known if f is not success and f.metric in kpis.FIRST]
    return [_success(success), *_others(success.change.tone, others), ". "]


def _success(success: KeyFigure) -> str:
    now, change = numbers.number(success.estimate.number, success.unit), success.change
    moved = numbers.change(abs(change.value or 0.0), success.unit).lstrip("+")
    if change.tone is Tone.GOOD:
        return f"Success rose {moved} on a week before, to {now}"
    if change.tone is Tone.BAD:
        return f"Success fell {moved} on a week before, to {now}"
    if change.value is None:
        return f"Success is {now}, with no week before to compare with"
    return f"Success is {now}, with no clear change on a week before"


def _others(success: Tone, others: list[KeyFigure]) -> list[str]:
    """Name the worst news beside success; good news only where there is none."""
    worse, better = ([f.label.lower() for f in others if f.change.tone is t][:2] for t in (Tone.BAD, Tone.GOOD))
    if worse:
        return [f", {'and' if success is Tone.BAD else 'but'} {_joined(worse)} got worse"]
    return [f", {'but' if success is Tone.BAD else 'and'} {_joined(better)} got better"] if better else []


def _work(found: Results) -> list[str]:
    parts = [
        _some(len(rows(_shown(found, "features"), "features")), "feature gap", "stands out", "stand out"),
        _some(len(rows(_shown(found, "feedback"), "patterns")), "intent", "disappoints", "disappoint"),
        _some(
            len(improvements.waiting(_shown(found, "improvements"))),
            "proposal",
            "waits for a decision",
            "wait for a decision",
        ),
    ]
    said = [p for p in parts if p]
    if not said:
        return ["No new finding is strong enough to act on."]
    return [f"{_joined(said)}."]


def _some(n: int, noun: str, one: str, many: str) -> str:
    return f"{count(n, noun)} {plural(n, one, many)}" if n else ""


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _shown(found: Results, name: str) -> Row:
    """Return a result unless its step failed tonight."""
    step = {"features": "gaps", "load": "ingest", "fixes": "proofs"}.get(name, name)
    return {} if found.state(step) in ("failed", "skipped") else found.get(name)


def figures(found: Results) -> tuple[KeyFigure, ...]:
    """Return five key figures: those that can be computed first, each group in its own order."""
    known = [f for f in kpis.figures(_shown(found, "kpis")) if f.metric in kpis.FIRST]
    return tuple(sorted(known, key=lambda f: f.estimate.number is None)[:_FIGURES])


def lists(found: Results) -> tuple[Listing, ...]:
    """Return what the system did, what needs the reader, and what failed."""
    done = [name for name, mark in found.marks.items() if mark.get("state") == "done"]
    return (
        _listing("What the system did", _did(found), "Nothing: no step of this night finished.", shown=_SHOWN_DONE),
        _listing("What needs you", _needs(found), "Nothing waits for you.", "improvements"),
        _listing("What failed or warned", _failed(found), f"Nothing: {count(len(done), 'step')} finished."),
    )


def _listing(title: str, found: Iterable[Item], empty: str, target: str | None = None, shown: int = 5) -> Listing:
    items = tuple(found)
    return Listing(title, items[:shown], empty, len(items), target)


def _did(found: Results) -> Iterable[Item]:
    if load := _shown(found, "load"):
        read = "Read " if total(load.get("totals") or {}, "lines") else ""
        yield Item(text(read, landing.summary(load)), target="landing")
    checks = [c for g in rows(found.get("quality"), "gates") for c in rows(g, "results")]
    if checks:
        yield Item(text(f"Ran {count(len(checks), 'check')} on the data."), target="quality")
    if total(features := _shown(found, "features"), "requests"):
        looked = f"Looked for gaps in {count(total(features, 'requests'), 'request')}"
        yield Item(text(f"{looked}, found {count(len(rows(features, 'features')))}."), target="gaps")
    if total(errors := _shown(found, "errors"), "kinds"):
        judged = f"{count(len(rows(errors, 'errors')))} of {count(total(errors, 'kinds'), 'kind')} of error"
        yield Item(text(f"Ranked {judged}."), target="errors")
    yield from _verified(found)
    if trials := _judged(found):
        yield Item(text(f"Judged {_joined(trials)}{_verdicts(found)}."), target="experiments")
    if _shown(found, "improvements"):
        yield Item(_proposed(found), target="improvements")


def _verified(found: Results) -> Iterable[Item]:
    """Yield what was proven, kept or undone."""
    proven = rows(_shown(found, "fixes"), "fixes")
    if proven:
        held = sum(fix.get("holds") is True for fix in proven)
        yield Item(
            text(f"Replayed {count(len(proven), 'fix', 'fixes')} on logged failures: {count(held)} held."),
            target="fixes",
        )
    verdicts = _shown(found, "impact").get("verdicts") or {}
    kept, undone = total(verdicts, "kept"), total(verdicts, "rolled_back")
    if kept or undone:
        yield Item(text(f"Kept {count(kept)} and undid {count(undone)} of what was deployed."), target="impact")


def _judged(found: Results) -> list[str]:
    keys = {"experiment": "id", "rollout": "rollout_id"}
    known = {noun: {r.get(key) for r in rows(_shown(found, f"{noun}s"), f"{noun}s")} for noun, key in keys.items()}
    return [count(len(ids), noun) for noun, ids in known.items() if ids]


def _verdicts(found: Results) -> str:
    new = len(rows(_shown(found, "experiments"), "news"))
    return f"; {count(new, 'verdict')} {plural(new, 'is', 'are')} new" if new else ""


def _proposed(found: Results) -> Text:
    made = rows(_shown(found, "improvements"), "improvements")
    new = sum(i.get("proposed_on") == found.day.isoformat() for i in made)
    return text(
        f"Made {count(new) if new else 'no'} new {plural(new, 'proposal', 'proposals')}; {count(len(made))} in all."
    )


def _needs(found: Results) -> Iterable[Item]:
    gate = found.failed_gate()
    if gate is not None:
        first = next((c for c in rows(gate, "results") if c.get("passed") is False and c.get("severity") == "fail"), {})
        yield Item(text("Cure the data: ", prose(first.get("cure") or gate.get("headline"))), Tone.BAD, "quality")
    for step in found.failed_steps():
        if gate is None or not step.startswith("check_"):
            yield Item(text(f"Repair the step {logged(step)} and run the night again."), Tone.BAD)
    health = _shown(found, "health")
    if str(health.get("status")) in ("degraded", "critical"):
        yield Item(_unwell(health), Tone.WARN, "health")
    for i in improvements.waiting(_shown(found, "improvements")):
        owner = (", assigned to ", prose(i["assigned_to"])) if i.get("assigned_to") else ()
        said = text("Decide: ", prose(i.get("title")), f", {i.get('priority')} priority", *owner)
        yield Item(said, target=f"improvement-{i.get('improvement_id')}")


def _unwell(health: Row) -> Text:
    n = len(missed(health))
    if not n:
        return text("Look at the health: ", prose(health.get("reason")))
    judged = count(len(rows(health, "objectives")), "objective")
    return text(f"Look at the health: {count(n)} of {judged} {plural(n, 'is', 'are')} not met.")


def _failed(found: Results) -> Iterable[Item]:
    for gate in rows(found.get("quality"), "gates"):
        for check in (c for c in rows(gate, "results") if c.get("passed") is False):
            tone = Tone.BAD if check.get("severity") == "fail" else Tone.WARN
            name = logged(f"{check.get('check')} of {check.get('suite')}".replace("_", " "))
            said = " failed: " if tone is Tone.BAD else " warned: "
            yield Item(text("Data check ", name, said, prose(check.get("observed"))), tone, "quality")
    for artifact in ("experiments", "rollouts"):
        for problem in _shown(found, artifact).get("problems") or ():
            yield Item(text(prose(problem)), Tone.WARN, artifact)
    for step in found.failed_steps():
        if not step.startswith("check_") or found.failed_gate() is None:
            yield Item(text(f"{logged(step)}: ", prose(found.reason(step))), Tone.BAD)
    skipped = [name for name, mark in found.marks.items() if mark.get("state") == "skipped"]
    if skipped:
        yield Item(text(f"Not run for want of them: {', '.join(skipped)}."), Tone.WARN)
