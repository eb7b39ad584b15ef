"""Authentication that expired: call again as calls that then succeeded did, with a setting or just once more."""

from __future__ import annotations

from typing import Any

from ratchet.contracts.fix_cases import is_name, is_plain
from ratchet.contracts.fixes import Case, NoFix
from ratchet.generate.families.base import LEAST_CASES, Draft, Evidence, Family
from ratchet.generate.families.repetition import Repeats, fit
from ratchet.generate.families.templates import auth_expiry, auth_expiry_test

_HOW = Repeats(
    what="its credentials have expired",
    words=("expired", "unauthorized", "authentication", "401"),
    budget_s=20.0,
    own_only=True,
    refused=True,
)
_SHARE = 0.8


def _knows(evidence: Evidence) -> bool:
    named = evidence.is_called("authentication", "unauthorized", "tokenexpired", "sessionexpired", "credentials")
    return named or 401 in evidence.finding.http_statuses or evidence.says("token expired", "session expired")


def _fit(evidence: Evidence) -> Draft | NoFix:
    changed = [new for case in evidence.old_failures if (new := settings_of(case))]
    names = sorted({name for new in changed for name in new})
    always = [(n, True) for n in names if sum(n in new for new in changed) >= _SHARE * len(changed)]
    if len(changed) < LEAST_CASES or not always:
        return fit(evidence, _HOW)
    what = ", ".join(name for name, _ in always)
    return Draft(
        template=auth_expiry,
        test=auth_expiry_test,
        values={"ERROR_NAME": evidence.error_name, "SETTINGS": always},
        summary="Call again with fresh credentials when they have expired.",
        why=f"“{evidence.operation}” fails with expired credentials; calls that asked for fresh ones ({what}) worked.",
        grounds=(f"{len(changed)} calls failed and then worked; what was new in them: {what}.",),
    )


def settings_of(case: Case) -> dict[str, Any]:
    """Return the switches that the attempt which worked had and the failed one had not."""
    worked = case.context.get("succeeded_params") or {}
    return {
        n: v for n, v in worked.items() if v is True and case.params.get(n) is not True and is_name(n) and is_plain(v)
    }


FAMILY = Family(
    "auth_expiry", _knows, _fit, ("operation", "the attempts of the call (`call_id`, `attempt`) with their `params`")
)
