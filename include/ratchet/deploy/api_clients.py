"""Which API clients are in force, and what of them is published.

The clients themselves are kept by their hash (`api_catalogue.py`); approving one is a person's, as `lifecycle.py` says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from ratchet.deploy.decisions import Decision, Kind

FOLDER = "api_clients"
INDEX_FILE = f"{FOLDER}/index.json"
_OVER = (Kind.ROLLED_BACK,)


def is_client(facts: Mapping[str, Any]) -> bool:
    """Return whether a deployment is about an API client."""
    return "client" in facts and "api" in facts


def in_force(recorded: Iterable[Decision], as_of: date) -> dict[str, str]:
    """Return the hash of the client of each API that is deployed by a day; the latest one counts.

    Args:
        recorded: in the order of `decisions.read`.
        as_of: later ones do not count.
    """
    found: dict[str, tuple[str, str]] = {}
    for decision in recorded:
        if decision.effective_date > as_of:
            continue
        if decision.decision is Kind.DEPLOYED and is_client(decision.facts):
            found[str(decision.facts["api"])] = (decision.improvement_id, str(decision.facts["client"]))
        elif decision.decision in _OVER:
            found = {api: one for api, one in found.items() if one[0] != decision.improvement_id}
    return {api: digest for api, (_, digest) in sorted(found.items())}


def published_since(recorded: Iterable[Decision], as_of: date) -> dict[str, date]:
    """Return for each API with a client in force the first day on which it had one.

    Args:
        recorded: in the order of `decisions.read`.
        as_of: later ones do not count.
    """
    known = [d for d in recorded if d.effective_date <= as_of]
    now = in_force(known, as_of)
    since: dict[str, date] = {}
    for decision in known:
        if decision.decision is Kind.DEPLOYED and is_client(decision.facts) and decision.facts["api"] in now:
            api = str(decision.facts["api"])
            since[api] = min(since.get(api, decision.effective_date), decision.effective_date)
    return dict(sorted(since.items()))


def index(clients: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return `api_clients/index.json`: the packages that are there."""
    return {"clients": [{"api": name, "path": f"{FOLDER}/{name}", "files": sorted(f)} for name, f in clients.items()]}


def texts(clients: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return every file of the published clients."""
    return {f"{FOLDER}/{name}/{file}": text for name, files in clients.items() for file, text in files.items()}
