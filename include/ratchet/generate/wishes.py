"""Feature requests from what people say: clusters of requests in vain that no gap by intent stands for (R4).

Which requests belong together and what would meet them belongs to `analyze/unmet.py`, gaps by intent to `features.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ratchet.contracts.improvements import Improvement, ImprovementType, Priority
from ratchet.contracts.names import in_words
from ratchet.contracts.settings import LearningSettings
from ratchet.contracts.unmet import Verdict, WishStatus
from ratchet.generate.evidence import counted, first_state, people

KEY = "said_in_vain"
_TITLES = {
    Verdict.BUILD: "Build what people call “{}”",
    Verdict.WRAP: "Wrap an operation for “{}”",
    Verdict.FIX: "Make “{}” work",
    Verdict.DOCUMENT: "Document “{}”",
}
_ACTIONS = {
    Verdict.BUILD: "Read the samples and decide whether to build it, or to say early that it is not offered.",
    Verdict.WRAP: "Wrap “{}” for it: the API is connected, and nothing uses it for this.",
    Verdict.FIX: "Begin with the errors of the sample events: most of these requests ended with one.",
    Verdict.DOCUMENT: "Say in the documentation how to ask for it: the same words mostly succeed.",
}
_GOING = {
    WishStatus.NEW: "; nobody did before that week",
    WishStatus.GROWING: "; more often than before",
    WishStatus.SHRINKING: "; less often than before",
    WishStatus.REGRESSED: "; it had been fixed",
}
_EVIDENCE = (
    *("demand", "demand_interval", "requests", "texts", "units", "unit_kind", "failure_rate", "trend", "status"),
    *("score", "signals", "intents", "verdict", "verdict_reason", "operation", "known_since"),
    *("samples", "sample_event_ids"),
)


def propose_wishes(features: Mapping[str, Any] | None, settings: LearningSettings, as_of: date) -> list[Improvement]:
    """Return a feature request for every open cluster that no gap by intent stands for; its id follows the cluster's.

    The confidence is the lower 95 % bound of the share in vain of requests with these words and a known outcome.

    Args:
        features: the content of `features.json`, None where that failed.
        settings: windows, and the threshold of confidence.
        as_of: the night's day.
    """
    if features is None:
        return []
    whole = features["failure_rate"]["value"] or 0.0
    threshold = features["definitions"]["clusters"]
    return [
        _request(cluster, whole, threshold, settings, as_of)
        for cluster in features["clusters"]
        if not cluster["same_as"] and cluster["status"] != WishStatus.FIXED
    ]


def _request(
    cluster: Mapping[str, Any], whole: float, threshold: str, settings: LearningSettings, as_of: date
) -> Improvement:
    confidence = cluster["failure_rate"]["low"] or 0.0
    state, reason = first_state(confidence, settings.improvement_confidence_threshold)
    effect = max(0.0, (cluster["failure_rate"]["value"] or 0.0) - whole)
    name, verdict, days = in_words(cluster["feature"]), Verdict(cluster["verdict"]), settings.suggestion_window_days
    return Improvement(
        type=ImprovementType.FEATURE_REQUEST,
        target=cluster["id"],
        key=KEY,
        title=_TITLES[verdict].format(name),
        why=_why(cluster, name, days),
        evidence=_evidence(cluster, name, threshold, days),
        priority=Priority(cluster["priority"]),
        confidence=confidence,
        expected_effect=_expected(cluster, effect, days),
        proposed_on=as_of,
        effect=effect,
        reach=cluster["units"],
        suggested_action=_ACTIONS[verdict].format(in_words(cluster["operation"])),
        state=state,
        state_reason=reason,
    )


def _why(cluster: Mapping[str, Any], name: str, days: int) -> str:
    asked = f"{people(cluster['units'], cluster['unit_kind'])} asked {counted(cluster['demand'], 'time')} in vain for"
    going = _GOING.get(WishStatus(cluster["status"]), "")
    return f"{asked} “{name}” in {counted(cluster['texts'], 'wording')} within {days} days{going}."


def _expected(cluster: Mapping[str, Any], effect: float, days: int) -> str:
    known = cluster["failure_rate"]["n"]
    if not known:
        return "cannot be told: no request with these words has a known outcome"
    more = counted(round(effect * known), "more request")
    return f"about {more} would succeed in {days} days if it were in vain no more often than requests fail on average"


def _evidence(cluster: Mapping[str, Any], name: str, threshold: str, days: int) -> dict[str, Any]:
    return {
        "mart": "mart_request_texts",
        "window_days": days,
        "cluster": cluster["id"],
        **{field: cluster[field] for field in _EVIDENCE},
        "threshold": threshold,
        "judged_by": f"requests in vain that ask for “{name}”",
    }
