"""Reads `prompts.json` of a published version: what cannot be used is left out, and the application's own text holds.

Which version a user gets belongs to `application.py`, who writes the file to Ratchet itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ratchet.client.complaints import Complaints
from ratchet.contracts.prompts import PROMPTS_FILE

MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Prompted:
    """A prompt to use: log `prompt_id` and `version` with the interaction; version 0 is the application's own."""

    prompt_id: str
    version: int
    text: str


@dataclass(frozen=True, slots=True)
class PublishedPrompt:
    """A prompt of a published version."""

    serve: int
    texts: Mapping[int, str]
    flag_key: str = ""
    arms: Mapping[str, int] = field(default_factory=dict)


def load(folder: Path, complaints: Complaints) -> dict[str, PublishedPrompt]:
    """Return the prompts of a version's folder.

    Args:
        folder: of the version.
        complaints: where it is counted what cannot be used.
    """
    path = folder / PROMPTS_FILE
    try:
        if not path.exists():
            return {}
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"larger than {MAX_BYTES:,} bytes")
        records = json.loads(path.read_text("utf-8"))["prompts"].items()
    except (AttributeError, OSError, RecursionError, KeyError, TypeError, ValueError) as error:
        complaints.note("prompts_unreadable", f"{path} cannot be used ({error}); the application's own texts hold")
        return {}
    found = {name: _prompt(record) for name, record in records}
    if None in found.values():
        complaints.note("prompts_unreadable", f"{path}: some prompts cannot be used; the application's own texts hold")
    return {name: prompt for name, prompt in found.items() if prompt is not None}


def _prompt(record: Any) -> PublishedPrompt | None:
    try:
        texts = {int(number): text for number, text in record["versions"].items() if isinstance(text, str) and text}
        arms = {str(arm): int(number) for arm, number in record.get("arms", {}).items() if int(number) in texts}
        serve = int(record["serve"])
        return PublishedPrompt(serve, texts, str(record.get("flag_key", "")), arms) if serve in texts else None
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        return None
