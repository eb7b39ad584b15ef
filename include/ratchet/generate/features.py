"""Feature requests: what to build, or to make work, because people ask for it and do not get it (R4).

What counts as a gap belongs to `analyze/gaps.py`; clusters of what people say are proposed by `wishes.py`.
"""

from __future__ import annotations

from typing import Any

from ratchet.contracts.estimates import as_record
from ratchet.contracts.gaps import Gap, GapsResult, GapStatus, Window
from ratchet.contracts.improvements import Improvement, ImprovementType
from ratchet.contracts.names import in_words
from ratchet.contracts.settings import LearningSettings
from ratchet.generate.evidence import counted, first_state, out_of_ten, people

KEY = "unmet_demand"
_GOING = {
    GapStatus.NEW: "; none of them failed before that week",
    GapStatus.GROWING: "; they fail more often than before",
    GapStatus.SHRINKING: "; they fail less often than before",
}


def propose_features(result: GapsResult, settings: LearningSettings) -> list[Improvement]:
    """Return a feature request for every gap that is still open.

    The confidence is the lower 95 % bound of the demand share: of the requests for it whose outcome is known, how many
    were not met.

    Args:
        result: tonight's gaps.
        settings: the threshold of confidence.
    """
    return [_request(gap, result, settings) for gap in result.features if gap.status is not GapStatus.FIXED]


def _request(gap: Gap, result: GapsResult, settings: LearningSettings) -> Improvement:
    confidence = gap.failure_rate.low or 0.0
    state, reason = first_state(confidence, settings.improvement_confidence_threshold)
    share, rest = gap.failure_rate.number or 0.0, _window(gap, result).rest_failure_rate
    effect = max(0.0, share - (rest or 0.0))
    name = in_words(gap.feature)
    return Improvement(
        type=ImprovementType.FEATURE_REQUEST,
        target=gap.feature,
        key=KEY,
        title=f"Build {name}" if _unsupported(gap) else f"Make {name} work",
        why=_why(gap, name, result.suggestion_window_days),
        evidence=_evidence(gap, result),
        priority=gap.priority,
        confidence=confidence,
        expected_effect=_expected(gap, effect, rest, result.suggestion_window_days),
        proposed_on=result.as_of,
        effect=effect,
        reach=gap.units,
        suggested_action=_action(gap),
        state=state,
        state_reason=reason,
    )


def _window(gap: Gap, result: GapsResult) -> Window:
    return gap.windows[str(result.suggestion_window_days)]


def _unsupported(gap: Gap) -> bool:
    return 2 * gap.unsupported > gap.demand


def _why(gap: Gap, name: str, days: int) -> str:
    asked = f"{people(gap.units, gap.unit_kind)} asked for “{name}” {counted(gap.requests, 'time')} in {days} days"
    share = out_of_ten(gap.failure_rate.number or 0.0)
    return f"{asked} and {share} of these requests failed{_GOING.get(gap.status, '')}."


def _expected(gap: Gap, effect: float, rest: float | None, days: int) -> str:
    saved = round(effect * gap.failure_rate.n)
    goal = "if all of them succeeded" if rest is None else "if it failed no more often than the rest"
    return f"about {counted(saved, 'more request')} would succeed in {days} days {goal}"


def _action(gap: Gap) -> str:
    named = [e for e in gap.errors if e.error]
    if not named:
        return "Look at the sample events: no error was logged with these failures."
    top = named[0]
    return f"Begin with “{in_words(top.error)}”: it ends {top.failures:,} of the {gap.demand:,} failed requests."


def _evidence(gap: Gap, result: GapsResult) -> dict[str, Any]:
    window = _window(gap, result)
    found: dict[str, Any] = as_record(
        {
            "mart": "mart_feature_gaps",
            "window_days": result.suggestion_window_days,
            "demand": gap.demand,
            "requests": gap.requests,
            "unknown": window.unknown,
            "units": gap.units,
            "failing_units": gap.failing_units,
            "unit_kind": gap.unit_kind,
            "failure_rate": gap.failure_rate,
            "rest_failure_rate": window.rest_failure_rate,
            "lift": window.lift,
            "lift_q": window.lift_q,
            "trend": gap.trend,
            "status": gap.status,
            "unsupported": gap.unsupported,
            "errors": gap.errors,
            "samples": gap.samples,
            "sample_event_ids": gap.sample_event_ids,
            "threshold": result.definitions.get("gap", ""),
            "judged_by": f"failure rate of requests for “{in_words(gap.feature)}”",
        }
    )
    return found
