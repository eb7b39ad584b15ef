"""What `published/prompts.json` says: the version of each prompt in force, and those under trial with their flag.

The files belong to `prompt_files.py`, how the application reads it to `client/prompts.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ratchet.contracts.prompts import Prompt


def document(prompts: Iterable[Prompt]) -> dict[str, Any]:
    """Return the content of the file; versions that nobody can get stay in the store."""
    return {"prompts": {prompt.prompt_id: _record(prompt) for prompt in prompts}}


def _record(prompt: Prompt) -> dict[str, Any]:
    used = sorted({prompt.serve, *prompt.arms.values()})
    record: dict[str, Any] = {
        "serve": prompt.serve,
        "versions": {str(number): prompt.text(number) for number in used},
    }
    return record | ({"flag_key": prompt.flag_key, "arms": dict(prompt.arms)} if prompt.flag_key else {})
