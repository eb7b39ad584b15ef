"""What an experiment's numbers mean: ship, roll back, keep running, inconclusive, or invalid, and why (R35).

The numbers come from `experiments.py`, the checks of the units from `unit_checks.py`. That a verdict is announced once
and goes through the lifecycle belongs to `deploy/`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np


class Verdict(StrEnum):
    """What to do about an experiment."""

    SHIP = "ship"
    ROLL_BACK = "roll back"
    KEEP_RUNNING = "keep running"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"
    NOT_COMPUTABLE = "not computable"


class Outcome(StrEnum):
    """What one interval says about one metric of one arm; for a guardrail, against its margin."""

    BETTER = "better"
    WORSE = "worse"
    SAFE = "safe"
    HARMED = "harmed"
    UNDECIDED = "undecided"
    NOT_COMPUTABLE = "not computable"


@dataclass(frozen=True, slots=True)
class Rules:
    """The floors below which no verdict is given.

    Attributes:
        min_units: units of each arm; below it a normal approximation is not to be trusted.
        min_days: whole days before anything ships, so that each day of the week is in it; a roll back does not wait.
        sample_ratio_p: a sample ratio less likely than this invalidates.
        max_crossover_share: share of units seen in several arms that invalidates once it is surely passed.
    """

    min_units: int = 100
    min_days: int = 7
    sample_ratio_p: float = 0.001
    max_crossover_share: float = 0.01


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric of one arm as the verdict needs it; `lift` is NaN where there is none, `reason` says why."""

    metric: str
    arm: str
    outcome: Outcome
    lift: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an experiment is.

    Attributes:
        days: whole days since the first exposure, the night's day included.
        days_to_end: days until the last outcome of the last unit counts; 0 when it has ended.
        days_to_sample: days until the planned sample at the traffic of the last week; None where not computable.
        units: of the smallest arm.
        mde: the effect it was planned for.
        detectable: the effect the present sample finds with the planned power; None where not computable.
    """

    days: int
    days_to_end: int
    days_to_sample: int | None
    units: int
    mde: float
    detectable: float | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and its reason.

    Attributes:
        verdict: what to do.
        reason: why, in words.
        arm: the arm to ship, '' for all other verdicts.
        days_left: until there can be a verdict, None where none is to come.
    """

    verdict: Verdict
    reason: str
    arm: str = ""
    days_left: int | None = None


def judge(
    primary: Sequence[Reading], guardrails: Sequence[Reading], progress: Progress, rules: Rules, doubt: str = ""
) -> Judgement:
    """Return the verdict of an experiment that has units in every arm.

    An arm ships when its primary metric is surely better and every guardrail surely within its margin; an experiment is
    rolled back when every treatment is surely worse or surely beyond a margin. What invalidates comes before either.

    Args:
        primary: the primary metric of each treatment arm.
        guardrails: every guardrail of each treatment arm.
        progress: how far it is.
        rules: the floors.
        doubt: why its numbers cannot be believed, '' where they can.
    """
    if doubt:
        return Judgement(Verdict.INVALID, doubt)
    if progress.units < rules.min_units:
        return _too_few(progress, rules)
    known = [r for r in primary if r.outcome is not Outcome.NOT_COMPUTABLE]
    if not known:
        return Judgement(Verdict.NOT_COMPUTABLE, primary[0].reason)
    harmed = [r for r in guardrails if r.outcome is Outcome.HARMED]
    bad = {r.arm for r in harmed} | {r.arm for r in known if r.outcome is Outcome.WORSE}
    if bad == {r.arm for r in primary}:
        return Judgement(Verdict.ROLL_BACK, _why_worse(known, harmed))
    return _best(known, guardrails, bad, progress, rules)


def _best(
    known: Sequence[Reading], guardrails: Sequence[Reading], bad: set[str], progress: Progress, rules: Rules
) -> Judgement:
    """Ship the best arm that may be shipped, else wait, else say that it is over."""
    better = [r for r in known if r.outcome is Outcome.BETTER and r.arm not in bad]
    open_guards = {r.arm: r for r in guardrails if r.outcome in (Outcome.UNDECIDED, Outcome.NOT_COMPUTABLE)}
    ready = [r for r in better if r.arm not in open_guards]
    warning = f"; {_names(sorted(bad))} already did harm and should be switched off" if bad else ""
    if ready and progress.days >= rules.min_days:
        best = max(ready, key=lambda r: (abs(r.lift), r.arm))
        return Judgement(Verdict.SHIP, _why_better(best, guardrails), best.arm)
    if ready and progress.days_to_end > 0:
        wait = rules.min_days - progress.days
        why = f"{ready[0].arm} is better already, but not every day of the week was seen yet"
        return Judgement(Verdict.KEEP_RUNNING, why + warning, days_left=wait)
    if progress.days_to_end > 0:
        return Judgement(
            Verdict.KEEP_RUNNING, _why_wait(better, open_guards, progress) + warning, days_left=_left(progress)
        )
    return Judgement(Verdict.INCONCLUSIVE, _why_over(better, open_guards, progress) + warning)


def _too_few(progress: Progress, rules: Rules) -> Judgement:
    have = f"the smallest arm has {progress.units} units, no verdict is given below {rules.min_units}"
    if progress.days_to_end > 0:
        return Judgement(Verdict.KEEP_RUNNING, f"too early: {have}", days_left=_left(progress))
    return Judgement(Verdict.INVALID, f"too few units: {have}")


def _left(progress: Progress) -> int:
    """Return the days until the planned sample, at least one and at most until the end."""
    wanted = progress.days_to_end if progress.days_to_sample is None else progress.days_to_sample
    return max(1, min(progress.days_to_end, wanted))


def _why_better(best: Reading, guardrails: Sequence[Reading]) -> str:
    safe = sum(r.arm == best.arm and r.outcome is Outcome.SAFE for r in guardrails)
    guarded = (
        f", and {'its guardrail is' if safe == 1 else f'all {safe} guardrails are'} within the margin" if safe else ""
    )
    return (
        f"{best.metric} is better with {best.arm}: {percent(best.lift)}, and the interval leaves out no change{guarded}"
    )


def _why_worse(known: Sequence[Reading], harmed: Sequence[Reading]) -> str:
    worse = [f"{r.metric} is worse with {r.arm} ({percent(r.lift)})" for r in known if r.outcome is Outcome.WORSE]
    beyond = [f"{r.metric} is worse with {r.arm} than its margin allows ({percent(r.lift)})" for r in harmed]
    return "; ".join([*worse, *beyond])


def _why_wait(better: Sequence[Reading], open_guards: dict[str, Reading], progress: Progress) -> str:
    if better:
        guard = open_guards[better[0].arm]
        return f"{better[0].arm} is better, but {_open(guard)}"
    if progress.days_to_sample is None:
        return "no clear difference yet"
    if progress.days_to_sample > progress.days_to_end:
        return (
            "no clear difference yet; at the traffic of the last week the planned sample takes "
            f"{progress.days_to_sample} more days, longer than the {progress.days_to_end} that are left"
        )
    return "no clear difference yet"


def _why_over(better: Sequence[Reading], open_guards: dict[str, Reading], progress: Progress) -> str:
    if better and better[0].arm in open_guards:
        return f"it has ended: {better[0].arm} is better, but {_open(open_guards[better[0].arm])}"
    if better:
        return "it has ended before every day of the week was seen"
    found = progress.detectable
    if found is None:
        return "it has ended without a clear difference"
    enough = "as planned" if found <= progress.mde * 1.05 else f"the planned {share(progress.mde)} needed more units"
    return (
        f"it has ended without a clear difference; an effect of {share(found)} would probably have been found, {enough}"
    )


def _open(guard: Reading) -> str:
    if guard.outcome is Outcome.NOT_COMPUTABLE:
        return f"its guardrail {guard.metric} cannot be computed: {guard.reason}"
    return f"its guardrail {guard.metric} is not surely within the margin yet"


def percent(lift: float) -> str:
    """Write a relative change with its sign, such as `+4.2 %`."""
    return f"{100 * lift:+.1f}%".replace("-", "\N{MINUS SIGN}") if math.isfinite(lift) else "no relative change"


def share(value: float) -> str:
    """Write a share, such as `4.2 %`."""
    return f"{100 * value:.1f}%" if np.isfinite(value) else "unknown"


def _names(names: Sequence[str]) -> str:
    return " and ".join(names)
