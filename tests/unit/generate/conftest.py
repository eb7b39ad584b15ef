from dataclasses import dataclass, field
from datetime import date

import pytest

from ratchet.contracts.estimates import Estimate, Trend
from ratchet.contracts.gaps import Gap, GapError, GapsResult, GapStatus, Uncounted, Window
from ratchet.contracts.improvements import Priority
from ratchet.contracts.satisfaction import FeedbackResult, IntentFeedback, Pattern, Sign, Ungrouped, Word

DAY = date(2026, 11, 20)


@dataclass(frozen=True)
class Rules:
    gap_window_days: int = 7
    suggestion_window_days: int = 30
    gap_floor_events: int = 5
    gap_floor_units: int = 2
    high_priority_demand: int = 20
    error_floor: int = 10
    min_feedback_count: int = 10
    k_anonymity: int = 5
    rephrase_window_s: float = 120.0
    rephrase_similarity: float = 0.8
    improvement_confidence_threshold: float = 0.6
    max_improvements_per_cycle: int = 10
    improvement_budget: float = 100
    improvement_costs: dict = field(default_factory=lambda: {"feature_request": 5.0, "feedback_task": 5.0})


@pytest.fixture
def rules():
    return Rules


@pytest.fixture
def gap():
    def build(feature="export", **changed):
        rate = Estimate(0.9, 50, 0.79, 0.96)
        window = Window(50, 45, 2, 20, 18, rate, 0.1, Estimate(9.0, 50, 5.0, 16.0), 0.001)
        made = {
            "feature": feature,
            "demand": 45,
            "priority": Priority.HIGH,
            "status": GapStatus.GROWING,
            "units": 20,
            "failing_units": 18,
            "unit_kind": "user",
            "requests": 52,
            "unsupported": 40,
            "previous_demand": 12,
            "failure_rate": rate,
            "trend": Trend(Estimate(2.0, 45, 1.2, 3.3), 30, 15, 0.01),
            "score": Estimate(30.0, 50, 20.0, 45.0),
            "windows": {"30": window, "7": window},
            "first_seen": date(2026, 11, 1),
            "last_seen": DAY,
            "errors": (GapError("ToolError: not supported", 40, 15, ("e1",)),),
            "samples": ("please export it",),
            "sample_event_ids": ("e1", "e2"),
        }
        return Gap(**made | changed)

    return build


@pytest.fixture
def gaps_result():
    def build(*gaps):
        none = Uncounted("", 0, 0, 0)
        rate = Estimate(0.1, 900, 0.08, 0.12)
        return GapsResult(DAY, "", 7, 30, 1_000, 100, 9, rate, gaps, (), (), none, {"gap": "the floor"})

    return build


@pytest.fixture
def pattern():
    def build(intent="export", mean=3.2, **changed):
        feedback = {
            "intent": intent,
            "feedback": 32,
            "scored": 30,
            "low": 24,
            "units": 22,
            "mean": Estimate(2.4, 30, 1.5, 3.6),
            "shrunk_mean": Estimate(mean, 30, 2.2, 4.1),
            "low_share": Estimate(0.8, 30, 0.63, 0.9),
            "lift": Estimate(4.0, 30, 2.0, 8.0),
            "lift_q": 0.001,
            "response_rate": Estimate(0.3, 100, 0.2, 0.4),
            "low_by_kind": {"rating": 24},
        }
        own = {k: changed.pop(k) for k in list(changed) if k in feedback}
        made = {
            "window_days": 30,
            "signs": (Sign.WORSE_THAN_REST,),
            "rest_low_share": 0.2,
            "words": (Word("slow", 9, 0, 3.2), Word("broken", 8, 1, 2.8)),
            "samples": ("too slow", "broken again", "never works", "no"),
            "sample_event_ids": ("f1",),
        }
        return Pattern(intent=intent, feedback=IntentFeedback(**feedback | own), **made | changed)

    return build


@pytest.fixture
def feedback_result():
    def build(*patterns):
        none = Ungrouped("", 0, 0)
        return FeedbackResult(DAY, "", 30, (), patterns, (), (), (), none, none, {"pattern": "the floor"})

    return build
