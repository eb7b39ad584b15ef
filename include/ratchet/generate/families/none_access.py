"""Access to None: leave out a parameter that is None only in calls which fail, or give it its usual value."""

from __future__ import annotations

from ratchet.contracts.fix_cases import Shape
from ratchet.contracts.fixes import Declined, NoFix
from ratchet.generate.families.base import Draft, Evidence, Family
from ratchet.generate.families.learned import MOST_NAMES, known, most, usual
from ratchet.generate.families.templates import none_access, none_access_test


def _knows(evidence: Evidence) -> bool:
    return evidence.says(
        "nonetype", "properties of null", "properties of undefined", "nullpointer", "nullreference", "not be none"
    )


def _fit(evidence: Evidence) -> Draft | NoFix:
    found = known(evidence)
    if isinstance(found, NoFix):
        return found
    shape, failed = found
    names = most(failed, _seen(failed), lambda case, name: _is_none(case.params, name, shape))[:MOST_NAMES]
    if not names:
        said = "no parameter is null in the failed calls and never in those that succeed"
        return evidence.declined(Declined.NOT_FITTED, said)
    dropped = [name for name in names if name not in shape.required]
    defaults = [(name, usual(evidence.old_successes, name)) for name in names if name in shape.required]
    if open_names := [name for name, value in defaults if value is None]:
        said = f"every successful call has {open_names[0]}, but no value that could stand in for null"
        return evidence.declined(Declined.NOT_FITTED, said)
    listed = ", ".join(names)
    return Draft(
        template=none_access,
        test=none_access_test,
        values={"ERROR_NAME": evidence.error_name, "DEFAULTS": defaults, "DROPPED": dropped},
        summary="Leave out or replace parameters that are null only where calls fail.",
        why=f"“{evidence.operation}” fails where {listed} is null; no call that succeeds has it null.",
        grounds=(f"Null in {len(failed)} failures and in none of {shape.calls} successes: {listed}.",),
    )


def _seen(failed: tuple[object, ...]) -> list[str]:
    return sorted({name for case in failed for name in getattr(case, "params", {})})


def _is_none(params: object, name: str, shape: Shape) -> bool:
    given = params if isinstance(params, dict) else {}
    return name in given and given[name] is None and "null" not in shape.kinds.get(name, ())


FAMILY = Family("none_access", _knows, _fit, ("operation", "params"), needs_successes=True)
