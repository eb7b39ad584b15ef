"""The shape of JSON answers: types and presence of every field, without a single value; merged over many answers.

What a specification promises belongs to `api_specs/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MAX_DEPTH = 8
MAX_FIELDS = 200
_ITEMS = 100  # of a list, the first so many are looked at
Shape = dict[str, Any]


def shape(value: Any, depth: int = 0) -> Shape:
    """Return the shape of one value: `n`, `types` (name -> count), `fields` and `items`."""
    found: Shape = {"n": 1, "types": {_type(value): 1}}
    if depth >= MAX_DEPTH:
        return found
    if isinstance(value, Mapping):
        kept = list(value.items())[:MAX_FIELDS]
        found["fields"] = {str(key)[:200]: shape(entry, depth + 1) for key, entry in kept}
        if len(value) > MAX_FIELDS:
            found["more_fields"] = True
    elif isinstance(value, list) and value:
        found["items"] = merged([shape(entry, depth + 1) for entry in value[:_ITEMS]])
    return found


def _type(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    for kind, name in ((str, "string"), (int, "integer"), (float, "number"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object"


def merged(shapes: Iterable[Shape]) -> Shape:
    """Return one shape for many; a field's `n` against the objects around it is how often it is there."""
    listed = list(shapes)
    found: Shape = {"n": sum(s["n"] for s in listed), "types": {}}
    for kind in sorted({kind for s in listed for kind in s["types"]}):
        found["types"][kind] = sum(s["types"].get(kind, 0) for s in listed)
    names = list(dict.fromkeys(name for s in listed for name in s.get("fields", {})))
    if any("fields" in s for s in listed):
        found["fields"] = {n: merged([s["fields"][n] for s in listed if n in s.get("fields", {})]) for n in names}
    items = [s["items"] for s in listed if "items" in s]
    if items:
        found["items"] = merged(items)
    if any(s.get("more_fields") for s in listed):
        found["more_fields"] = True
    return found


def fields(found: Shape, place: str = "$") -> list[dict[str, Any]]:
    """Return every field as a row: where it is, its types, in how many of the objects around it, and in which share."""
    rows: list[dict[str, Any]] = []
    around = found["types"].get("object", 0)
    for name, inner in sorted(found.get("fields", {}).items()):
        here = f"{place}.{name}"
        share = inner["n"] / around if around else None
        rows.append(
            {"field": here, "types": sorted(inner["types"]), "present": inner["n"], "of": around, "share": share}
        )
        rows += fields(inner, here)
    if "items" in found:
        rows += fields(found["items"], f"{place}[]")
    return rows


def drift(before: Shape | None, now: Shape) -> list[dict[str, str]]:
    """Return what changed between two shapes of the same answer: fields added, removed, of another type."""
    if before is None:
        return []
    old = {row["field"]: row["types"] for row in fields(before)}
    new = {row["field"]: row["types"] for row in fields(now)}
    gone = [{"field": name, "change": "removed"} for name in sorted(old.keys() - new.keys())]
    come = [{"field": name, "change": "added"} for name in sorted(new.keys() - old.keys())]
    other = [
        {"field": name, "change": f"{'/'.join(old[name])} became {'/'.join(new[name])}"}
        for name in sorted(old.keys() & new.keys())
        if not set(new[name]) <= set(old[name]) | {"null"}
    ]
    return [*gone, *come, *other]
