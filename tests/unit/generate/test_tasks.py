import json
from dataclasses import replace
from datetime import date

import pytest

from ratchet.contracts.improvements import State
from ratchet.generate.features import propose_features
from ratchet.generate.tasks import propose_tasks, tasks_artifact

DAY = date(2026, 11, 20)


@pytest.fixture
def propose(pattern, feedback_result, rules):
    def run(gaps=None, threshold=0.6, **changed):
        result = feedback_result(pattern(**changed))
        return propose_tasks(result, gaps, rules(improvement_confidence_threshold=threshold))

    return run


def test_the_source_documents_task_has_its_four_fields(propose):
    (task,) = tasks_artifact(propose(), DAY)["tasks"]
    assert task["title"] == "Improve export (average score 3.2 of 10)"
    assert task["priority"] == "high"
    assert task["evidence"]["occurrences"] == 24
    assert task["evidence"]["sample_feedback"] == ["too slow", "broken again", "never works"]
    assert task["suggested_action"] == "Read the low comments about “slow”, “broken”."


@pytest.mark.parametrize(("mean", "priority"), [(3.99, "high"), (4.0, "medium")])
def test_the_priority_is_high_below_four(propose, mean, priority):
    assert propose(mean=mean)[0].priority == priority


def test_a_task_says_why_what_would_change_and_what_will_judge_it(propose):
    (made,) = propose()
    assert made.why == "8 in 10 of the 30 scores given to “export” in 30 days are low."
    assert made.expected_effect == "about 18 fewer low scores in 30 days if it were liked as well as the rest"
    assert made.evidence["judged_by"] == "share of low scores of “export”"
    assert (made.confidence, made.state, made.reach) == (0.63, "validated", 22)


def test_below_the_threshold_it_stays_proposed_and_says_so(propose):
    (made,) = propose(threshold=0.8)
    assert (made.state, made.state_reason) == ("proposed", "confidence 0.63 is below the threshold of 0.80")


def test_the_error_of_the_same_intent_says_where_to_begin(propose, gap, gaps_result):
    (made,) = propose(gaps=gaps_result(gap("export"), gap("other")))
    assert made.suggested_action.startswith("Remove the error “ToolError: not supported” first: it ends 40 of its 45")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"words": (), "low_by_kind": {"behaviour": 20, "rating": 4}}, "what users did next"),
        ({"words": ()}, "Compare its answers"),
        ({"words": (), "signs": ()}, "Read the interactions"),
    ],
)
def test_there_is_always_something_to_begin_with(propose, changed, said):
    assert said in propose(**changed)[0].suggested_action


def test_the_list_for_the_teams_holds_what_is_open(propose, gap, gaps_result, rules):
    (task,), (feature,) = propose(), propose_features(gaps_result(gap()), rules())
    rejected = replace(task, target="rejected", state=State.REJECTED)
    gone = replace(task, target="gone", vanished_on=DAY)
    asleep = replace(task, target="asleep", snoozed_until=date(2026, 11, 21))
    awake = replace(task, target="awake", snoozed_until=DAY)
    found = tasks_artifact([task, feature, rejected, gone, asleep, awake], DAY)
    assert [(t["type"], t["target"]) for t in found["tasks"]] == [
        ("feedback_task", "export"), ("feature_request", "export"), ("feedback_task", "awake")
    ]  # fmt: skip
    assert (found["snoozed"], found["reason"]) == (1, "")
    json.loads(json.dumps(found))


def test_no_task_is_said():
    assert tasks_artifact([], DAY)["reason"] == "no finding of this night asks for a task"


def test_the_artifact_holds_to_its_schema(propose, gap, gaps_result, rules, conforms):
    conforms("tasks", tasks_artifact([], DAY))
    conforms("tasks", tasks_artifact([*propose(), *propose_features(gaps_result(gap()), rules())], DAY))
