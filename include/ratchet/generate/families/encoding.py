"""Bytes that are not what their encoding says: read them with one that other calls read theirs with."""

from __future__ import annotations

from collections import Counter

from ratchet.contracts.fixes import Declined, NoFix
from ratchet.generate.families.base import LEAST_CASES, Draft, Evidence, Family
from ratchet.generate.families.templates import encoding, encoding_test

KEYS = ("encoding", "charset")
SUPPORTED = frozenset(("cp1252", "latin-1", "iso-8859-1", "windows-1252", "utf-8", "utf-16", "utf-32", "utf-8-sig"))


def _knows(evidence: Evidence) -> bool:
    return evidence.is_called("unicodedecodeerror") or evidence.says("codec can't decode")


def _fit(evidence: Evidence) -> Draft | NoFix:
    key = max(KEYS, key=lambda name: sum(name in case.params for case in evidence.failures))
    failed = Counter(str(case.params[key]) for case in evidence.failures if key in case.params)
    if failed.total() < LEAST_CASES:
        said = f"log the encoding that was tried in params ({' or '.join(KEYS)})"
        return evidence.declined(Declined.NO_CONTEXT, said)
    used = Counter(str(case.params[key]) for case in evidence.old_successes if key in case.params)
    others = [name for name, _ in used.most_common() if name.lower() in SUPPORTED and name not in failed][:3]
    if not others:
        return evidence.declined(Declined.NOT_FITTED, "no successful call read its bytes with another encoding")
    listed = ", ".join(others)
    return Draft(
        template=encoding,
        test=encoding_test,
        values={"KEY": key, "ENCODINGS": others},
        summary="Read bytes with an encoding that other calls succeeded with.",
        why=f"“{evidence.operation}” reads bytes with an encoding they do not have; other calls took {listed}.",
        grounds=(f"Encodings of {used.total()} successes that no failure was tried with: {listed}.",),
    )


FAMILY = Family("encoding", _knows, _fit, ("operation", "params with the encoding", "raw_hex"), needs_successes=True)
