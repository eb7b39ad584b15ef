"""Settings in the record: what is in force, what waits, what was taken back, and what `published/settings.json` says.

How a value is found belongs to `analyze/tuning/`, how decisions are kept to `decisions.py`, who reads the file to
`client/`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

from ratchet.contracts.adaptive import EXPIRES_AFTER, Defaults, History, Numbers, Setting, Target, Trial, Tuned
from ratchet.contracts.improvements import ImprovementType, State
from ratchet.deploy.decisions import NIGHT, Decision, Kind, Standing, fold

SEEN_WITHIN = timedelta(days=28)  # a setting holds as long after the last call it stands on
_OPEN = (State.PROPOSED, State.VALIDATED, State.APPROVED)
_UNDONE = (State.REJECTED, State.ROLLED_BACK)


@dataclass(frozen=True, slots=True)
class Deployed:
    """A setting in force: what its deployment recorded, and since when."""

    improvement_id: str
    facts: Mapping[str, Any]
    on: date

    @property
    def target(self) -> Target:
        """Return what it sets."""
        return _target(self.facts)

    @property
    def numbers(self) -> Numbers:
        """Return its value."""
        return _numbers(self.facts)

    @property
    def heals(self) -> bool:
        """Return whether it was deployed to heal something."""
        return "heals_until" in self.facts

    def for_good(self) -> Deployed:
        """Return it as a value that was kept, whose time is never over."""
        return replace(self, facts={k: v for k, v in self.facts.items() if k != "heals_until"})

    def is_over(self, day: date) -> bool:
        """Return whether the time of a value that heals is over."""
        return self.heals and date.fromisoformat(str(self.facts["heals_until"])) < day


def in_force(recorded: Iterable[Decision], as_of: date) -> dict[Target, Deployed]:
    """Return the value of every setting as of a day: the last one deployed that was not taken back.

    A value that heals goes back by itself when its time is over, unless it was kept before.

    Args:
        recorded: in the order of `decisions.read`.
        as_of: later ones do not count.
    """
    made: dict[Target, list[Deployed]] = defaultdict(list)
    kept: set[str] = set()
    for decision in recorded:
        if decision.effective_date > as_of:
            continue
        facts = decision.facts.get("settings")
        if decision.decision is Kind.DEPLOYED and isinstance(facts, Mapping):
            made[_target(facts)].append(Deployed(decision.improvement_id, facts, decision.effective_date))
        elif decision.decision is Kind.ROLLED_BACK:
            for values in made.values():
                values[:] = [v for v in values if v.improvement_id != decision.improvement_id]
        elif decision.decision is Kind.KEPT:
            kept.add(decision.improvement_id)
    for values in made.values():
        values[:] = [v.for_good() if v.improvement_id in kept else v for v in values]
        values[:] = [v for v in values if not v.is_over(as_of)]
    return {target: values[-1] for target, values in sorted(made.items()) if values}


def history(recorded: Sequence[Decision], as_of: date) -> History:
    """Return what was decided about settings before a night; a night that is run again finds what it found.

    Args:
        recorded: in the order of `decisions.read`.
        as_of: the night's day; of its own decisions only the deployments of the night before count.
    """
    known = [d for d in recorded if d.effective_date < as_of or _is_from_before(d, as_of)]
    standings = [s for s in fold(known, as_of).values() if _publishes(s)]
    values = in_force(known, as_of)
    told = [d for d in known if d.decision is Kind.DEPLOYED and "settings" in d.facts]
    made = [d.facts["settings"] for d in told]
    judged = {s.improvement_id for s in standings if s.state is State.DEPLOYED}
    return History(
        in_force={target: value.numbers for target, value in values.items()},
        waiting=_by_target(s for s in standings if s.state in _OPEN),
        undone=_by_target(s for s in standings if s.state in _UNDONE),
        deployed=Counter(_target(facts) for facts in made),
        trials={
            target: Trial(value.improvement_id, _numbers(value.facts, "replaces"), value.on, heals=value.heals)
            for target, value in values.items()
            if value.improvement_id in judged
        },
        last={_target(d.facts["settings"]): d.effective_date for d in told},
    )


def judgements(tuned: Iterable[Tuned], recorded: Sequence[Decision], as_of: date) -> list[Decision]:
    """Return what a night says about the settings that were deployed: kept, taken back, or not measurable.

    One that was replaced, or whose target is not seen any more, cannot be measured.

    Args:
        tuned: tonight's.
        recorded: in the order of `decisions.read`.
        as_of: the night's day.
    """
    said = {t.trial.improvement_id: t.trial for t in tuned if t.trial is not None}
    known = [d for d in recorded if d.effective_date < as_of or _is_from_before(d, as_of)]
    replaced = {value.improvement_id for value in in_force(known, as_of).values()}
    found = []
    for standing in fold(known, as_of).values():
        if standing.state is not State.DEPLOYED or not _publishes(standing):
            continue
        verdict = said.get(standing.improvement_id)
        if verdict is not None and verdict.verdict:
            found.append(_judged(standing, Kind(verdict.verdict), verdict.reason, as_of))
        elif standing.improvement_id not in replaced:
            found.append(_judged(standing, Kind.UNMEASURABLE, "another value replaced it, or its time was over", as_of))
        elif verdict is None and as_of - standing.changed_on > SEEN_WITHIN:
            found.append(_judged(standing, Kind.UNMEASURABLE, "no call of its target was logged any more", as_of))
    return found


def document(
    values: Mapping[Target, Deployed], last_seen: Mapping[Target, date], defaults: Defaults, as_of: date
) -> dict[str, Any]:
    """Return the content of `settings.json`.

    Args:
        values: what is in force.
        last_seen: the last day with calls of each target; a setting of one that is not seen any more is left out.
        defaults: what holds for everything else.
        as_of: the night's day.
    """
    seen = {target: last_seen[target] for target in values if target in last_seen}
    return {
        "as_of": as_of.isoformat(),
        "expires_on": (as_of + EXPIRES_AFTER).isoformat(),
        "defaults": asdict(defaults),
        "settings": [_entry(values[target], day, defaults) for target, day in seen.items()],
    }


def _entry(value: Deployed, last_seen: date, defaults: Defaults) -> dict[str, Any]:
    setting, target = value.target
    low, high = defaults.bounds(setting)
    return {
        "setting": setting.value,
        "target": target,
        "value": dict(value.numbers),
        "bounds": {"low": low, "high": high},
        "evidence": value.facts.get("evidence", {}),
        "improvement_id": value.improvement_id,
        "deployed_on": value.on.isoformat(),
        "expires_on": min((last_seen + SEEN_WITHIN).isoformat(), str(value.facts.get("heals_until", "9999"))),
    }


def _is_from_before(decision: Decision, as_of: date) -> bool:
    return decision.effective_date == as_of and (decision.actor != NIGHT or decision.decision is Kind.DEPLOYED)


def _judged(standing: Standing, kind: Kind, reason: str, as_of: date) -> Decision:
    return Decision(standing.improvement_id, standing.revision, kind, as_of, NIGHT, reason)


def _by_target(standings: Iterable[Standing]) -> dict[Target, tuple[Numbers, ...]]:
    found: dict[Target, list[Numbers]] = defaultdict(list)
    for standing in standings:
        facts = _publishes(standing)
        found[_target(facts)].append(_numbers(facts))
    return {target: tuple(values) for target, values in found.items()}


def _publishes(standing: Standing) -> Mapping[str, Any]:
    if standing.record.get("type") != ImprovementType.RESOURCE_SETTING:
        return {}
    found: Mapping[str, Any] = standing.record["evidence"]["publishes"]["settings"]
    return found


def _target(facts: Mapping[str, Any]) -> Target:
    return Setting(facts["setting"]), str(facts["target"])


def _numbers(facts: Mapping[str, Any], name: str = "value") -> Numbers:
    return {str(k): float(v) for k, v in facts[name].items()}
