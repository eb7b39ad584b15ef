"""What a live night records of the registry: each version of an experiment, whole, when it is first seen.

Turning the record into phases belongs to `phases.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pydantic import TypeAdapter, ValidationError

from ratchet import files
from ratchet.contracts.experiments import Experiment
from ratchet.deploy.decisions import NIGHT, Decision, Kind
from ratchet.errors import DecisionsError
from ratchet.phases import Seen

_ADAPTER = TypeAdapter(Experiment)


def seen(decisions: Iterable[Decision]) -> tuple[Seen, ...]:
    """Return the recorded versions, in the order of the decisions.

    Raises:
        DecisionsError: if a recorded version is no experiment.
    """
    return tuple(_seen(d) for d in decisions if d.decision is Kind.SPEC_SEEN)


def unseen(experiments: Iterable[Experiment], known: Iterable[Seen], day: date) -> tuple[Decision, ...]:
    """Return what a live night has to record: the experiments whose last recorded version is another one, or none."""
    last = {s.experiment.id: s.experiment.spec_hash for s in sorted(known, key=lambda s: s.first_seen)}
    return tuple(
        Decision(
            improvement_id="",
            revision=0,
            decision=Kind.SPEC_SEEN,
            effective_date=day,
            actor=NIGHT,
            reason="an edit starts a new phase" if experiment.id in last else "first seen",
            facts={
                "spec_hash": experiment.spec_hash,
                "spec": files.plain(_ADAPTER.dump_python(experiment, mode="json")),
            },
        )
        for experiment in experiments
        if last.get(experiment.id) != experiment.spec_hash
    )


def _seen(decision: Decision) -> Seen:
    try:
        return Seen(_ADAPTER.validate_python(decision.facts.get("spec")), decision.effective_date)
    except (ValidationError, ValueError) as error:
        where = f"{decision.effective_date.isoformat()}.jsonl"
        raise DecisionsError("a recorded experiment cannot be read", where=where, way_out="see CHANGELOG.md") from error
