"""Which settings heal what is wrong tonight: reversible, bounded in what they touch, for a while, not too often (R42).

A setting that does better (`generate/settings.py`) heals where an alert of health is on that it can act on. How it is
replayed belongs to `analyze/tuning/`; that it goes back by itself to `deploy/tuning.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from ratchet.contracts.adaptive import HEALS_FOR, History, Setting, in_words
from ratchet.contracts.improvements import Improvement, Priority

COOLDOWN = timedelta(days=3)  # between two deployments for one target
_ALL = ("success_rate", "error_rate")
ACTS_ON: Mapping[Setting, tuple[str, ...]] = {  # the objectives that a setting can mend
    Setting.TIMEOUT: (*_ALL, "latency_p50_ms", "latency_p95_ms", "latency_p99_ms"),
    Setting.CIRCUIT_BREAKER: (*_ALL, "api_failure_rate"),
    Setting.CONCURRENCY: (*_ALL, "latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "api_failure_rate"),
    Setting.RATE_LIMIT: (*_ALL, "api_failure_rate"),
    Setting.BATCH_SIZE: (),
}


def with_limits(
    proposals: Sequence[Improvement], alerts: Iterable[Mapping[str, Any]], history: History, as_of: date
) -> list[Improvement]:
    """Return tonight's settings with what they touch, their cooldown and their undo; those that heal come first.

    Args:
        proposals: of `generate/settings.py`.
        alerts: of `health.json`.
        history: when something was last deployed for a target.
        as_of: the night's day.
    """
    on = [alert for alert in alerts if alert["is_on"]]
    calls: Counter[str] = Counter()
    for improvement in proposals:
        calls[_settings(improvement)["setting"]] += improvement.reach
    return [_limited(i, _answers(i, on), calls, history, as_of) for i in proposals]


def _limited(
    improvement: Improvement, alerts: list[dict[str, Any]], calls: Mapping[str, int], history: History, as_of: date
) -> Improvement:
    facts = _settings(improvement)
    setting, target = Setting(facts["setting"]), str(facts["target"])
    last = history.last.get((setting, target))
    until = last + COOLDOWN if last else None
    evidence = improvement.evidence | {
        "blast_radius": {
            "target": target,
            "calls_a_day": round(improvement.reach / max(1, facts["evidence"]["days"])),
            "share_of_proposed": improvement.reach / max(1, calls[facts["setting"]]),
        },
        "cooldown_until": until.isoformat() if until and until > as_of else None,
        "undo": f"back to {in_words(setting, facts['replaces'])}: ratchet reject, or by itself when it does worse",
    }
    if until is not None and until > as_of:
        evidence["held_back"] = f"{target} was changed on {last}; the next change is not before {until}"
    if not alerts:
        return replace(improvement, evidence=evidence)
    return _healing(replace(improvement, evidence=evidence), alerts, as_of)


def _healing(improvement: Improvement, alerts: list[dict[str, Any]], as_of: date) -> Improvement:
    expires = as_of + timedelta(days=1) + HEALS_FOR
    facts = _settings(improvement) | {"heals_until": expires.isoformat()}
    evidence = improvement.evidence | {"heals": alerts, "publishes": {"settings": facts}}
    first = alerts[0]
    of = f" of {first['service']}" if first["service"] else ""
    name = str(first["objective"]).replace("_ms", "").replace("_", " ").capitalize()
    why = f"{name}{of} is in trouble: {first['reason']}. {improvement.why}"
    action = f"{improvement.suggested_action} It goes back by itself on {expires} unless it is kept before."
    return replace(improvement, evidence=evidence, priority=Priority.HIGH, why=why, suggested_action=action)


def _answers(improvement: Improvement, alerts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the alerts that a setting can act on; one of a service only those of that service or of all."""
    facts = _settings(improvement)
    acts_on = ACTS_ON[Setting(facts["setting"])]
    own = str(facts["target"]) if facts["setting"] == Setting.CONCURRENCY else None
    names = ("objective", "service", "severity", "since", "reason")
    return [
        {name: alert[name] for name in names}
        for alert in alerts
        if alert["objective"] in acts_on and (own is None or alert["service"] in ("", own))
    ]


def _settings(improvement: Improvement) -> dict[str, Any]:
    found: dict[str, Any] = improvement.evidence["publishes"]["settings"]
    return found
