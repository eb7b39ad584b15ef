"""What the tables of agents recommend to look at; each recommendation cites the rows that it stands on (R71).

What becomes an improvement belongs to `generate/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ratchet.contracts.agents import WORDS, LeagueRow, Recommendation, Validation
from ratchet.contracts.names import in_words

LEAST_DIFFERENCE = 0.03  # of success; less is not worth a change
_SURE = 0.05
_FLAWED = 0.2
_LEAST_VALIDATED = 20
_OUTAGE = 0.05
_NAME = 40


def recommend(rows: Sequence[LeagueRow], validated: Iterable[Validation]) -> list[Recommendation]:
    """Return what stands out: the weak with the best of their table, outages, and results that are flawed."""
    weak = [r for r in rows if _is_weak(r)]
    weak.sort(key=lambda r: (-r.worse_by, r.dimension, r.name, r.group))
    worst = {(r.dimension, r.name): r for r in reversed(weak)}  # of each the table in which it is behind most
    found = [_of_weak(r, _best(r, rows)) for r in weak if worst[r.dimension, r.name] is r]
    found += [_of_outage(r) for r in rows if r.dimension == "model" and not r.within and _is_outage(r)]
    return found + [_of_flaws(v) for v in validated if v.dimension == "language" and _is_flawed(v)]


def _best(row: LeagueRow, rows: Sequence[LeagueRow]) -> LeagueRow:
    table = (row.dimension, row.within, row.group)
    return next(r for r in rows if (r.dimension, r.within, r.group) == table and r.rank == 1)


def _is_weak(row: LeagueRow) -> bool:
    return row.q is not None and row.q <= _SURE and row.rank != 1 and row.worse_by > LEAST_DIFFERENCE


def _of_weak(row: LeagueRow, best: LeagueRow) -> Recommendation:
    where = f" at {WORDS[row.within]} {in_words(row.group, _NAME) or 'unknown'}" if row.within else ""
    return Recommendation(
        title=f"Look at {WORDS[row.dimension]} {in_words(row.name, _NAME)}{where}",
        why=f"With the same cases as the others it would succeed in {row.adjusted.number or 0:.1%} of "
        f"{row.adjusted.n:,} attempts, all together in {row.mean or 0:.1%}, {in_words(best.name, _NAME)} in "
        f"{best.adjusted.number or 0:.1%}.",
        rows=(_cited(row), _cited(best)),
    )


def _is_outage(row: LeagueRow) -> bool:
    return row.attempts >= _LEAST_VALIDATED and row.infrastructure / row.attempts >= _OUTAGE


def _of_outage(row: LeagueRow) -> Recommendation:
    share = row.infrastructure / row.attempts
    return Recommendation(
        title=f"See to what model {in_words(row.name, _NAME)} stands on",
        why=f"{row.infrastructure:,} of {row.attempts:,} attempts ({share:.1%}) failed by the infrastructure; the "
        "model is not to blame for them.",
        rows=(_cited(row),),
    )


def _is_flawed(found: Validation) -> bool:
    return found.validations >= _LEAST_VALIDATED and (found.flawed.low or 0.0) > _FLAWED


def _of_flaws(found: Validation) -> Recommendation:
    return Recommendation(
        title=f"Ask for correct and safe {in_words(found.name, _NAME)} in the prompt",
        why=f"{found.flawed.number or 0:.1%} of {found.flawed.n:,} validated results have syntax errors or security "
        "warnings.",
        rows=({"table": "validation", "dimension": found.dimension, "name": found.name},),
    )


def _cited(row: LeagueRow) -> dict[str, str]:
    parts = {"dimension": row.dimension, "name": row.name, "within": row.within, "group": row.group}
    return {"table": "league", **parts}
