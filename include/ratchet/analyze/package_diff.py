"""What changed between two looks at a package, and what of it breaks who calls it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ratchet.contracts.packages import Argument, Capability, Package


@dataclass(frozen=True, slots=True)
class Change:
    """A capability that came, went or has another signature; `breaking` says what breaks a caller, '' where nothing."""

    package: str
    name: str
    change: str  # added, removed, changed
    before: str
    after: str
    breaking: str


def changes(now: Package, before: Package | None) -> tuple[Change, ...]:
    """Return what changed since an earlier look, what breaks first."""
    if before is None:
        return ()
    old, new = ({each.name: each for each in package.capabilities} for package in (before, now))
    found = [Change(now.name, n, "added", "", c.signature, "") for n, c in new.items() if n not in old]
    found += [Change(now.name, n, "removed", c.signature, "", "it is gone") for n, c in old.items() if n not in new]
    for name, after in new.items():
        if name in old and old[name].signature != after.signature:
            why = "; ".join(_breaking(old[name], after))
            found.append(Change(now.name, name, "changed", old[name].signature, after.signature, why))
    return tuple(sorted(found, key=lambda change: (not change.breaking, change.name)))


def _breaking(old: Capability, new: Capability) -> Iterator[str]:
    before, after = ({a.name: a for a in each.arguments} for each in (old, new))
    takes_any = any(a.kind == "mapping" for a in new.arguments)
    for name, argument in before.items():
        if name not in after and not takes_any:
            yield f"{name} is gone"
        elif name in after and (why := _narrower(argument, after[name])):
            yield f"{name} {why}"
    for name, argument in after.items():
        if argument.is_required and (name not in before or not before[name].is_required):
            yield f"{name} is required"
    places = [[a.name for a in each.arguments if a.kind in ("positional", "any")] for each in (old, new)]
    kept = [name for name in places[0] if name in places[1]]
    if places[1][: len(kept)] != kept:
        yield "positions changed"
    if old.signature.startswith("async ") is not new.signature.startswith("async "):
        yield "it is awaited" if new.signature.startswith("async ") else "it is no longer awaited"


def _narrower(old: Argument, new: Argument) -> str:
    if old.kind == "any" and new.kind == "keyword":
        return "must be named"
    if old.kind in ("any", "keyword") and new.kind == "positional":
        return "cannot be named"
    return "" if "mapping" not in (old.kind, new.kind) or old.kind == new.kind else "is of another kind"
