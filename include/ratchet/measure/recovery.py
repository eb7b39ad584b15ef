"""Whether a guardrail came back after a roll back (R52).

The units of the stage that was rolled back are still a random split: those that had had the feature against those that
had not, both without it now. Where the stage was not random its objectives say it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from ratchet.contracts.rollout_verdicts import Finding, GuardrailResult, ObjectiveResult, Recovered, Recovery
from ratchet.contracts.rollouts import Phase, Rollout, Stage
from ratchet.measure import rollout_words as words
from ratchet.measure.guardrails import judge_guardrails


def recovery_of(
    rollout: Rollout,
    phase: Phase,
    arms: tuple[pd.DataFrame, pd.DataFrame],
    objectives: Sequence[ObjectiveResult],
    since: date,
    as_of: date,
) -> Recovery:
    """Return what the nights since a roll back say.

    Args:
        rollout: as its file says.
        phase: that was rolled back.
        arms: rows of the follow-up without and with the feature in that phase, by metric.
        objectives: judged for those that had had it.
        since: the first day on which it surely was off.
        as_of: the night's day.
    """
    if since > as_of:
        return Recovery(since, Recovered.UNKNOWN, "it was turned off only now", (), ())
    if not phase.randomised:
        return _by_objectives(since, objectives)
    stage = rollout.stage(phase.stage) or Stage(name=phase.stage, percentage=phase.percentage)
    fewest = min((int(arm["units"].max()) if len(arm) else 0) for arm in arms)
    if fewest < stage.min_units:
        return Recovery(since, Recovered.UNKNOWN, f"only {words.units(fewest)} in an arm of that stage", (), ())
    days = (as_of - since).days + 1
    found = judge_guardrails(rollout.guardrails, *arms, rollout.alpha, days)
    return Recovery(since, _overall([_of(g) for g in found]), "; ".join(_words(g) for g in found), found, ())


def _by_objectives(since: date, objectives: Sequence[ObjectiveResult]) -> Recovery:
    if not objectives:
        return Recovery(since, Recovered.UNKNOWN, "that stage was not random, and no objective is set for it", (), ())
    states = {True: Recovered.YES, False: Recovered.NOT_YET, None: Recovered.UNKNOWN}
    said = [
        words.below_floor(o) if o.met is None else words.breach(o, "kept" if o.met else "breached") for o in objectives
    ]
    return Recovery(since, _overall([states[o.met] for o in objectives]), "; ".join(said), (), tuple(objectives))


def _of(guardrail: GuardrailResult) -> Recovered:
    by_finding = {Finding.SAFE: Recovered.YES, Finding.HARM: Recovered.NOT_YET}
    return by_finding.get(guardrail.finding, Recovered.UNKNOWN)


def _overall(found: Sequence[Recovered]) -> Recovered:
    if Recovered.NOT_YET in found:
        return Recovered.NOT_YET
    return Recovered.YES if set(found) == {Recovered.YES} else Recovered.UNKNOWN


def _words(guardrail: GuardrailResult) -> str:
    if guardrail.finding is Finding.HARM:
        return words.harm(guardrail)
    return words.back(guardrail) if guardrail.finding is Finding.SAFE else words.still_open(guardrail)
