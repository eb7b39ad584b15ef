"""Workflows that waste calls or time as improvements: cache, stop, break or run at once, each as an experiment (R79).

What is wasted belongs to `analyze/workflows.py`; that a saving does no harm is told by the experiment alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ratchet.contracts.improvements import Improvement, ImprovementType, Priority
from ratchet.contracts.names import in_words
from ratchet.contracts.workflows import Verdict
from ratchet.generate.evidence import counted
from ratchet.generate.experiment_drafts import checked, draft

Row = Mapping[str, Any]
_METRICS = {
    "workflow_duration": ("duration_ms", "decrease"),
    "workflow_cost": ("cost_usd", "decrease"),
    "workflow_success": ("success", "increase"),
}


@dataclass(frozen=True, slots=True)
class _Saving:
    """One thing to try.

    Attributes:
        kind: of the row in mart_workflows.
        actions: of that row.
        does: what to do, as the first words of a title.
        why: what was found, in one sentence.
        todo: where to begin.
        calls: how many would be spared or run at once.
        spent: what they took.
        row: of `patterns.json`.
        threshold: the definition that it passed.
    """

    kind: str
    actions: tuple[str, ...]
    does: str
    why: str
    todo: str
    calls: int
    spent: Row
    row: Row
    threshold: str


def propose_workflows(patterns: Mapping[str, Any], as_of: date) -> list[Improvement]:
    """Return an improvement for everything that is surely wasted.

    Args:
        patterns: the content of `patterns.json`.
        as_of: the night's day.
    """
    meanings: Mapping[str, str] = patterns["definitions"]
    found = [*_repeats(patterns, meanings), *_loops(patterns, meanings), *_cycles(patterns, meanings)]
    return [_proposal(saving, as_of) for saving in (*found, *_pairs(patterns, meanings))]


def _avoidable(patterns: Mapping[str, Any], table: str) -> Iterator[Row]:
    return (row for row in patterns[table] if row["verdict"] == Verdict.AVOIDABLE.value)


def _repeats(patterns: Mapping[str, Any], meanings: Mapping[str, str]) -> Iterator[_Saving]:
    for row in _avoidable(patterns, "repeats"):
        name, known = in_words(row["action"], 40), row["changed"]
        age = f" of at most {row['oldest_s']:,.0f} s before" if row["oldest_s"] is not None else ""
        yield _Saving(
            "repeat",
            (row["action"],),
            f"Keep answers of {name} within a session",
            f"{counted(row['spared']['calls'], 'call')} in {counted(row['sessions'], 'session')} asked for what an "
            f"earlier one had answered the same, nothing written in between; of {known['n']:,} such calls "
            f"{known['value']:.0%} got another answer.",
            f"Answer it from memory for the same arguments{age}, until a step writes.",
            row["spared"]["calls"],
            row["spared"],
            row,
            meanings["changed"],
        )


def _loops(patterns: Mapping[str, Any], meanings: Mapping[str, str]) -> Iterator[_Saving]:
    for row in _avoidable(patterns, "loops"):
        name, chance = in_words(row["action"], 40), row["succeeds"]
        yield _Saving(
            "try",
            (row["action"],),
            f"Stop {name} after {row['failures']} failures in a row",
            f"Of {chance['n']:,} tries after {row['failures']} failures in a row or more, {chance['value']:.0%} "
            f"succeeded; in {counted(row['sessions'], 'session')} it failed three times in a row.",
            "Hand over to another step or to a person there, with the last error.",
            row["in_vain"]["calls"],
            row["in_vain"],
            row,
            meanings["succeeds"],
        )


def _cycles(patterns: Mapping[str, Any], meanings: Mapping[str, str]) -> Iterator[_Saving]:
    for row in _avoidable(patterns, "cycles"):
        first, second = in_words(row["first"], 40), in_words(row["second"], 40)
        yield _Saving(
            "cycle",
            (row["first"], row["second"]),
            f"Break the cycle of {first} and {second}",
            f"{counted(row['cycles'], 'time')} in {counted(row['sessions'], 'session')} both were called in turn with "
            "the same arguments and answered the same each time.",
            "Tell the agent after the second round that nothing changes, or end the request there.",
            row["in_vain"]["calls"],
            row["in_vain"],
            row,
            meanings["cycle"],
        )


def _pairs(patterns: Mapping[str, Any], meanings: Mapping[str, str]) -> Iterator[_Saving]:
    for row in _avoidable(patterns, "pairs"):
        first, second, free = in_words(row["first"], 40), in_words(row["second"], 40), row["free"]
        yield _Saving(
            "pair",
            (row["first"], row["second"]),
            f"Run {first} and {second} at once",
            f"Of {free['n']:,} times that one came right after the other, the second needed no word of the first one's "
            f"answer in {free['value']:.0%}; both only read. Waiting took {row['saved_ms'] / 1000:,.0f} s in "
            f"{counted(row['requests'], 'request')}.",
            "Start both together where both are wanted, and look whether the second is always wanted.",
            row["requests"],
            {"timed": row["requests"], "duration_ms": row["saved_ms"], "costed": 0, "cost_usd": None},
            row,
            meanings["pair"],
        )


def _proposal(saving: _Saving, as_of: date) -> Improvement:
    experiment = draft(
        "workflow",
        (saving.kind, *saving.actions),
        f"{saving.does}: requests get no worse and shorter or cheaper.",
        "changed",
        _metrics(saving.spent),
    )
    state, why = checked(experiment)
    return Improvement(
        type=ImprovementType.WORKFLOW_OPTIMIZATION,
        target=" / ".join(saving.actions),
        key=saving.kind,
        title=saving.does,
        why=saving.why,
        evidence={
            "mart": "mart_workflows",
            "window_days": 30,
            "row": {"kind": saving.kind, "actions": list(saving.actions)},
            "finding": {k: v for k, v in saving.row.items() if k != "sample_event_ids"},
            "sample_event_ids": list(saving.row["sample_event_ids"]),
            "threshold": saving.threshold,
            "judged_by": "the primary metric of the experiment",
            "experiment": experiment,
        },
        priority=Priority.MEDIUM,
        confidence=None,
        expected_effect=_saved(saving),
        proposed_on=as_of,
        reach=saving.calls,
        suggested_action=saving.todo,
        state=state,
        state_reason=why,
    )


def _metrics(spent: Row) -> dict[str, tuple[str, str]]:
    """Return what was measured of the waste, and success; the first one is to get better, the others not worse."""
    known = [name for name, n in (("workflow_duration", spent["timed"]), ("workflow_cost", spent["costed"])) if n]
    return {name: _METRICS[name] for name in (*known, "workflow_success")}


def _saved(saving: _Saving) -> str:
    spent, what = saving.spent, "waits" if saving.kind == "pair" else "calls"
    said = [f"up to {saving.calls:,} {what} in 30 days"]
    said += [f"{spent['duration_ms'] / 1000:,.0f} s"] if spent["duration_ms"] is not None else []
    said += [f"{spent['cost_usd']:,.2f} USD"] if spent["cost_usd"] is not None else []
    return ", ".join(said)
