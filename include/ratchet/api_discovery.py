"""One discovery: for every connected API, find its specification, try what is safe, and land a dated snapshot.

It is the part of Ratchet that asks others; nights read the files. Without `probe` nothing but the specification is
asked for, and what would be tried is said.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from ratchet import api_snapshots
from ratchet.analyze.api_shapes import shape
from ratchet.analyze.api_specs import parse
from ratchet.api_snapshots import Snapshot
from ratchet.client.api_runtime import wire
from ratchet.connected_apis import ConnectedApi
from ratchet.contracts.apis import SAFE_METHODS, Api, Operation, Parameter, Place
from ratchet.discover.door import Door
from ratchet.discover.specs import Found, find
from ratchet.errors import RatchetError, SpecError
from ratchet.home import Home
from ratchet.yaml_files import nearest

Tokens = Callable[[str], str | None]


def discover(
    home: Home,
    connected: Mapping[str, ConnectedApi],
    day: date,
    *,
    probe: bool = False,
    connection_token: Tokens = lambda name: None,
) -> list[Snapshot]:
    """Look at every API and write what was seen; one that fails leaves the others alone.

    Args:
        home: where snapshots land.
        connected: the APIs by name.
        day: from which night on they count.
        probe: whether operations are really tried; an API's own `probe` says the same.
        connection_token: returns the token of an Airflow connection.

    Raises:
        StorageError: if a snapshot cannot be written.
    """
    return [_one(home, name, api, day, probe or api.probe, connection_token) for name, api in sorted(connected.items())]


def _one(home: Home, name: str, api: ConnectedApi, day: date, probe: bool, connection_token: Tokens) -> Snapshot:
    earlier = [s for s in api_snapshots.history(home, name, day) if s.day < day and s.spec_day is not None]
    last = earlier[-1] if earlier else None
    token, missing = _token(api, connection_token)
    door = Door(api.hosts, api.timeout_s, api.budget, token, api.token_header, api.token_prefix)
    found = find(door, api.base_url, api.spec, (last.address, last.etag) if last else ("", ""))
    snapshot, spec = _judged(home, name, day, found, last, missing)
    parsed = _parsed(spec if spec is not None else api_snapshots.spec_of(home, snapshot))
    if parsed is not None:
        probes, untested = _probes(door, api.base_url, parsed, probe)
        snapshot = _with(snapshot, probes, untested)
    api_snapshots.write(home, snapshot, spec)
    return snapshot


def _token(api: ConnectedApi, connection_token: Tokens) -> tuple[str | None, str]:
    """Return the token of an API, and what is missing in words; the token itself is in no text."""
    if api.token_env is not None:
        token = os.environ.get(api.token_env, "").strip() or None
        missing = "" if token else f"environment variable {api.token_env} is not set"
    elif api.connection is not None:
        token = connection_token(api.connection)
        missing = "" if token else f"Airflow connection {api.connection} gave no password"
    else:
        return None, ""
    if token is not None and (not token.isascii() or not token.isprintable()):
        return None, "the token holds characters that no header can carry"
    return token, missing


def _judged(
    home: Home, name: str, day: date, found: Found, last: Snapshot | None, missing: str
) -> tuple[Snapshot, bytes | None]:
    """Return what became of the search, and the specification where it is a new one."""
    if found.unchanged and last is not None:
        return Snapshot(name, day, "unchanged", missing, last.address, last.etag, last.sha256, last.spec_day), None
    if found.content is None:
        known = (last.address, last.etag, last.sha256, last.spec_day) if last else ("", "", "", None)
        return Snapshot(name, day, "failed", "; ".join(filter(None, [found.reason, missing])), *known), None
    sha256 = hashlib.sha256(found.content).hexdigest()
    if last is not None and sha256 == last.sha256 and api_snapshots.spec_of(home, last) is not None:
        return Snapshot(name, day, "unchanged", missing, found.address, found.etag, sha256, last.spec_day), None
    problem = _problem(found.content)
    said = "; ".join(filter(None, [problem, missing]))
    return Snapshot(name, day, "fetched", said, found.address, found.etag, sha256, day), found.content


def _problem(content: bytes) -> str:
    try:
        parse(content)
    except SpecError as error:
        return str(error)
    return ""


def _parsed(spec: bytes | None) -> Api | None:
    try:
        return parse(spec) if spec is not None else None
    except SpecError:
        return None


def _with(snapshot: Snapshot, probes: list[dict[str, Any]], untested: list[dict[str, str]]) -> Snapshot:
    return replace(snapshot, probes=tuple(probes), untested=tuple(untested))


def _probes(door: Door, base_url: str, api: Api, probe: bool) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """Try safe operations, those that need least first; name every one that was left untested."""
    probes: list[dict[str, Any]] = []
    untested: list[dict[str, str]] = []
    for operation in sorted(api.operations, key=lambda o: sum(p.required for p in o.parameters)):
        address, why_not = _address(base_url, operation)
        if not why_not and not probe:
            why_not = f"dry run: it would ask {address[:300]}"
        if not why_not and door.budget < 1:
            why_not = "the budget of requests is used up"
        if why_not:
            untested.append({"operation": operation.label, "reason": why_not})
            continue
        probes.append({"operation": operation.label} | _answer(door, base_url, address, operation.method.upper()))
    return probes, untested


def _address(base_url: str, operation: Operation) -> tuple[str, str]:
    """Return where an operation is asked with the examples of its specification, or why it is not."""
    if operation.method not in SAFE_METHODS:
        return "", f"{operation.method.upper()} may change something"
    if operation.server is not None:
        return "", "it lives on another server"
    parts = []
    for parameter in operation.parameters:
        if not parameter.required:
            continue
        value = _shown(parameter)
        if value is None or parameter.place not in (Place.PATH, Place.QUERY):
            return "", f"its specification shows no example for {parameter.name[:60]!r}"
        parts.append(wire.Part(parameter.place.value, parameter.name, value, parameter.style, parameter.explode))
    parts += [wire.Part("query", name, value, "form") for name, value in operation.fixed_query]
    try:
        path, query = wire.path(operation.path, parts), wire.query(parts)
    except ValueError as error:
        return "", str(error)
    return path + (f"?{query}" if query else ""), ""


def _shown(parameter: Parameter) -> Any:
    """Return the first value that the specification itself shows; nothing is made up for a live API."""
    schema = parameter.schema
    shown = [*parameter.examples, schema.get("example"), schema.get("default"), *_listed(schema, "enum")]
    return next((value for value in shown if value not in (None, "")), None)


def _listed(schema: Mapping[str, Any], key: str) -> list[Any]:
    found = schema.get(key)
    return found if isinstance(found, list) else []


def _answer(door: Door, base_url: str, address: str, method: str) -> dict[str, Any]:
    reply = door.ask(base_url + address, method)
    found = {"status": reply.status, "media_type": reply.media_type, "reason": reply.reason}
    if not reply.is_good or not reply.content.strip():
        return found
    try:
        return found | {"shape": shape(json.loads(reply.content))}
    except (ValueError, RecursionError):
        return found | {"reason": "the answer is not JSON"}


def in_words(snapshot: Snapshot) -> str:
    """Return one line on what a discovery saw."""
    tried = f", {len(snapshot.probes)} operations tried" if snapshot.probes else ""
    odd = f": {snapshot.reason}" if snapshot.reason else ""
    return f"{snapshot.api}: {snapshot.state}{tried}, {len(snapshot.untested)} not tried{odd}"


def chosen(connected: Mapping[str, ConnectedApi], names: list[str]) -> dict[str, ConnectedApi]:
    """Return the APIs that were asked for by name, all where none was.

    Raises:
        RatchetError: if one is not connected.
    """
    for name in names:
        if name not in connected:
            raise RatchetError(f"no API is called {name[:60]!r}", way_out=nearest(name, list(connected)))
    return {name: api for name, api in connected.items() if not names or name in names}
