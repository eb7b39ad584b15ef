"""What a night knows of APIs: snapshots on file, calls in the marts, and the client of each, proven once.

Network is `api_discovery.py`'s; what it all means is computed in `analyze/` and `generate/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from ratchet import api_snapshots, files
from ratchet.analyze import api_adoption, api_shapes
from ratchet.analyze.api_adoption import Published, adoptions
from ratchet.analyze.api_diff import Difference, difference
from ratchet.analyze.api_endpoints import Endpoint, endpoints, matches, mined
from ratchet.analyze.api_matches import matches as may_serve
from ratchet.analyze.api_specs import parse
from ratchet.api_snapshots import Snapshot
from ratchet.connected_apis import ConnectedApi
from ratchet.contracts.apis import Api
from ratchet.contracts.gaps import GapsResult
from ratchet.errors import SpecError
from ratchet.generate.api_clients import client_files
from ratchet.home import Home
from ratchet.validate import api_clients as checks

NO_CHANGE = Difference()
CLIENTS = ".clients"
SHOWN = 200  # of a list in the artifact; what is beyond is counted


@dataclass(frozen=True, slots=True)
class Client:
    """A client that was written and proven: hash of what was written, operations called, requests sent, problems."""

    digest: str
    tested: int
    calls: int
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One API of a night's catalogue.

    Attributes:
        name: in the settings, else in the log.
        connected: whether the settings name it.
        api: what it can do, None where nothing is known.
        refused: why its specification cannot be used.
        snapshot: the newest look at it.
        difference: against the version before, where this one is of the newest look's day.
        endpoints: that the application calls.
        answers: shapes of answers by operation, merged, and what changed in the newest.
        client: None where none was written.
    """

    name: str
    connected: bool
    api: Api | None = None
    refused: str = ""
    snapshot: Snapshot | None = None
    difference: Difference = NO_CHANGE
    endpoints: tuple[Endpoint, ...] = ()
    answers: tuple[dict[str, Any], ...] = ()
    client: Client | None = None
    hidden: int = field(default=0)


def catalogue(
    home: Home,
    connected: Mapping[str, ConnectedApi],
    rows: Iterable[Mapping[str, Any]],
    day: date,
    least_calls: int,
) -> list[Entry]:
    """Return every connected API, and those that only the log knows, by name; their clients are not written yet.

    Args:
        home: whose snapshots are read.
        connected: the APIs of the settings.
        rows: of mart_api_endpoints.
        day: later snapshots do not count.
        least_calls: endpoints with fewer calls are counted and not shown.
    """
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    owners = _owners(connected)
    for row in rows:
        by_name.setdefault(owners.get(row["api"], row["api"]), []).append(row)
    found = []
    for name in sorted({*by_name, *connected}):
        known = endpoints(by_name.get(name, []))
        shown = tuple(endpoint for endpoint in known if endpoint.calls >= least_calls)
        entry = _connected(home, name, day) if name in connected else Entry(name, False)
        if entry.api is None and shown:
            entry = replace(entry, api=mined(name, shown))
        found.append(replace(entry, endpoints=shown, hidden=len(known) - len(shown)))
    return found


def adopted(
    entries: Iterable[Entry],
    connected: Mapping[str, ConnectedApi],
    rows: Iterable[Mapping[str, Any]],
    since: Mapping[str, date],
    day: date,
) -> list[dict[str, Any]]:
    """Return how every published client is used.

    Args:
        entries: the night's catalogue.
        connected: the APIs of the settings.
        rows: of mart_api_endpoints.
        since: when each API with a client in force first had one.
        day: the night's.
    """
    owners = _owners(connected)
    named = [{**row, "api": owners.get(row["api"], row["api"])} for row in rows]
    published = [Published(e.name, since[e.name], e.api) for e in entries if e.api is not None and e.name in since]
    return adoptions(published, named, day)


def _owners(connected: Mapping[str, ConnectedApi]) -> dict[str, str]:
    """Return the name in the settings of each name in the log."""
    return {logged: name for name, api in connected.items() for logged in (api.logged_as or (name,))}


def _connected(home: Home, name: str, day: date) -> Entry:
    seen = api_snapshots.history(home, name, day)
    if not seen:
        return Entry(name, True, refused="not looked at yet: run `ratchet discover`")
    api, refused = _parsed(home, seen[-1])
    before = next((s for s in reversed(seen) if s.spec_day != seen[-1].spec_day), None)
    changed = NO_CHANGE
    if api is not None and before is not None and seen[-1].spec_day == seen[-1].day:
        earlier, _ = _parsed(home, before)
        changed = difference(earlier, api) if earlier is not None else changed
    return Entry(name, True, api, refused, seen[-1], changed, answers=tuple(_answers(seen)))


def _parsed(home: Home, snapshot: Snapshot) -> tuple[Api | None, str]:
    content = api_snapshots.spec_of(home, snapshot)
    if content is None:
        return None, snapshot.reason or "no specification was found"
    try:
        return parse(content), ""
    except SpecError as error:
        return None, str(error)


def _answers(seen: Sequence[Snapshot]) -> Iterable[dict[str, Any]]:
    """Yield the merged shape of each operation's answers, and how the newest differs from those before."""
    shapes: dict[str, list[tuple[date, api_shapes.Shape]]] = {}
    for snapshot in seen:
        for probe in snapshot.probes:
            if "shape" in probe:
                shapes.setdefault(probe["operation"], []).append((snapshot.day, probe["shape"]))
    for operation, listed in sorted(shapes.items()):
        earlier = [shape for day, shape in listed[:-1]]
        drifted = api_shapes.drift(api_shapes.merged(earlier) if earlier else None, listed[-1][1])
        fields = api_shapes.fields(api_shapes.merged([shape for _, shape in listed]))
        yield {"operation": operation, "answers": len(listed), "fields": fields[:SHOWN], "drift": drifted[:SHOWN]}


def with_clients(home: Home, entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries with a client for every connected API that can do something.

    The same client is proven once: what was proven is kept by its hash.
    """
    return [_with_client(home, e) if e.connected and e.api and e.api.operations else e for e in entries]


def _with_client(home: Home, entry: Entry) -> Entry:
    assert entry.api is not None
    try:
        written = client_files(entry.api, entry.name, checks.runtime_files())
    except SpecError as error:  # this API has no client, the others do
        return replace(entry, refused=f"no client can be written: {error}")
    digest = files.digest(written)[:16]
    folder = client_folder(home, digest)
    if not (folder / "verdict.json").exists():
        proven, verdict = checks.proven(written, entry.name)
        for name, text in proven.items():
            files.write_text(folder / "files" / name, text)
        files.write_json(folder / "verdict.json", asdict(verdict))  # last: its presence says that the rest is there
    found = files.read_json(folder / "verdict.json")
    return replace(entry, client=Client(digest, found["tested"], found["calls"], tuple(found["problems"])))


def client_folder(home: Home, digest: str) -> Path:
    """Return where a proven client is kept."""
    return home.apis / CLIENTS / digest


def client_texts(home: Home, digest: str) -> dict[str, str]:
    """Return the files of a proven client, none where they were removed."""
    folder = client_folder(home, digest) / "files"
    return {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*")) if path.is_file()}


def as_artifact(entries: Sequence[Entry], day: date) -> dict[str, Any]:
    """Return the content of `apis.json`, matches with unmet demand aside."""
    return {
        "artifact": "apis",
        "as_of": day.isoformat(),
        "reason": "" if entries else "no API is connected and none was called",
        "apis": [_record(entry) for entry in entries],
        "endpoints": [
            {
                "api": e.name,
                **asdict(p),
                "parameters": list(p.parameters),
                "sent": list(p.sent),
                "in_spec": _in_spec(e, p),
            }
            for e in entries
            for p in e.endpoints[:SHOWN]
        ],
        "untested": [line for entry in entries for line in _untested(entry)],
        "definitions": _definitions(),
    }


def _record(entry: Entry) -> dict[str, Any]:
    api, seen = entry.api, entry.snapshot
    untested = list(seen.untested) if seen else []
    return {
        "api": entry.name,
        "connected": entry.connected,
        "title": api.title if api else "",
        "version": api.version if api else "",
        "dialect": api.dialect if api else "",
        "state": seen.state if seen else "",
        "reason": entry.refused or (seen.reason if seen else ""),
        "snapshot": seen.day.isoformat() if seen else None,
        "spec_day": seen.spec_day.isoformat() if seen and seen.spec_day else None,
        "sha256": seen.sha256 if seen else "",
        "operations": len(api.operations) if api else 0,
        "calls": sum(e.calls for e in entry.endpoints),
        "failures": sum(e.failures for e in entry.endpoints),
        "hidden_endpoints": entry.hidden,
        "notes": list(api.notes[:SHOWN]) if api else [],
        "difference": entry.difference.as_record(),
        "untested": len(untested),
        "untested_operations": untested[:SHOWN],
        "answers": list(entry.answers),
        "client": asdict(entry.client) | {"problems": list(entry.client.problems)} if entry.client else None,
    }


def _untested(entry: Entry) -> Iterable[dict[str, Any]]:
    """Yield every operation that no look has tried, with why, and the logged calls that speak for it."""
    named = {o.label: o for o in entry.api.operations} if entry.api else {}
    for line in entry.snapshot.untested if entry.snapshot else ():
        known = named.get(line["operation"])
        mine = [e for e in entry.endpoints if known and e.method == known.method and matches(known.path, e.path)]
        calls, failures = sum(e.calls for e in mine), sum(e.failures for e in mine)
        yield {"api": entry.name, **line, "calls": calls, "failures": failures}


def _in_spec(entry: Entry, endpoint: Endpoint) -> bool | None:
    """Return whether the specification knows an endpoint that is called, None where there is no specification."""
    if entry.api is None or entry.api.dialect == "traffic":
        return None
    return any(o.method == endpoint.method and matches(o.path, endpoint.path) for o in entry.api.operations)


def _definitions() -> dict[str, str]:
    return {
        "dialect": "what the API is known from: OpenAPI 3.0 or 3.1, Swagger 2.0, or traffic: the application's calls",
        "state": "of the newest look: fetched (a new version), unchanged, failed; empty where nobody looked",
        "difference": "against the version before, on the day a new one was seen; breaking is what a caller must mind",
        "untested": "operations that were not tried, each with its reason and the calls that the application logged",
        **api_adoption.DEFINITIONS,
        "share": "of a field: in how many of the objects around it it was there",
        "client": "written from the specification, read by its syntax tree, typed, and called against a stub",
        "endpoints": "method and path of logged calls, keys replaced by {id}; rare ones are counted and not shown",
        "matches": "operations that are like what people ask for in vain: mean cosine of weighted words and letters",
    }


def unmet(entries: Sequence[Entry], gaps: GapsResult) -> list[dict[str, Any]]:
    """Return which operations of connected APIs may serve what people ask for in vain, the largest demand first."""
    apis = [(e.name, e.api) for e in entries if e.connected and e.api is not None and e.api.operations]
    if not apis or not gaps.features:
        return []
    listed = sorted(gaps.features, key=lambda gap: (-gap.demand, gap.feature))
    asked = [" ".join([gap.feature, *gap.samples]) for gap in listed]
    return [
        {
            "feature": gap.feature,
            "demand": gap.demand,
            "units": gap.units,
            "priority": gap.priority.value,
            "failure_rate": gap.failure_rate.number,
            **asdict(match),
            "sample_event_ids": list(gap.sample_event_ids),
        }
        for gap, found in zip(listed, may_serve(asked, apis), strict=True)
        for match in found
    ]
