"""The catalogue of learning patterns (R62): read once from `include/config/learning_patterns.yaml`, validated, frozen.

Expressions are those of RE2, whose time is linear in the text, so that none can run away; what RE2 does not know is
refused here. Where they are matched belongs to dbt (`int_pattern_matches_daily`), what a match leads to to `analyze/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ratchet.settings import PROJECT_ROOT
from ratchet.yaml_files import LinearRegex, Strict, read, validated

FILE = "learning_patterns.yaml"
_SHIPPED = PROJECT_ROOT / "include" / "config" / FILE
_WAY_OUT = "see the comments in include/config/learning_patterns.yaml"


Text = Annotated[str, Field(min_length=1)]


class Indicator(Strict):
    """What gives a pattern away.

    Attributes:
        name: what it is called.
        regex: RE2, found anywhere in a text, whatever the case.
        counterexamples: texts that look like it and are none.
        remedy: what is done about it.
    """

    name: Text
    regex: LinearRegex
    counterexamples: tuple[Text, ...] = Field(alias="not", min_length=1)
    remedy: Text


class LearningPattern(Strict):
    """One pattern of the catalogue with its indicators."""

    category: Literal["security", "quality", "performance", "prompt_optimization"]
    name: Text
    description: Text
    indicators: tuple[Indicator, ...] = Field(min_length=1)


class Measured(Strict):
    """How the catalogue reads labelled texts: indicators found, those of them that are right, texts that have one."""

    found: int = Field(ge=1)
    right: int = Field(ge=0)
    labelled: int = Field(ge=1)


class Catalogue(Strict):
    """Every learning pattern; `version` counts its changes."""

    version: int = Field(ge=1)
    measured: Measured
    patterns: tuple[LearningPattern, ...] = Field(min_length=1)

    @property
    def indicators(self) -> tuple[tuple[LearningPattern, Indicator], ...]:
        """Return each indicator with its pattern, in the order of the file."""
        return tuple((pattern, indicator) for pattern in self.patterns for indicator in pattern.indicators)

    def as_told(self) -> list[dict[str, str]]:
        """Return what the warehouse needs: each indicator's name and expression."""
        return [{"name": indicator.name, "regex": indicator.regex} for _, indicator in self.indicators]


def load(folder: Path) -> Catalogue:
    """Read and validate the catalogue; a folder without one has the one that Ratchet brings along.

    Args:
        folder: the folder of the settings files.

    Raises:
        SettingsError: naming file and key.
    """
    path = folder / FILE if (folder / FILE).exists() else _SHIPPED
    return validated(Catalogue, read(path), str(path), _WAY_OUT)
