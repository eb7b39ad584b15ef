"""What was said about experiments before, so that each verdict is news once.

A live night records what it says; what a verdict leads to belongs to `generate/decisions.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from ratchet.deploy.decisions import NIGHT, Decision, Kind


def told(recorded: Iterable[Decision], as_of: date) -> dict[tuple[str, int], str]:
    """Return the verdict last said of each experiment and phase before a night.

    Args:
        recorded: in the order of `decisions.read`.
        as_of: the night's day; what it says itself does not count, so that a night that is run again says the same.
    """
    said = (d.facts for d in recorded if d.decision is Kind.VERDICT_TOLD and d.effective_date < as_of)
    return {(str(facts["experiment_id"]), int(facts["phase"])): str(facts["verdict"]) for facts in said}


def announcements(news: Iterable[tuple[str, int, str, str]], as_of: date) -> list[Decision]:
    """Return what a live night records of its news.

    Args:
        news: experiment, phase, verdict, reason.
        as_of: the night's day.
    """
    return [
        Decision(
            "", 0, Kind.VERDICT_TOLD, as_of, NIGHT, reason, {"experiment_id": name, "phase": phase, "verdict": what}
        )
        for name, phase, what, reason in news
    ]
