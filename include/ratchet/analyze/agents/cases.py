"""The data set of a prompt: requests of one intent whose results failed, and such as passed (R77).

A refinement is tried on them before its experiment. Texts are shown as elsewhere, only where enough people asked. What
is wrong with the results of a prompt in general belongs to `validation.py`, the refinement to `generate/prompts.py`.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping
from datetime import date
from typing import Any

import pandas as pd

from ratchet import frames
from ratchet.analyze.agents.cells import KEY
from ratchet.contracts.agents import Case
from ratchet.contracts.names import bounded

KEPT = 10  # cases of each verdict at each intent
_GROUP = ["prompt_id", "prompt_version", "intent"]
_Found = Mapping[str, Mapping[str, Any]]


def cases_of(agents: pd.DataFrame, least_units: int, as_of: date) -> list[Case]:
    """Return failing cases and, of the same prompt, version and intent, passing ones.

    Args:
        agents: mart_agents.
        least_units: how many users or sessions must be among the cases of a verdict for their texts to be shown.
        as_of: the night's day.
    """
    rows = frames.rows_of(agents, as_of, KEY)
    rows = rows[(rows["level"] == "root") & (rows["prompt_id"] != "")]
    return [case for key, own in rows.groupby(_GROUP, sort=True) for case in _group(key, own, least_units)]


def _group(key: Iterable[Hashable], own: pd.DataFrame, least_units: int) -> list[Case]:
    failing, passing = (_read(own[column]) for column in ("failing_cases", "passing_cases"))
    passing = {name: case for name, case in passing.items() if name not in failing}
    if not _is_shown(failing.values(), least_units):
        return []
    passing = passing if _is_shown(passing.values(), least_units) else {}
    return [*_cases(key, "failing", failing), *_cases(key, "passing", passing)]


def _read(lists: Iterable[Any]) -> dict[str, Mapping[str, Any]]:
    """Return the cases by interaction, in the order in which they were drawn; what was found later counts too."""
    found = sorted(text for own in lists for text in frames.texts(own))
    read = [json.loads(text) for text in found]
    faults: dict[str, set[str]] = {}
    for case in read:
        faults.setdefault(case["interaction_id"], set()).update(filter(None, case["faults"].split(", ")))
    return {c["interaction_id"]: c | {"faults": ", ".join(sorted(faults[c["interaction_id"]]))} for c in read}


def _is_shown(cases: Iterable[Mapping[str, Any]], least_units: int) -> bool:
    return len({case["unit"] for case in cases} - {""}) >= least_units


def _cases(key: Iterable[Hashable], verdict: str, found: _Found) -> list[Case]:
    prompt, version, intent = (bounded(str(part)) for part in key)
    return [
        Case(prompt, version, intent, verdict, str(c["faults"]), bounded(name), str(c["request_text"]))
        for name, c in list(found.items())[:KEPT]
    ]
