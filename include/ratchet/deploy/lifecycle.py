"""What a night decides about improvements: what is new, what is known, what has gone and what has come back.

A closed night never decides again; it reads what was recorded. How decisions are kept belongs to `decisions.py`, which
improvements come first to `generate/order.py`, what is approved without a person to `deployments.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ratchet.contracts.improvements import TYPE_RULES, Improvement, ImprovementType, State
from ratchet.contracts.rollout_verdicts import RolloutVerdict
from ratchet.deploy.decisions import NIGHT, Decision, Kind, Standing, closed_nights, fold, read
from ratchet.deploy.deployments import Policy, approvals, judgements
from ratchet.deploy.fixes import superseded
from ratchet.errors import DecisionsError

_UNSAID = ("samples", "words")  # texts of people stay out of the records, which outlive the log
_PROVEN = ("saved", "broken", "unreplayable_cases", "proof")
_OPEN = (State.PROPOSED, State.VALIDATED, State.APPROVED)
_AS_VALIDATED = (ImprovementType.ERROR_FIX, ImprovementType.API_CAPABILITY, ImprovementType.PROMPT_REFINEMENT)
_STANDING = "its evidence is no longer found"


@dataclass(frozen=True, slots=True)
class OpenNight:
    """What was in force when a night began.

    Attributes:
        as_of: the night's day.
        window_days: after so many days without its evidence an improvement that returns is a new revision.
        recorded: the decisions in force.
        standings: where each improvement stands.
        closed: whether the night has decided before.
    """

    as_of: date
    window_days: int
    recorded: tuple[Decision, ...]
    standings: Mapping[str, Standing]
    closed: bool

    def fresh(self, candidates: Iterable[Improvement]) -> frozenset[str]:
        """Return the ids that would be proposed tonight: never seen before, or back after a long time."""
        return frozenset(i.improvement_id for i in candidates if self._is_fresh(self.standings.get(i.improvement_id)))

    def _is_fresh(self, standing: Standing | None) -> bool:
        return standing is None or self.long_gone(standing)

    def long_gone(self, standing: Standing) -> bool:
        """Return whether an improvement vanished more than the window ago; a verdict that was acted on never does."""
        gone = standing.vanished_on
        return gone is not None and not _is_over(standing) and self.as_of - gone > timedelta(days=self.window_days)


@dataclass(frozen=True, slots=True)
class Settled:
    """The improvements of a night with their states, and what the night decided for that."""

    as_of: date
    improvements: tuple[Improvement, ...]
    decisions: tuple[Decision, ...]
    deferred: int

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `improvements.json`."""
        new = sum(i.proposed_on == self.as_of for i in self.improvements)
        return {
            "artifact": "improvements",
            "as_of": self.as_of.isoformat(),
            "reason": "" if self.improvements else "no finding is strong enough to act on",
            "new": new,
            "deferred": self.deferred,
            "states": {s.value: sum(i.state is s for i in self.improvements) for s in State},
            "improvements": [i.as_record() for i in self.improvements],
            "definitions": _definitions(),
        }


def open_night(folder: Path, as_of: date, window_days: int) -> OpenNight:
    """Read what is in force on a day.

    Args:
        folder: `<home>/decisions`.
        as_of: the night's day.
        window_days: `suggestion_window_days`.

    Raises:
        DecisionsError: if a record cannot be read.
        LifecycleError: if a record breaks the order of states.
    """
    recorded = read(folder, as_of)
    return OpenNight(as_of, window_days, recorded, fold(recorded, as_of), as_of in closed_nights(recorded))


def settle(
    night: OpenNight,
    chosen: Iterable[Improvement],
    deferred: Iterable[Improvement],
    policy: Policy | None = None,
    verdicts: Iterable[RolloutVerdict] = (),
    judged: Iterable[Decision] = (),
) -> Settled:
    """Give tonight's improvements their states, and say what the night decides.

    The decisions of a closed night are empty. Only a live night records those of an open one; the result is the same
    whether it does or not.

    Args:
        night: what was in force.
        chosen: tonight's improvements, ranked, the new ones within the limits.
        deferred: those beyond the limits; they have not vanished.
        policy: what the night may approve by itself, None for nothing.
        verdicts: tonight's on rollouts, which judge the steps that were published before.
        judged: tonight's verdicts on what else was deployed.

    Raises:
        DecisionsError: if a recorded proposal is not a whole record.
    """
    found, waiting = list(chosen), list(deferred)
    present = {i.improvement_id for i in (*found, *waiting)}
    decisions = () if night.closed else tuple(_decide(night, found, present, policy, verdicts, judged))
    standings = fold((*night.recorded, *decisions), night.as_of)
    seen = [_standing_of(i, standings[i.improvement_id]) for i in found]
    gone = [_recalled(s) for s in standings.values() if s.improvement_id not in present]
    return Settled(night.as_of, (*seen, *gone), decisions, len(waiting))


def stop(night: OpenNight, improvement: Improvement, actor: str, facts: Mapping[str, Any]) -> list[Decision]:
    """Return what takes an improvement that rolls something back to its deployment at once; nothing if it is over.

    Args:
        night: what is in force on the day from which on it counts.
        improvement: validated, with what it publishes.
        actor: who decides.
        facts: of the deployment.
    """
    name, standing = improvement.improvement_id, night.standings.get(improvement.improvement_id)
    if standing is not None and (_is_over(standing) or standing.state is State.DEPLOYED):
        return []
    revision = standing.revision if standing else 1
    steps = [
        (State.PROPOSED, Kind.PROPOSED, improvement.why, _facts(improvement)),
        (State.VALIDATED, Kind.VALIDATED, improvement.state_reason, {"confidence": improvement.confidence}),
        (State.APPROVED, Kind.APPROVED, "what does harm is rolled back at once", {}),
        (State.DEPLOYED, Kind.DEPLOYED, "published", facts),
    ]
    states = [state for state, *_ in steps]
    done = states.index(standing.state) + 1 if standing is not None else 0
    return [Decision(name, revision, kind, night.as_of, actor, why, said) for _, kind, why, said in steps[done:]]


def _decide(
    night: OpenNight,
    found: list[Improvement],
    present: set[str],
    policy: Policy | None,
    verdicts: Iterable[RolloutVerdict],
    judged: Iterable[Decision],
) -> Iterable[Decision]:
    made = [d for i in found for d in _about(night, i, night.standings.get(i.improvement_id))]
    made += [d for s in night.standings.values() if s.improvement_id not in present for d in _absent(night, s)]
    made += [*judgements(verdicts, night.standings, night.as_of), *judged]
    made += superseded(night.standings, night.as_of, NIGHT)
    if policy is not None:
        made += approvals(found, fold((*night.recorded, *made), night.as_of), policy, night.as_of)
    return [*made, Decision("", 0, Kind.NIGHT_CLOSED, night.as_of, NIGHT)]


def _about(night: OpenNight, improvement: Improvement, standing: Standing | None) -> Iterable[Decision]:
    if standing is not None and _is_over(standing):
        return
    name, state = improvement.improvement_id, State.PROPOSED
    revision = 1 if standing is None else standing.revision
    if standing is None or night.long_gone(standing):
        revision += standing is not None
        yield Decision(name, revision, Kind.PROPOSED, night.as_of, NIGHT, improvement.why, _facts(improvement))
    else:
        state = standing.state
        if standing.vanished_on is not None:
            yield Decision(name, revision, Kind.RETURNED, night.as_of, NIGHT, "its evidence is there again")
    if state is State.PROPOSED and improvement.state is State.VALIDATED:
        facts = {"confidence": improvement.confidence} | _frozen(improvement, revision)
        yield Decision(name, revision, Kind.VALIDATED, night.as_of, NIGHT, improvement.state_reason, facts)


def _absent(night: OpenNight, standing: Standing) -> Iterable[Decision]:
    if _is_over(standing):
        return
    name, revision = standing.improvement_id, standing.revision
    if standing.vanished_on is None:
        yield Decision(name, revision, Kind.VANISHED, night.as_of, NIGHT, _STANDING)
    elif night.long_gone(standing) and standing.state is State.VALIDATED:
        reason = f"{_STANDING} since {standing.vanished_on.isoformat()}"
        yield Decision(name, revision, Kind.EXPIRED, night.as_of, NIGHT, reason)


def _is_over(standing: Standing) -> bool:
    """Return whether it is a verdict that was acted on or refused: it is never announced again."""
    rule = TYPE_RULES.get(standing.record.get("type", ""))
    return rule is not None and rule.once and standing.state not in _OPEN


def _frozen(improvement: Improvement, revision: int) -> dict[str, Any]:
    """Return what was validated of code and prompts: what people are asked about, byte for byte what is deployed."""
    if improvement.type not in _AS_VALIDATED:
        return {}
    known = {name: improvement.evidence[name] for name in _PROVEN if name in improvement.evidence}
    publishes = improvement.evidence.get("publishes")
    return known | ({"publishes": {**publishes, "revision": revision}} if publishes else {})


def _facts(improvement: Improvement) -> dict[str, Any]:
    evidence = {k: v for k, v in improvement.evidence.items() if k not in _UNSAID}
    return replace(improvement, evidence=evidence, state=State.PROPOSED, state_reason="").as_record()


def _standing_of(improvement: Improvement, standing: Standing) -> Improvement:
    kept = standing.state is improvement.state or standing.state is State.PROPOSED
    said = improvement.state_reason if kept else standing.reason
    held = improvement.held_back if standing.state in (State.VALIDATED, State.APPROVED) else ""
    return replace(
        improvement,
        state=standing.state,
        state_reason=f"{said}; held back: {held}" if held else said,
        revision=standing.revision,
        proposed_on=standing.proposed_on,
        snoozed_until=standing.snoozed_until,
        assigned_to=standing.assigned_to,
        vanished_on=None,
        published_version=standing.published_version,
        measured_effect=dict(standing.measured) if standing.measured else None,
    )


def _recalled(standing: Standing) -> Improvement:
    try:
        last = Improvement.from_record(standing.record)
    except (KeyError, TypeError, ValueError) as error:
        raise DecisionsError(
            f"the proposal of {standing.improvement_id} is not a whole record: {error}",
            where=f"{standing.proposed_on.isoformat()}.jsonl",
            way_out="restore the file from a backup",
        ) from error
    said = standing.reason if standing.state is not State.PROPOSED else _STANDING
    known = _standing_of(last, replace(standing, reason=said))
    return replace(known, state_reason=said, vanished_on=standing.vanished_on)


def _definitions() -> dict[str, str]:
    return {
        "improvement_id": "first 12 hex digits of SHA-256 over type, target and key: the same finding keeps its id",
        "revision": "counts how often it came back after its evidence had gone for longer than the long window",
        "confidence": "0 to 1, as the rule of its type defines it",
        "value": "effect x reach x confidence - cost: the order in which they are looked at",
        "state": "proposed, validated (a person may decide), approved, deployed, kept, rolled_back and so on",
        "deferred": "found tonight beyond the limits of a cycle; they are proposed on a later night",
        "vanished_on": "the first night that no longer found its evidence",
    }
