"""How answers say no (R3): read once from `include/config/answer_phrases.yaml`, validated, frozen.

Where they are matched belongs to dbt (`int_request_behaviours`), what a refused request means to `analyze/unmet.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from ratchet.settings import PROJECT_ROOT
from ratchet.yaml_files import LinearRegex, Strict, read, validated

FILE = "answer_phrases.yaml"
_SHIPPED = PROJECT_ROOT / "include" / "config" / FILE
_WAY_OUT = "see the comments in include/config/answer_phrases.yaml"
Phrases = Annotated[tuple[LinearRegex, ...], Field(min_length=1)]
Answers = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]


class Language(Strict):
    """The phrases of one language.

    Attributes:
        language: its code.
        refuses: RE2, one of them anywhere in an answer says that it cannot be done.
        falls_back: RE2, the same for what broke or was not understood.
        refusals: answers in which `refuses` must be found.
        fallbacks: answers in which `falls_back` must be found.
        others: answers in which neither may be.
    """

    language: Annotated[str, Field(pattern="^[a-z]{2,3}$")]
    refuses: Phrases
    falls_back: Phrases
    refusals: Answers
    fallbacks: Answers
    others: Answers = Field(alias="not")


class AnswerPhrases(Strict):
    """All languages; an answer is held against each, since nothing says in which it is."""

    version: int = Field(ge=1)
    languages: tuple[Language, ...] = Field(min_length=1)

    def as_told(self) -> dict[str, str]:
        """Return what the warehouse needs: one expression for refusals, one for fallbacks."""
        return {
            name: "|".join(f"(?:{regex})" for language in self.languages for regex in getattr(language, name))
            for name in ("refuses", "falls_back")
        }


def load(folder: Path) -> AnswerPhrases:
    """Read and validate the phrases; a folder without them has those that Ratchet brings along.

    Args:
        folder: the folder of the settings files.

    Raises:
        SettingsError: naming file and key.
    """
    path = folder / FILE if (folder / FILE).exists() else _SHIPPED
    return validated(AnswerPhrases, read(path), str(path), _WAY_OUT)
