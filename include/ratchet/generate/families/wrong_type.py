"""Wrong types: give a parameter the one type that it has in calls which succeed."""

from __future__ import annotations

import re

from ratchet.contracts.fix_cases import Shape, kind_of
from ratchet.contracts.fixes import Case, Declined, NoFix
from ratchet.generate.families.base import Draft, Evidence, Family
from ratchet.generate.families.learned import MOST_NAMES, known, most
from ratchet.generate.families.templates import wrong_type, wrong_type_test

_MUST_BE = re.compile(
    r"(?:must be|expected|not|is no)(?: of type| an?| valid)* "
    r"(?:int|integer|str|string|bool|boolean|float|number|array|list)\b"
)
_CASTS = frozenset(("integer", "number", "string", "boolean", "array"))


def _knows(evidence: Evidence) -> bool:
    if evidence.is_called("parametertype", "typemismatch", "invalidtype", "wrongtype"):
        return True
    return _MUST_BE.search(evidence.finding.message_template.lower()) is not None


def _fit(evidence: Evidence) -> Draft | NoFix:
    found = known(evidence)
    if isinstance(found, NoFix):
        return found
    shape, failed = found
    names = most(failed, _single(shape), lambda case, name: _is_wrong(case, name, shape))[:MOST_NAMES]
    if not names:
        said = "no parameter of the failed calls has a type that could become the one of the successful calls"
        return evidence.declined(Declined.NOT_FITTED, said)
    kinds = [(name, shape.kinds[name][0]) for name in names]
    told = ", ".join(f"{name} ({kind})" for name, kind in kinds)
    return Draft(
        template=wrong_type,
        test=wrong_type_test,
        values={"ERROR_NAME": evidence.error_name, "KINDS": kinds},
        summary="Give parameters the type that calls which succeed have.",
        why=f"“{evidence.operation}” fails where a parameter has another type than in calls that succeed: {told}.",
        grounds=(f"Always of one type in {shape.calls} successes, of another in {len(failed)} failures: {told}.",),
    )


def _single(shape: Shape) -> list[str]:
    return [name for name, kinds in shape.kinds.items() if len(kinds) == 1 and kinds[0] in _CASTS]


def _is_wrong(case: Case, name: str, shape: Shape) -> bool:
    """Return whether a value has the wrong type and can be given the right one."""
    if name not in case.params or kind_of(case.params[name]) in shape.kinds[name]:
        return False
    return wrong_type.cast(case.params[name], shape.kinds[name][0]) is not None


FAMILY = Family("wrong_type", _knows, _fit, ("operation", "params"), needs_successes=True)
