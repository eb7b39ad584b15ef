"""What there is to document, in the shape in which the step stores it."""

from __future__ import annotations

from typing import Any

from tests.unit.report.values import DAY, about, share

NAMES = ("book_flight", "search_index")


def capabilities(names: tuple[str, ...] = NAMES) -> dict[str, Any]:
    """Return capabilities.json, in which every name stands for a topic, a tool, a capability and a path."""
    return {
        "artifact": "capabilities",
        "as_of": DAY.isoformat(),
        "reason": "",
        "window_days": 30,
        "first_landed": "2026-11-07",
        "k_anonymity": 5,
        "requests": 21480,
        "steps": 30200,
        "units": 612,
        "unit_kind": "user",
        "total_actions": 2 * len(names),
        "actions": [action(n, level) for level in ("root", "step") for n in names],
        "capabilities": [capability(n, i) for i, n in enumerate(names)],
        "total_capabilities": len(names),
        "undocumented": [{"name": n, "calls": 40, "units": 9} for n in names[1:]],
        "packages": [
            {
                "package": names[0],
                "day": "2026-11-19",
                "before": "2026-11-12",
                "files": 3,
                "capabilities": len(names),
                "documented": 1,
                "with_example": 1,
                "problems": [f"{n}.py:1: invalid syntax" for n in names[1:]],
                "tests": {"passed": 12, "failed": 1, "skipped": 2, "unread": []},
            }
        ],
        "changes": [
            {
                "package": names[0],
                "name": n,
                "change": "changed",
                "before": n,
                "after": n,
                "breaking": f"{n} is required",
            }
            for n in names
        ],
        "first_steps": first_steps(names),
        "definitions": {
            name: f"what {name} means"
            for name in (
                *("action", "success_rate", "shape", "value", "retry_rate", "confusing", "first_steps", "path_success"),
                *("drop_off", "capability", "undocumented", "breaking"),
            )
        },
    }


def action(name: str, level: str) -> dict[str, Any]:
    """Return something that is used."""
    asked = level == "root"
    return {
        "action": name,
        "level": level,
        "requests": 420,
        "success_rate": share(380, 410),
        "unknown": 10,
        "units": 90,
        "unit_kind": "user",
        "measured": 0 if asked else 360,
        "shape_calls": 0 if asked else 300,
        "shape_units": 0 if asked else 80,
        "parameters": [] if asked else [{"name": name, "type": "string", "value": f'"{name}"', "units": 7}],
        "example": "" if asked else f'{{"{name}": "…"}}',
        "hidden": "no successful call with parameters was logged" if asked else "",
        "retry_rate": share(44, 420) if asked else None,
        "retry_lift": about(2.1, 420, 0.4) if asked else None,
        "retry_q": 0.004 if asked else None,
        "is_confusing": asked,
    }


def capability(name: str, place: int) -> dict[str, Any]:
    """Return a capability of the code; the first has a docstring and an example."""
    return {
        "name": f"{NAMES[0]}.{name}",
        "package": NAMES[0],
        "action": name,
        "calls": 420,
        "units": 90,
        "kind": "function",
        "signature": f"{name}(query: str = '{name}') -> list",
        "summary": "" if place else f"Do {name}.",
        "description": "" if place else f"More of {name}.\n\nAnd more.",
        "arguments": [{"name": name, "kind": "any", "annotation": name, "default": name, "description": name}],
        "returns": "" if place else name,
        "file": f"{name}.py",
        "line": 3,
        "examples": []
        if place
        else [{"test": name, "file": f"{name}.py", "line": 7, "code": f"{name}()\n```\n{name}"}],
    }


def first_steps(names: tuple[str, ...]) -> dict[str, Any]:
    """Return how people begin."""
    paths = [[n] for n in names] + [[names[0], n] for n in names[1:]]
    return {
        "reason": "",
        "users": 120,
        "from_the_start": 30,
        "first_date": "2026-11-07",
        "last_date": "2026-11-14",
        "hidden": 4,
        "paths": [
            {
                "path": path,
                "users": 40,
                "share": share(40, 120),
                "success_rate": share(33, 39),
                "drop_off": share(11, 40),
                "left_after_failure": 3,
            }
            for path in paths
        ],
    }


def nothing() -> dict[str, Any]:
    """Return capabilities.json of a night without use and without a package."""
    silent = {"actions": [], "capabilities": [], "undocumented": [], "packages": [], "changes": []}
    counts = dict.fromkeys(("requests", "steps", "units", "total_actions", "total_capabilities"), 0)
    steps = first_steps(NAMES) | {"reason": "no new user", "users": 0, "from_the_start": 0, "hidden": 0, "paths": []}
    return (
        capabilities()
        | silent
        | counts
        | {"first_landed": None, "unit_kind": "none", "first_steps": steps | {"first_date": None, "last_date": None}}
        | {"reason": "no intent was logged, and no package was read"}
    )
