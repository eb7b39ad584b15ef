"""Prompts by version, as the settings keep them and the application reads them.

Reading their files belongs to `prompt_files.py`, publishing them to `deploy/prompts.py`. Nothing here needs more than
Python, since the client imports it.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

PROMPTS_FILE = "prompts.json"


@dataclass(frozen=True, slots=True)
class PromptVersion:
    """One version of a prompt; a text that was published is never changed, a better one is another version."""

    version: int
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt with its history.

    Attributes:
        prompt_id: as events log it.
        serve: the version that everybody gets who is in no experiment.
        versions: all of them, the oldest first.
        flag_key: the flag of the experiment that tries versions; '' where there is none.
        arms: variant of that flag -> version.
    """

    prompt_id: str
    serve: int
    versions: tuple[PromptVersion, ...]
    flag_key: str = ""
    arms: Mapping[str, int] = field(default_factory=dict)

    def text(self, version: int) -> str:
        """Return the text of a version.

        Raises:
            KeyError: if there is none.
        """
        return {v.version: v.text for v in self.versions}[version]

    def diff(self, one: int, other: int) -> str:
        """Return what changes from one version to another, as a unified diff."""
        return diff(self.text(one), self.text(other), self.prompt_id, one, other)


def diff(before: str, after: str, prompt_id: str, one: int, other: int) -> str:
    """Return what changes from one text to another, as a unified diff."""
    first, second = (f"{prompt_id} version {number}" for number in (one, other))
    return "\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), first, second, lineterm=""))
