"""Whether the units of an experiment or a rollout can be believed: sample ratio, assignment, crossover."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.report import numbers
from ratchet.report.logtext import Text, prose, text
from ratchet.report.numbers import Unit, count
from ratchet.report.results import SHOWN_IDS, Row, rows, total
from ratchet.report.sections.lifts import brief, short_name
from ratchet.report.trial_charts import p_in_words
from ratchet.report.trial_view import Check
from ratchet.report.view import Evidence, Label, Tone

BROKEN_P, _ODD_P = 0.001, 0.01  # the first as in the rules of a verdict
_NAMED_ARMS = 4
_QUOTES = 3
_GOOD, _LOOK, _BAD = Label("fine", Tone.GOOD), Label("look closer", Tone.WARN), Label("broken", Tone.BAD)
_UNKNOWN = Label("not computable", Tone.MUTED)


def audits(result: Row) -> dict[tuple[Any, Any], Row]:
    """Return the audit of each trial and phase."""
    audit = result.get("audit")
    found = rows(audit, "trials") if isinstance(audit, Mapping) else []
    return {(t.get("trial_id"), t.get("phase")): t for t in found}


def checks(entry: Row, units: Row, audit: Row) -> tuple[Check, ...]:
    """Return what was checked about an experiment's units.

    Args:
        entry: its entry of the artifact.
        units: what its units say about themselves.
        audit: its audit, empty where there is none.
    """
    if not any(units.get("units") or ()):
        return ()
    return (_sample_ratio(entry, units), *assignment(audit), *_crossing(units, audit), *_outcome_first(units, audit))


def ratio_label(p: Any) -> Label:
    """Return whether a sample ratio holds."""
    return _UNKNOWN if p is None else _BAD if p < BROKEN_P else _GOOD


def _ratio_finding(p: Any, slices: list[Row]) -> Label:
    """Return the worst of the whole and its days and segments."""
    whole = ratio_label(p)
    if whole is _BAD or any(s["p"] < BROKEN_P for s in slices):
        return _BAD
    return _LOOK if slices else whole


def _sample_ratio(entry: Row, units: Row) -> Check:
    seen, expected, p = units.get("units") or (), units.get("expected_shares") or (), units.get("sample_ratio_p")
    arms = [short_name(a.get("name")) for a in rows(entry, "arms")]
    slices = [s for s in rows(units, "worst_slices") if s.get("p") is not None and s["p"] < _ODD_P]
    finding = _ratio_finding(p, slices)
    why = "not computable: fewer than 5 units are expected in an arm" if p is None else p_in_words(p)
    said: list[str] = []
    if len(arms) == len(seen) == len(expected) and len(arms) <= _NAMED_ARMS:
        for name, n, share in zip(arms, seen, expected, strict=True):
            said += [", " if said else "", name, f" {count(n)} ({numbers.number(share, Unit.SHARE)} expected)"]
    else:
        said.append(f"{count(len(seen))} arms with {count(min(seen))} to {count(max(seen))} units")
    said.append(f"; {why}")
    for s in slices:
        got = " / ".join(count(n) for n in (s.get("units") or ())[: 2 * _NAMED_ARMS])
        said += [
            "; stands out: ",
            f"{s.get('dimension')} ",
            short_name(s.get("value")),
            f" ({got}, {p_in_words(s['p'])})",
        ]
    return Check("Sample ratio", finding, text(*said, "."))


def assignment(audit: Row) -> tuple[Check, ...]:
    """Return whether the logged variants are those that the hash gives."""
    if not audit:
        return ()
    finding = {"agrees": _GOOD, "disagrees": _LOOK}.get(str(audit.get("verdict")), _UNKNOWN)
    quotes = tuple(
        brief(f"{s.get('unit_id')}: logged {s.get('logged')}, by its bucket {s.get('expected') or 'nobody’s'}")
        for s in rows(audit, "samples")[:_QUOTES]
    )
    said = text(_sentence(prose(audit.get("reason"))), _masked(audit))
    return (Check("Assignment", finding, said, Evidence(quotes=quotes)),)


def _sentence(reason: str) -> str:
    return prose(f"{reason[:1].upper()}{reason[1:].rstrip('.')}.")


def _masked(audit: Row) -> str:
    masked = total(audit, "masked")
    return f" {count(masked, 'unit')} with masked ids left out." if masked and total(audit, "checked") else ""


def _crossing(units: Row, audit: Row) -> tuple[Check, ...]:
    crossed, moved = total(units, "crossovers"), total(audit, "moved") or total(units, "rebucketed")
    whole = sum(units.get("units") or ())
    said = f"{count(crossed)} of {count(whole, 'unit')} met more than one variant; they count where they were first."
    if moved:
        said += f" {count(moved)} changed variant with an edit."
    return (
        Check("Crossover", _LOOK if crossed or moved else _GOOD, text(said), _examples(audit, "crossovers", "moved")),
    )


def _outcome_first(units: Row, audit: Row) -> tuple[Check, ...]:
    early = total(units, "exposed_after_outcome")
    if not early:
        return ()
    said: Text = text(f"{count(early, 'unit')} had an outcome before the first exposure; it does not count.")
    return (Check("Order", _LOOK, said, _examples(audit, "exposed_after_outcome")),)


def _examples(audit: Row, *names: str) -> Evidence:
    examples = audit.get("examples") or {}
    found = [unit for name in names for unit in examples.get(name) or ()]
    return Evidence(tuple(short_name(unit) for unit in dict.fromkeys(found))[:SHOWN_IDS])
