"""The settings that the learning packages read, so that they need no settings file.

The whole list, its defaults and its checks belong to `ratchet.settings`, whose record fits this one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class LearningSettings(Protocol):
    """What decides how much evidence is enough; each name is explained in docs/settings.md."""

    @property
    def gap_window_days(self) -> int:
        """Return the length of the short window."""

    @property
    def suggestion_window_days(self) -> int:
        """Return the length of the long window."""

    @property
    def gap_floor_events(self) -> int:
        """Return the number of failed requests that a gap must pass."""

    @property
    def gap_floor_units(self) -> int:
        """Return the number of units that a gap must have failed."""

    @property
    def high_priority_demand(self) -> int:
        """Return the demand above which a gap is of high priority."""

    @property
    def error_floor(self) -> int:
        """Return the number of occurrences that makes an error frequent."""

    @property
    def min_feedback_count(self) -> int:
        """Return the number of scores below which feedback is not analysed."""

    @property
    def k_anonymity(self) -> int:
        """Return the number of units below which no text of theirs is shown."""

    @property
    def rephrase_window_s(self) -> float:
        """Return how soon a request must follow to count as asked again."""

    @property
    def rephrase_similarity(self) -> float:
        """Return how alike it must be."""

    @property
    def improvement_confidence_threshold(self) -> float:
        """Return the confidence that validates an improvement."""

    @property
    def max_improvements_per_cycle(self) -> int:
        """Return how many improvements a night may propose."""

    @property
    def improvement_budget(self) -> float:
        """Return how many cost units a night's proposals may have."""

    @property
    def improvement_costs(self) -> Mapping[str, float]:
        """Return the cost units of each type of improvement."""
