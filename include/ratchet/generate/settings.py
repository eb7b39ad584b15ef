"""Settings that do better than today's as improvements (R73-R76).

How a value is found and replayed belongs to `analyze/tuning/`; who approves it and when it is published to `deploy/`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from ratchet.contracts.adaptive import History, Numbers, Setting, Tuned, TuningResult, in_words
from ratchet.contracts.estimates import as_record
from ratchet.contracts.improvements import Improvement, ImprovementType, Priority
from ratchet.contracts.settings import LearningSettings
from ratchet.generate.evidence import counted, first_state


def propose_settings(result: TuningResult, history: History, settings: LearningSettings) -> list[Improvement]:
    """Return an improvement for every setting with a better value; its confidence is the share of days it wins.

    The same value is the same improvement until something is deployed for its target.

    Args:
        result: tonight's.
        history: what was decided before.
        settings: the threshold of confidence.
    """
    return [_proposal(t, t.proposed, history, settings, result.as_of) for t in result.settings if t.proposed]


def _proposal(
    tuned: Tuned, proposed: Numbers, history: History, settings: LearningSettings, as_of: date
) -> Improvement:
    confidence = float(tuned.wins.number or 0.0)
    state, why = first_state(confidence, settings.improvement_confidence_threshold)
    lost, then = sum(day.today for day in tuned.days), sum(day.proposed for day in tuned.days)
    number = history.deployed.get((tuned.setting, tuned.target), 0)
    parts = ",".join(f"{name}={proposed[name]:g}" for name in sorted(proposed))
    title, before = _TITLES[tuned.setting](tuned.target, proposed), in_words(tuned.setting, tuned.today)
    return Improvement(
        type=ImprovementType.RESOURCE_SETTING,
        target=f"{tuned.setting.value}/{tuned.target}",
        key=f"{number}/{parts}",
        title=title,
        why=f"Replayed on {counted(len(tuned.days), 'day')} of the log, {in_words(tuned.setting, proposed)} instead of "
        f"{before} loses {_less(lost, then)}; {tuned.reason}.",
        evidence={
            "mart": "mart_tuning",
            "calls": tuned.calls,
            "loss": tuned.loss,
            "lost_today": lost,
            "lost_then": then,
            "wins": as_record(tuned.wins),
            "fitted": as_record(tuned.fitted),
            "judged_by": f"the same replay on the days after: {tuned.loss}",
            "publishes": {
                "settings": {
                    "setting": tuned.setting.value,
                    "target": tuned.target,
                    "value": dict(proposed),
                    "replaces": dict(tuned.today),
                    "evidence": {"calls": tuned.calls, "days": len(tuned.days), "wins": as_record(tuned.wins)},
                }
            },
        },
        priority=Priority.MEDIUM,
        confidence=confidence,
        expected_effect=f"{_less(lost, then)}: {tuned.loss}",
        proposed_on=as_of,
        effect=min(1.0, max(0.0, (lost - then) / abs(lost))) if lost else 0.0,
        reach=tuned.calls,
        suggested_action="Nothing to do: it is published once it is approved, and read by the client.",
        state=state,
        state_reason=why,
    )


_TITLES: dict[Setting, Callable[[str, Numbers], str]] = {
    Setting.TIMEOUT: lambda target, n: f"Give up {target} after {in_words(Setting.TIMEOUT, n)}",
    Setting.CIRCUIT_BREAKER: lambda target, n: (
        f"Stop calling {target} for {n['recovery_s']:g} s after {n['failures']:g} failures in a row"
    ),
    Setting.CONCURRENCY: lambda target, n: f"Let {n['limit']:g} calls of {target or 'all services'} run at once",
    Setting.BATCH_SIZE: lambda target, n: f"Take {n['size']:g} tasks of {target} at a time",
    Setting.RATE_LIMIT: lambda target, n: f"Call {target} at most {in_words(Setting.RATE_LIMIT, n)}",
}


def _less(lost: float, then: float) -> str:
    return f"{(lost - then) / abs(lost):.0%} less" if lost else "less"
