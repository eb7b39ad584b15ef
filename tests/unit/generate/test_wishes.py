"""Feature requests from clusters of what people say."""

from __future__ import annotations

import json
from datetime import date

import pytest
from tests.unit.report.finding_fixtures import cluster, features

from ratchet.contracts.improvements import Improvement, State
from ratchet.generate.tasks import tasks_artifact
from ratchet.generate.wishes import propose_wishes
from ratchet.report.task_pages import task_pages
from ratchet.settings import Settings, load

AS_OF = date(2026, 11, 20)


@pytest.fixture(scope="module")
def settings() -> Settings:
    return load()


def propose(settings: Settings, number: int = 0, demand: int = 34, **changed: object) -> list[Improvement]:
    found = features()
    return propose_wishes(found | {"clusters": [cluster("podcast", demand, number) | changed]}, settings, AS_OF)


def test_a_cluster_becomes_a_feature_request_that_keeps_the_id_of_the_cluster(settings: Settings) -> None:
    (made,) = propose(settings)
    assert (made.target, made.title) == ("000000000000", "Build what people call “podcast”")
    assert made.why == (
        "17 users asked 34 times in vain for “podcast” in 32 wordings within 30 days; nobody did before that week."
    )
    (later,) = propose(settings, demand=9, feature="audio podcast")
    assert later.improvement_id == made.improvement_id
    assert propose(settings, number=4)[0].improvement_id != made.improvement_id


@pytest.mark.parametrize(
    ("number", "title", "action"),
    [
        (0, "Build what people call", "Read the samples"),
        (1, "Wrap an operation for", "Wrap “studio: POST /podcast” for it"),
        (2, "Make “podcast” work", "Begin with the errors"),
        (3, "Document “podcast”", "Say in the documentation"),
    ],
)
def test_the_verdict_says_what_to_do(settings: Settings, number: int, title: str, action: str) -> None:
    (made,) = propose(settings, number)
    assert made.title.startswith(title)
    assert made.suggested_action.startswith(action)


def test_what_a_gap_by_intent_says_already_or_is_fixed_is_not_proposed(settings: Settings) -> None:
    assert propose(settings, same_as="make_podcast") == []
    assert propose(settings, status="fixed") == []
    assert propose_wishes(None, settings, AS_OF) == []


def test_without_a_known_outcome_it_waits_and_says_why(settings: Settings) -> None:
    (made,) = propose(settings, failure_rate={"value": None, "n": 0, "low": None, "high": None})
    assert (made.state, made.confidence, made.effect) == (State.PROPOSED, 0.0, 0.0)
    assert made.expected_effect == "cannot be told: no request with these words has a known outcome"


def test_the_evidence_is_that_of_the_cluster_and_tasks_carry_it(settings: Settings) -> None:
    (made,) = propose(settings)
    assert {"demand_interval", "status", "verdict_reason", "known_since", "threshold"} <= made.evidence.keys()
    json.loads(json.dumps(made.as_record()))
    artifact = tasks_artifact([made], AS_OF)
    (task,) = artifact["tasks"]
    assert (task["evidence"]["occurrences"], task["evidence"]["units"]) == (34, 17)
    (page,) = task_pages(artifact).values()
    assert "Occurrences: 34 in 30 days" in page
    assert "Done when" in page
