"""How bad it is: by how fast a budget burns, whether the season is worse, and what of the budget is left (R39)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from ratchet.analyze.burns import Budget, Burn
from ratchet.analyze.season_checks import SeasonCheck

HALF = 0.5


class Severity(StrEnum):
    """How urgent it is, least first."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


_GRADES = {  # signal -> with more than half of the budget left, with less, with none
    "none": (Severity.NONE, Severity.NONE, Severity.LOW),
    "season": (Severity.LOW, Severity.MEDIUM, Severity.HIGH),
    "slow burn": (Severity.MEDIUM, Severity.MEDIUM, Severity.HIGH),
    "fast burn": (Severity.HIGH, Severity.HIGH, Severity.CRITICAL),
}


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that somebody should know once, and once more when it is over.

    Attributes:
        alert_id: stays the same for as long as it lasts: it is about one kind, objective and service.
        kind: `burn`, `season`, or what else a check may find.
        service: whose, '' for all of them.
        objective: which.
        severity: how urgent.
        since: the hour in which it began.
        is_on: whether it was still so at the end of the check.
        reason: what is wrong, in words.
    """

    alert_id: str
    kind: str
    service: str
    objective: str
    severity: Severity
    since: str
    is_on: bool
    reason: str


def severity(budget: Budget | None, burns: Sequence[Burn], season: SeasonCheck | None) -> Severity:
    """Return how urgent an objective is, by the table of docs/health.md."""
    return _GRADES[_signal(burns, season)][_spent(budget)]


def alerts(
    service: str, objective: str, budget: Budget | None, burns: Sequence[Burn], season: SeasonCheck | None, began: str
) -> tuple[Alert, ...]:
    """Return what is wrong with one objective of one service.

    Args:
        service: its name, '' for all.
        objective: its name.
        budget: what is left.
        burns: its windows.
        season: its season.
        began: the beginning of the hours that were looked at, for a season that is worse as a whole.
    """
    found = []
    fired = [b for b in burns if b.fired]
    if fired:
        worst = max(fired, key=lambda b: (b.is_burning, b.is_fast, b.rate))
        grade = _GRADES["fast burn" if worst.is_fast else "slow burn"][_spent(budget)]
        since = min(b.since or began for b in fired)
        is_on = any(b.is_burning for b in fired)
        found.append(_alert("burn", service, objective, grade, since, is_on, burning(worst)))
    if season is not None and (season.is_worse or season.worse_hours):
        since = season.worse_hours[0] if season.worse_hours else began
        grade = _GRADES["season"][_spent(budget)]
        found.append(_alert("season", service, objective, grade, since, season.is_worse, unseasonal(season)))
    return tuple(found)


def burning(burn: Burn) -> str:
    """Return in words how fast a budget burnt."""
    when = f"over {burn.hours} hours" if burn.hours > 1 else "over an hour"
    times = burn.now.number if burn.is_burning else burn.peak
    end = "" if burn.is_burning else f", until {burn.until}"
    return f"the error budget burns {times or 0:.1f} times too fast {when} (limit {burn.rate:.3g}){end}"


def unseasonal(season: SeasonCheck) -> str:
    """Return in words how much worse than its season something was."""
    if not season.is_worse:
        return f"{len(season.worse_hours)} hours were worse than the same hours of the weeks before"
    return (
        f"{season.bad_share or 0:.1%} is bad, the same hours of four weeks before had {season.expected_share or 0:.1%}"
    )


def alert_id(*parts: str) -> str:
    """Return the id of an alert: the first 12 hex digits of a hash of what it is about."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]


def _alert(kind: str, service: str, objective: str, grade: Severity, since: str, is_on: bool, reason: str) -> Alert:
    return Alert(alert_id(kind, objective, service), kind, service, objective, grade, since, is_on, reason)


def _signal(burns: Sequence[Burn], season: SeasonCheck | None) -> str:
    if any(b.is_burning and b.is_fast for b in burns):
        return "fast burn"
    if any(b.is_burning for b in burns):
        return "slow burn"
    return "season" if season is not None and season.is_worse else "none"


def _spent(budget: Budget | None) -> int:
    left = budget.left.number if budget is not None else None
    if left is None or left > HALF:
        return 0
    return 1 if left > 0 else 2
