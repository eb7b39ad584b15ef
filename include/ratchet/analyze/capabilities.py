"""What there is to document: capabilities of the code, what is used of them and how, and how people begin (R44-R48).

Each part is computed beside this module; here they are put together. Pages are made of it in `report/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ratchet.analyze.actions import WINDOW_DAYS, Action, Actions
from ratchet.analyze.first_steps import FirstSteps
from ratchet.analyze.package_diff import Change, changes
from ratchet.contracts.estimates import as_record
from ratchet.contracts.packages import Capability, Package

MOST = 2_000  # capabilities that are documented; the rest is counted
_KINDS = ("function", "method", "class")
_WORDS = re.compile(r"[^0-9a-z]+")

Look = tuple[Package, Package | None]


@dataclass(frozen=True, slots=True)
class Documented:
    """A capability of the code with what the log says of it; `action` is '' where it is not seen there."""

    package: str
    capability: Capability
    action: str
    calls: int
    units: int

    @property
    def is_undocumented(self) -> bool:
        """Return whether its author says nothing about it."""
        return not self.capability.summary


@dataclass(frozen=True, slots=True)
class Capabilities:
    """Everything that the documentation of a night is made of.

    Attributes:
        as_of: the night's day.
        first_landed: first landing day of the history; None where nothing landed.
        least_units: how many people must share what is shown of them.
        actions: what is used.
        first_steps: how people begin.
        packages: newest looks at the users' own packages.
        documented: their capabilities, the most used first.
        changed: against the look before.
    """

    as_of: date
    first_landed: date | None
    least_units: int
    actions: Actions
    first_steps: FirstSteps
    packages: tuple[Package, ...]
    documented: tuple[Documented, ...]
    changed: tuple[Change, ...]

    def as_artifact(self) -> dict[str, Any]:
        """Return the content of `capabilities.json`."""
        undocumented = [d for d in self.documented if d.action and d.is_undocumented]
        return {
            "artifact": "capabilities",
            "as_of": self.as_of.isoformat(),
            "reason": "" if self.actions.total or self.packages else "no intent was logged, and no package was read",
            "window_days": WINDOW_DAYS,
            "first_landed": self.first_landed.isoformat() if self.first_landed else None,
            "k_anonymity": self.least_units,
            "requests": self.actions.requests,
            "steps": self.actions.steps,
            "units": self.actions.units,
            "unit_kind": self.actions.unit_kind,
            "total_actions": self.actions.total,
            "actions": as_record(self.actions.actions),
            "capabilities": [_record(d) for d in self.documented[:MOST]],
            "total_capabilities": len(self.documented),
            "undocumented": [{"name": d.capability.name, "calls": d.calls, "units": d.units} for d in undocumented],
            "packages": [_package(package) for package in self.packages],
            "changes": as_record(self.changed),
            "first_steps": as_record(self.first_steps),
            "definitions": _definitions(self.least_units),
        }


def capabilities(
    actions: Actions,
    first_steps: FirstSteps,
    looks: Sequence[Look],
    as_of: date,
    *,
    first_landed: date | None,
    least_units: int,
) -> Capabilities:
    """Return what there is to document, capabilities joined with what is used by their name."""
    documented = [each for package, _ in looks for each in _documented(package, actions.actions)]
    return Capabilities(
        as_of=as_of,
        first_landed=first_landed,
        least_units=least_units,
        actions=actions,
        first_steps=first_steps,
        packages=tuple(package for package, _ in looks),
        documented=tuple(sorted(documented, key=lambda d: (-d.calls, d.package, d.capability.name))),
        changed=tuple(change for package, before in looks for change in changes(package, before)),
    )


def _documented(package: Package, used: Iterable[Action]) -> list[Documented]:
    by_name = _by_name(package.capabilities)
    seen: dict[str, Action] = {}
    for action in used:  # the most used first
        name = by_name.get(_words(action.action))
        if name is not None:
            seen.setdefault(name, action)
    return [_with_use(package.name, each, seen.get(each.name)) for each in package.capabilities]


def _with_use(package: str, capability: Capability, action: Action | None) -> Documented:
    if action is None:
        return Documented(package, capability, "", 0, 0)
    return Documented(package, capability, action.action, action.requests, action.units)


def _by_name(found: Iterable[Capability]) -> dict[str, str]:
    """Return the capability that each name means, whole or its last parts: a function before a method or a class."""
    names: dict[str, str] = {}
    for capability in sorted(found, key=lambda c: (_KINDS.index(c.kind), c.name.count("."), c.name)):
        parts = capability.name.split(".")
        for start in range(len(parts)):
            names.setdefault(_words(".".join(parts[start:])), capability.name)
    return names


def _words(name: str) -> str:
    """Return a name as `searchIndex`, `search-index` and `search_index` share it."""
    return _WORDS.sub("", name.lower())


def _record(found: Documented) -> dict[str, Any]:
    record: Mapping[str, Any] = as_record(found.capability)
    said = {"package": found.package, "action": found.action, "calls": found.calls, "units": found.units}
    return {"name": record["name"], **said, **record}


def _package(package: Package) -> dict[str, Any]:
    with_text = sum(bool(each.summary) for each in package.capabilities)
    with_example = sum(bool(each.examples) for each in package.capabilities)
    return {
        "package": package.name,
        "day": package.day.isoformat(),
        "before": package.before.isoformat() if package.before else None,
        "files": package.files,
        "capabilities": len(package.capabilities),
        "documented": with_text,
        "with_example": with_example,
        "problems": list(package.problems),
        "tests": as_record(package.tests) if package.tests else None,
    }


def _definitions(least_units: int) -> dict[str, str]:
    return {
        "action": f"a logged intent of the last {WINDOW_DAYS} days: asked for, or done for it, such as a tool call",
        "success_rate": "of those with a known outcome, with Wilson's 95 % interval",
        "shape": f"the most frequent names and types of the parameters of successful calls that at least {least_units} "
        "users share; sessions where no user is logged",
        "value": f"the most frequent value of a parameter that at least {least_units} users gave; others are left out",
        "retry_rate": "requests that repeat the one before of the same user, within 120 s and in nearly the same words",
        "confusing": "asked again at least 5 % of the time, and more often than all other topics beyond chance "
        "(Fisher's exact test, Benjamini-Hochberg over the topics, q at most 0.05)",
        "first_steps": "what users ask first, second and third in the seven days from their first request; who was not "
        "seen in the weeks before, 84 days back from the night, is new; the same in a row is one step",
        "path_success": "of the users whose outcome is known, those for whom every step succeeded in the end",
        "drop_off": "users who asked for nothing else within their first week",
        "capability": "a public function, class or method of the package, by its source text",
        "undocumented": "used according to the log, and without a docstring",
        "breaking": "what a caller must mind: gone, newly required, or to be given in another way",
    }
