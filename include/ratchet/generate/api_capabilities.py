"""API capabilities: clients that an application could use, those first that serve what people ask for in vain (R23).

A client is never deployed without a person. What can be called belongs to `analyze/`, the client to `api_clients/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from ratchet.contracts.improvements import Improvement, ImprovementType, Priority, State
from ratchet.contracts.names import in_words
from ratchet.contracts.settings import LearningSettings
from ratchet.generate.evidence import counted, first_state

_ORDER = tuple(Priority)


def propose_api_capabilities(
    result: Mapping[str, Any] | None, settings: LearningSettings, day: date
) -> list[Improvement]:
    """Return one improvement for every client that was written.

    The confidence is the share of operations whose request reached a stub of the API as its specification says.

    Args:
        result: tonight's `apis.json`, None where that failed.
        settings: the threshold of confidence.
        day: the night's.
    """
    if result is None:
        return []
    matched: Sequence[Mapping[str, Any]] = result.get("matches", [])
    return [
        _capability(api, [m for m in matched if m["api"] == api["api"]], settings, day)
        for api in result["apis"]
        if api["client"] is not None
    ]


def _capability(
    api: Mapping[str, Any], matched: Sequence[Mapping[str, Any]], settings: LearningSettings, day: date
) -> Improvement:
    client = api["client"]
    holds = not client["problems"]
    confidence = client["tested"] / api["operations"] if holds else 0.0
    state, reason = first_state(confidence, settings.improvement_confidence_threshold)
    if not holds:
        state, reason = State.PROPOSED, f"its client does not hold: {client['problems'][0]}"[:300]
    wanted = list({m["feature"]: m for m in matched}.values())
    return Improvement(
        type=ImprovementType.API_CAPABILITY,
        target=api["api"],
        key=f"client {client['digest']}",
        title=f"Offer {counted(api['operations'], 'operation')} of the API {in_words(api['api'])}",
        why=_why(api, wanted),
        evidence=_evidence(api, client, matched, wanted),
        priority=min((Priority(m["priority"]) for m in wanted), key=_ORDER.index, default=Priority.LOW),
        confidence=confidence,
        expected_effect=_expected(wanted),
        proposed_on=day,
        effect=max((m["failure_rate"] or 0.0 for m in wanted), default=0.0),
        reach=max((m["units"] for m in wanted), default=0),
        suggested_action="Read the client and its tools.json, then approve: nothing is published without a person.",
        state=state,
        state_reason=reason,
    )


def _why(api: Mapping[str, Any], wanted: Sequence[Mapping[str, Any]]) -> str:
    name = in_words(api["api"])
    if not wanted:
        return f"The connected API {name} offers {counted(api['operations'], 'operation')}; no unmet request matches."
    top = max(wanted, key=lambda m: m["demand"])
    more = f" and {counted(len(wanted) - 1, 'more unmet request')}" if len(wanted) > 1 else ""
    return (
        f"“{in_words(top['feature'])}” failed {counted(top['demand'], 'time')}{more}, "
        f"and “{top['operation']}” of the connected API {name} sounds like it."
    )


def _expected(wanted: Sequence[Mapping[str, Any]]) -> str:
    if not wanted:
        return "the application can do more; by how much cannot be told before it is used"
    demand = sum(m["demand"] for m in wanted)
    return f"at most {counted(demand, 'request')} like those that failed could be served, if the operations fit"


def _evidence(
    api: Mapping[str, Any],
    client: Mapping[str, Any],
    matched: Sequence[Mapping[str, Any]],
    wanted: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    return {
        "mart": "mart_feature_gaps",
        "specification": {k: api[k] for k in ("dialect", "version", "spec_day", "sha256", "notes")},
        "operations": api["operations"],
        "tested": client["tested"],
        "requests": client["calls"],
        "problems": list(client["problems"]),
        "demand": sum(m["demand"] for m in wanted),
        "matches": [dict(m) for m in matched],
        "sample_event_ids": [event for m in wanted for event in m["sample_event_ids"]][:5],
        "threshold": "every operation's request must reach a stub of the API as the specification says",
        "judged_by": f"calls of the API {in_words(api['api'])} through its client, and how many of them fail",
        "publishes": {"api": api["api"], "client": client["digest"]},
    }
