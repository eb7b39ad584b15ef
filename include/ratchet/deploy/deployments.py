"""Which improvements are approved without a person, which are published, and what became of those that were.

Verdicts become improvements in `generate/decisions.py`; how their states are kept belongs to `decisions.py`, what the
application reads to `flags.py` and `publish.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from ratchet.contracts.improvements import TYPE_RULES, Improvement, ImprovementType, State
from ratchet.contracts.rollout_verdicts import RolloutAction, RolloutVerdict
from ratchet.deploy import fixes
from ratchet.deploy.decisions import NIGHT, Decision, Kind, Standing
from ratchet.settings import Settings

_JUDGED = {
    RolloutAction.ADVANCE: (Kind.KEPT, "its guardrails held"),
    RolloutAction.ROLL_BACK: (Kind.ROLLED_BACK, "it did harm"),
}
_ALONE = "everybody has the same variant since: nothing is left to compare it with"


@dataclass(frozen=True, slots=True)
class Policy:
    """What a night may do without a person; the settings of the same names.

    Attributes:
        auto_implement_threshold: least confidence.
        safety_mode: whether nothing but a roll back goes without a person.
        max_deployed_per_cycle: most deployments of a night, roll backs aside.
        max_concurrent_improvements: most improvements that are deployed and not yet judged.
    """

    auto_implement_threshold: float
    safety_mode: bool
    max_deployed_per_cycle: int
    max_concurrent_improvements: int

    @classmethod
    def of(cls, settings: Settings) -> Policy:
        """Return the policy of the settings."""
        return cls(
            settings.auto_implement_threshold,
            settings.safety_mode,
            settings.max_deployed_per_cycle,
            settings.max_concurrent_improvements,
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """An experiment whose decision was published: the variant that all get, the first day of that, and the phase."""

    variant: str
    on: date
    phase: int = 1


def judgements(verdicts: Iterable[RolloutVerdict], standings: Mapping[str, Standing], as_of: date) -> list[Decision]:
    """Return what tonight's verdicts say about the steps that were published before.

    The step that led to the present stage is kept when the rollout advances, undone when it is rolled back, and not
    measurable where nothing is left to compare it with; so is an experiment's decision, which gives all one variant.

    Args:
        verdicts: tonight's.
        standings: when the night began.
        as_of: the night's day.
    """
    found = {verdict.rollout_id: verdict for verdict in verdicts}
    published = (s for s in standings.values() if s.state is State.DEPLOYED)
    return [
        Decision(standing.improvement_id, standing.revision, kind, as_of, NIGHT, reason)
        for standing in published
        for kind, reason in _said_of(_publishes(standing), found)
    ]


def _said_of(published: Mapping[str, Any], found: Mapping[str, RolloutVerdict]) -> list[tuple[Kind, str]]:
    if "experiment_id" in published:
        return [(Kind.UNMEASURABLE, _ALONE)]
    about = found.get(str(published.get("rollout_id")))
    return _judged(about, str(published["stage"])) if about else []


def _judged(verdict: RolloutVerdict, stage: str) -> list[tuple[Kind, str]]:
    if stage != verdict.stage:
        return [(Kind.UNMEASURABLE, f"another step replaced it: the rollout is at “{verdict.stage}”")]
    if verdict.verdict is RolloutAction.DONE:
        return [(Kind.KEPT if verdict.guardrails else Kind.UNMEASURABLE, verdict.reason)]
    return [_JUDGED[verdict.verdict]] if verdict.verdict in _JUDGED else []


def approvals(
    candidates: Sequence[Improvement], standings: Mapping[str, Standing], policy: Policy, as_of: date
) -> list[Decision]:
    """Return what the night approves by itself: every roll back, and within the limits what is sure enough.

    Args:
        candidates: tonight's improvements, ranked.
        standings: after tonight's proposals and judgements.
        policy: of the settings.
        as_of: the night's day.
    """
    waiting = [i for i in candidates if _is_ready(i, standings.get(i.improvement_id), State.VALIDATED)]
    stops = [i for i in waiting if _stops(i)]
    sure = [i for i in waiting if not _stops(i) and _is_sure(i, standings[i.improvement_id], policy, as_of)]
    sure = _one_fix_an_error(sure, standings)
    approved = [i for i in candidates if _is_ready(i, standings.get(i.improvement_id), State.APPROVED)]
    room = max(0, _room(standings, policy) - len(approved))
    chosen = [
        *((i, "what does harm is rolled back at once") for i in stops),
        *((i, _why(i, policy)) for i in sure[:room]),
    ]
    return [
        Decision(i.improvement_id, standings[i.improvement_id].revision, Kind.APPROVED, as_of, NIGHT, reason)
        for i, reason in chosen
    ]


def deployments(
    candidates: Sequence[Improvement], standings: Mapping[str, Standing], policy: Policy, as_of: date
) -> list[Decision]:
    """Return what tonight's publication deploys: what is approved and still found, roll backs first.

    To be recorded once `published/` was switched. They take effect on the day after the night's, on which they are
    really published, so that a night that is run again finds what it found.

    Args:
        candidates: tonight's improvements, ranked.
        standings: after tonight's decisions.
        policy: of the settings.
        as_of: the night's day.
    """
    ready = [i for i in candidates if _is_ready(i, standings.get(i.improvement_id), State.APPROVED)]
    stops = [i for i in ready if _stops(i)]
    rest = [i for i in ready if not _stops(i)][: _room(standings, policy)]
    return [_deployed(i, standings[i.improvement_id], as_of + timedelta(days=1)) for i in (*stops, *rest)]


def as_recorded(deployed: Iterable[Decision], recorded: Iterable[Decision]) -> list[Decision]:
    """Return deployments as they stand in the record, where a publication that is run again finds them there."""
    known = {(d.improvement_id, d.revision): d for d in recorded if d.decision is Kind.DEPLOYED}
    return [known.get((d.improvement_id, d.revision), d) for d in deployed]


def in_version(deployed: Iterable[Decision], version: str) -> list[Decision]:
    """Return deployments with the version that first carries them."""
    return [replace(d, facts={"published_version": version, **d.facts}) for d in deployed]


def fixes_in_force(recorded: Sequence[Decision], as_of: date) -> dict[str, date]:
    """Return the fingerprints whose fix was deployed and not undone by a day, with the day of its last deployment.

    Args:
        recorded: in the order of `decisions.read`.
        as_of: later ones do not count.
    """
    return {fix.fingerprint: fix.on for fix in sorted(fixes.in_force(recorded, as_of), key=lambda fix: fix.on)}


def decided_experiments(recorded: Iterable[Decision], as_of: date) -> dict[str, Decided]:
    """Return the experiments whose decision was published by a day, by id; the latest one counts.

    Args:
        recorded: in the order of `decisions.read`.
        as_of: later ones do not count.
    """
    own = [d for d in recorded if d.decision is Kind.DEPLOYED and "experiment_id" in d.facts]
    return {
        str(d.facts["experiment_id"]): Decided(str(d.facts["variant"]), d.effective_date, int(d.facts.get("phase", 1)))
        for d in own
        if d.effective_date <= as_of
    }


def _one_fix_an_error(sure: Sequence[Improvement], standings: Mapping[str, Standing]) -> list[Improvement]:
    """Leave out fixes of an error that has one already; which of two is better cannot be told from both at once."""
    under_way = (State.APPROVED, State.DEPLOYED)
    fixed = {s.record.get("target") for s in standings.values() if s.state in under_way and _is_fix_record(s.record)}
    chosen: list[Improvement] = []
    for improvement in sure:
        if improvement.type is ImprovementType.ERROR_FIX:
            if improvement.target in fixed:
                continue
            fixed.add(improvement.target)
        chosen.append(improvement)
    return chosen


def _is_fix_record(record: Mapping[str, Any]) -> bool:
    return record.get("type") == ImprovementType.ERROR_FIX


def _deployed(improvement: Improvement, standing: Standing, day: date) -> Decision:
    facts = standing.validated.get("publishes") or improvement.evidence["publishes"]
    if fixes.is_fix(facts):
        facts = {**facts, "revision": standing.revision}
    return Decision(standing.improvement_id, standing.revision, Kind.DEPLOYED, day, NIGHT, "published", facts)


def _is_ready(improvement: Improvement, standing: Standing | None, state: State) -> bool:
    found = standing is not None and standing.state is state and standing.vanished_on is None
    return found and "publishes" in improvement.evidence and not improvement.held_back


def _is_sure(improvement: Improvement, standing: Standing, policy: Policy, as_of: date) -> bool:
    asleep = standing.snoozed_until is not None and standing.snoozed_until > as_of
    sure = improvement.confidence is not None and improvement.confidence >= policy.auto_implement_threshold
    return sure and not asleep and not policy.safety_mode and TYPE_RULES[improvement.type].automatic


def _why(improvement: Improvement, policy: Policy) -> str:
    least = policy.auto_implement_threshold
    return f"confidence {improvement.confidence or 0:.2f} reaches the {least:.2f} from which no person is needed"


def _stops(improvement: Improvement) -> bool:
    return TYPE_RULES[improvement.type].once and improvement.evidence.get("rolls_back") is True


def _room(standings: Mapping[str, Standing], policy: Policy) -> int:
    unjudged = sum(s.state is State.DEPLOYED for s in standings.values())
    return max(0, min(policy.max_deployed_per_cycle, policy.max_concurrent_improvements - unjudged))


def _publishes(standing: Standing) -> Mapping[str, Any]:
    found = standing.record.get("evidence", {})
    return found.get("publishes", {}) if isinstance(found, Mapping) else {}
