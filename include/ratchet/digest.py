"""The one message of a night: how it stood, at most three things that matter, and where to read on.

What is told at once and to whom belongs to `notices.py`; what matters was ranked by the report's first screen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ratchet import files
from ratchet.night import Night

THINGS = 3
LONGEST = 160  # characters of one thing


def compose(night: Night, news: Sequence[str], site: str = "") -> tuple[str, tuple[str, ...]]:
    """Return title and lines of the message of a night.

    Args:
        night: after its last step.
        news: what is to be said at once; it comes before what the report ranks first.
        site: the address of Airflow, where people read the shelf; without one the message names the file.
    """
    known = _summary(night)
    waiting = known.get("needs") or {}
    title = f"{night.day}: {known.get('label') or 'Night failed'}. {known.get('headline') or 'It left no report.'}"
    told = [_short(text) for text in news]
    needs = [_short(str(item.get("text"))) for item in waiting.get("items") or ()]
    new = [text for text in needs if text not in told]
    things = [*told, *new][:THINGS]
    rest = len(told) + int(waiting.get("total") or 0) - (len(needs) - len(new)) - len(things)
    numbered = [f"{n}. {thing}" for n, thing in enumerate(things, 1)] or ["Nothing waits for you."]
    more = [f"and {rest} more"] if rest > 0 else []
    return title, (*numbered, *more, *_links(night, site, bool(waiting.get("total"))))


def _summary(night: Night) -> Mapping[str, Any]:
    path = night.home.artifacts(night.day) / "summary.json"
    found = files.read_json(path) if path.exists() else {}
    return found if isinstance(found, Mapping) else {}


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1].rstrip()}…"


def _links(night: Night, site: str, decide: bool) -> list[str]:
    if not site:
        return [f"Report: {night.home.artifacts(night.day) / 'report.html'}"]
    base = site.rstrip("/")
    asked = [f"Decide: {base}/required_actions"] if decide else []
    return [f"Report: {base}/ratchet/{night.day}/report.html", *asked]
