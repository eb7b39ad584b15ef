"""Deployed fixes as impact sees them, what is recorded of its verdicts, and the course of every improvement so far.

Whether a fix helps is told by `measure/impact.py`; how decisions are kept belongs to `decisions.py`. A roll back needs
nobody: a `rolled_back` decision is all that takes a fix out of the next publication.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from ratchet.contracts.impacts import Course, Deployment, ImpactSettings, ImpactVerdict
from ratchet.contracts.improvements import ImprovementType, State
from ratchet.deploy.decisions import HOUR, NIGHT, Decision, Kind, Standing, fold

_JUDGED = (Kind.KEPT, Kind.ROLLED_BACK, Kind.UNMEASURABLE)
_VERSION = re.compile(r"(\d{4}-\d{2}-\d{2})-[0-9a-f]{8}")
_KEPT_FACTS = ("estimator", "before", "with_fix", "effect", "relative", "saved", "p", "q", "days_with", "harm")

Key = tuple[str, int]


def before_tonight(recorded: Iterable[Decision], as_of: date) -> tuple[Decision, ...]:
    """Return what was in force before a night decided, so that a night that is run again sees what it saw.

    What its own publication deployed takes effect on the day after, and is not among it either.
    """
    return tuple(
        d
        for d in recorded
        if d.effective_date < as_of or (d.effective_date == as_of and (d.actor != NIGHT or d.decision is Kind.DEPLOYED))
    )


def deployments(recorded: Sequence[Decision], as_of: date, settings: ImpactSettings) -> list[Deployment]:
    """Return the fixes that were deployed and are under judgement, or were decided within the window.

    Args:
        recorded: in the order of `decisions.read`.
        as_of: the night's day; what it decides itself does not count.
        settings: how long a fix is judged, and what it is compared with.
    """
    known = before_tonight(recorded, as_of)
    standings, proposals, judged = fold(known, as_of), _last(known, (Kind.PROPOSED,)), _last(known, _JUDGED)
    found = []
    for key, made in _last(known, (Kind.DEPLOYED,)).items():
        verdict = judged.get(key)
        record = proposals[key].facts
        is_open = verdict is None and standings[key[0]].revision == key[1]
        recent = verdict is not None and as_of - verdict.effective_date < timedelta(days=settings.impact_baseline_days)
        if record.get("type") == ImprovementType.ERROR_FIX and (is_open or recent):
            found.append(_deployment(made, proposals[key], verdict, is_open, settings))
    return found


def _deployment(
    made: Decision, proposal: Decision, verdict: Decision | None, is_open: bool, settings: ImpactSettings
) -> Deployment:
    start, record = made.effective_date, proposal.facts
    version = str(made.facts.get("published_version") or "")
    dated = _VERSION.fullmatch(version)
    p = verdict.facts.get("p") if verdict else None
    return Deployment(
        improvement_id=made.improvement_id,
        revision=made.revision,
        title=str(record.get("title", "")),
        fingerprint=str(made.facts.get("fingerprint") or record["target"]),
        family=str(made.facts.get("family") or record["key"]),
        proposed_on=proposal.effective_date,
        baseline_from=start - timedelta(days=settings.impact_baseline_days),
        deployed_on=start,
        measured_until=start + timedelta(days=settings.impact_horizon_days - 1),
        version_date=date.fromisoformat(dated[1]) if dated else start - timedelta(days=1),
        published_version=version,
        is_open=is_open,
        p=float(p) if isinstance(p, int | float) else None,
    )


def judgements(impacts: Iterable[Mapping[str, Any]], standings: Mapping[str, Standing], as_of: date) -> list[Decision]:
    """Return what tonight's verdicts on deployed fixes decide.

    Args:
        impacts: rows of `impact.json`.
        standings: when the night began.
        as_of: the night's day.
    """
    decided = [row for row in impacts if row["verdict"] != ImpactVerdict.UNDECIDED]
    return [
        Decision(
            row["improvement_id"],
            row["revision"],
            Kind(row["verdict"]),
            as_of,
            NIGHT,
            row["reason"],
            {key: row[key] for key in _KEPT_FACTS},
        )
        for row in decided
        if _is_deployed(standings.get(row["improvement_id"]), row["revision"])
    ]


def _is_deployed(standing: Standing | None, revision: int) -> bool:
    return standing is not None and standing.state is State.DEPLOYED and standing.revision == revision


def courses(recorded: Sequence[Decision], as_of: date) -> list[Course]:
    """Return the course of every improvement until the night, each revision by itself; tonight's decisions aside."""
    known = before_tonight(recorded, as_of)
    states = {kind: _last(known, (kind,)) for kind in Kind}
    judged = _last(known, _JUDGED)
    return [_course(key, proposal, states, judged.get(key)) for key, proposal in states[Kind.PROPOSED].items()]


def _course(
    key: Key, proposal: Decision, states: Mapping[Kind, Mapping[Key, Decision]], verdict: Decision | None
) -> Course:
    record, approval = proposal.facts, states[Kind.APPROVED].get(key)
    evidence = record.get("evidence")
    return Course(
        improvement_id=key[0],
        revision=key[1],
        type=str(record.get("type", "")),
        title=str(record.get("title", "")),
        first_seen=_day(evidence.get("first_seen")) if isinstance(evidence, Mapping) else None,
        proposed_on=proposal.effective_date,
        validated_on=_on(states[Kind.VALIDATED].get(key)),
        approved_on=_on(approval),
        deployed_on=_on(states[Kind.DEPLOYED].get(key)),
        judged_on=_on(verdict),
        verdict=ImpactVerdict(verdict.decision.value) if verdict else None,
        automatic=approval is not None and approval.actor in (NIGHT, HOUR),
        predicted=_predicted(record),
        cost=float(record.get("cost") or 0.0),
        measured=dict(verdict.facts) if verdict else {},
        reason=verdict.reason if verdict else "",
    )


def _predicted(record: Mapping[str, Any]) -> float | None:
    """Return the share of failures that the replay saved; where the record does not say, its lower bound."""
    evidence = record.get("evidence")
    saved = evidence.get("saved") if isinstance(evidence, Mapping) else None
    promised = saved.get("value") if isinstance(saved, Mapping) else record.get("confidence")
    return float(promised) if isinstance(promised, int | float) else None


def _last(decisions: Iterable[Decision], kinds: Sequence[Kind]) -> dict[Key, Decision]:
    return {(d.improvement_id, d.revision): d for d in decisions if d.decision in kinds}


def _on(decision: Decision | None) -> date | None:
    return decision.effective_date if decision else None


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None
