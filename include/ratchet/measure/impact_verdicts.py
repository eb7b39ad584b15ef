"""What follows from a measured effect: kept, rolled back, unmeasurable, or undecided, and why (R81, R84).

The effect comes from `impact_estimates.py`; that a verdict is recorded belongs to `deploy/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ratchet.contracts.impacts import Deployment, ImpactSettings, ImpactVerdict
from ratchet.measure.impact_estimates import Measured
from ratchet.statistics.arrays import ALPHA

HARM_DAYS = 2  # with the fix; harm does not wait for every day of the week


@dataclass(frozen=True, slots=True)
class Rules:
    """What a verdict needs; the settings of the same names."""

    impact_horizon_days: int = 14
    impact_baseline_days: int = 28
    impact_min_days: int = 7
    rollback_threshold: float = 0.2

    @classmethod
    def of(cls, settings: ImpactSettings) -> Rules:
        """Return the rules of the settings."""
        return cls(
            settings.impact_horizon_days,
            settings.impact_baseline_days,
            settings.impact_min_days,
            settings.rollback_threshold,
        )


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict and why; `harm` where it was undone for doing harm."""

    verdict: ImpactVerdict
    reason: str
    harm: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a verdict is reached from.

    Attributes:
        deployment: the fix.
        own: its effect on its error, None where there is no estimate.
        everything: its effect on failures of any kind in the same intents.
        q: the p-value corrected for all improvements in the window.
        days_before: days before that count.
        days_with: days with the fix.
        failed_before: failed attempts of the error in the days before.
        others: attempts since the deployment without the fix.
    """

    deployment: Deployment
    own: Measured | None
    everything: Measured | None
    q: float | None
    days_before: int
    days_with: int
    failed_before: int
    others: int


def judge(facts: Facts, as_of: date, rules: Rules) -> Judged:
    """Return the verdict of a night on one fix.

    Harm is undone as soon as it is sure and beyond the threshold. A fix is kept once fewer failures are sure, corrected
    for all improvements in the window, with nothing that speaks against the estimate. At the horizon no effect is
    rolled back, and what cannot be told is unmeasurable.

    Args:
        facts: what is known.
        as_of: the night's day.
        rules: of the settings.
    """
    harm = _harm(facts, rules)
    if harm:
        return Judged(ImpactVerdict.ROLLED_BACK, harm, harm=True)
    if _is_better(facts, rules):
        return Judged(ImpactVerdict.KEPT, "fewer requests fail with its error, and the interval leaves out no effect")
    if as_of < facts.deployment.measured_until:
        return Judged(ImpactVerdict.UNDECIDED, _why_open(facts, as_of, rules))
    why_not = _why_unmeasurable(facts, rules)
    if why_not:
        return Judged(ImpactVerdict.UNMEASURABLE, why_not)
    return Judged(ImpactVerdict.ROLLED_BACK, f"no effect was shown in {_days(rules.impact_horizon_days)}")


def _harm(facts: Facts, rules: Rules) -> str:
    if facts.days_with < HARM_DAYS:
        return ""
    if _is_worse(facts.own, rules):
        return "more requests fail with its error than without it"
    return "more requests fail, with whatever error, than without it" if _is_worse(facts.everything, rules) else ""


def _is_worse(found: Measured | None, rules: Rules) -> bool:
    return (
        found is not None and found.nightly.low > 0 and found.change.value > rules.rollback_threshold * found.expected
    )


def _is_better(facts: Facts, rules: Rules) -> bool:
    own = facts.own
    enough = min(facts.days_with, facts.days_before) >= rules.impact_min_days
    sure = own is not None and own.nightly.high < 0 and facts.q is not None and facts.q <= ALPHA
    return bool(enough and sure and own is not None and not own.doubts)


def _why_open(facts: Facts, as_of: date, rules: Rules) -> str:
    if not facts.days_with:
        return "no request has carried a version of published/ that holds it yet"
    left = (facts.deployment.measured_until - as_of).days
    until = f"at most {_days(left)} left"
    if facts.own is None:
        return f"{_why_no_estimate(facts)}; {until}"
    if facts.days_with < rules.impact_min_days:
        return f"{_days(facts.days_with)} of the {rules.impact_min_days} that show every day of the week; {until}"
    return f"{'; '.join(facts.own.doubts) or 'no clear difference yet'}; {until}"


def _why_unmeasurable(facts: Facts, rules: Rules) -> str:
    """Return why its effect cannot be told, '' where it can."""
    if not facts.days_with:
        return "no request carried a version of published/ that holds it"
    if facts.own is None:
        return _why_no_estimate(facts)
    if facts.days_with < rules.impact_min_days:
        return f"only {_days(facts.days_with)} had requests with it, {rules.impact_min_days} are needed"
    if facts.own.nightly.low <= -facts.own.expected:
        return "too few requests: even the end of all its failures would not have shown"
    if facts.own.doubts:
        return "; ".join(facts.own.doubts)
    if facts.days_before < rules.impact_min_days:
        return f"only {_days(facts.days_before)} before it can be compared with, {rules.impact_min_days} are needed"
    if facts.own.was_bad:
        return f"{facts.own.was_bad}, and against the others no effect was shown"
    return ""


def _why_no_estimate(facts: Facts) -> str:
    if not facts.failed_before:
        return "no failed request of the days before names its error"
    return "too few days to compare"


def _days(n: int) -> str:
    return f"{n} day{'' if n == 1 else 's'}"
