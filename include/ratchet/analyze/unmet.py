"""What people ask for in vain by what they say (R3-R5): clusters of requests, their demand, and what would meet them.

A request is in vain when it failed, or when the log shows it otherwise: a refusal, a fallback, an empty answer, the
same thing asked again at once, or a session left without an outcome. Which texts belong together is found by
`gap_clusters.py`; gaps by logged intent by `gaps.py`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ratchet import frames
from ratchet.analyze import gap_clusters
from ratchet.analyze.change import TEST, Changes, changes
from ratchet.contracts.apis import Api
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.improvements import Priority
from ratchet.contracts.names import LONGEST, bounded, in_words
from ratchet.contracts.settings import LearningSettings
from ratchet.contracts.unmet import Grouped, Known, Signal, UnmetResult, Verdict, Wish, WishStatus
from ratchet.statistics.proportions import wilson
from ratchet.statistics.rates import rate_interval

SAMPLES, NAME_WORDS, MOST_KNOWN = 3, 4, 2000
_IN_VAIN = ("failed", "refused", "fell_back", "empty_answers", "abandoned", "again")
_SUMS = ("requests", "known", "in_vain", "in_vain_known", "with_error", "unsupported", *_IN_VAIN)
_SCALE = 1000  # of a sketch as whole numbers


@dataclass(frozen=True, slots=True)
class Exposure:
    """Requests of any kind in the short window and in the days of the long window before it."""

    recent: int
    before: int


def find_unmet(
    texts: pd.DataFrame,
    known: Sequence[Known],
    exposure: Exposure,
    apis: Sequence[tuple[str, Api]],
    settings: LearningSettings,
    as_of: date,
    gaps: Mapping[str, int] | None = None,
) -> tuple[UnmetResult, list[Known]]:
    """Group what was asked in vain, and say what would meet each group; return also what the next night must know.

    Args:
        texts: mart_request_texts.
        known: what the last night knew.
        exposure: requests of any kind.
        apis: connected APIs that can do something, by name.
        settings: floors, windows, what counts as asking again.
        as_of: the night's day.
        gaps: demand of the gaps by intent, so that a cluster that is one of them says so.
    """
    rows = _counted(frames.rows_of(texts, as_of, ("text",)))
    scripted = (2 * rows["on_a_clock"] >= rows["in_vain"]) & (rows["on_a_clock"] > 0)
    asked = rows[~scripted & (rows["demand"] > 0)].reset_index(drop=True)
    floor = (asked["demand"] > settings.gap_floor_events).to_numpy() & (
        asked["units"].map(len) >= settings.gap_floor_units
    ).to_numpy()
    found = gap_clusters.cluster(asked["text"].tolist(), alone=floor)
    sums = _sums(asked, found.labels, len(found.sketches))
    large = _large(sums, settings)
    ids = _ids(found.sketches, known, asked, found.labels, as_of)
    course = _course(sums, exposure)
    parts = [(int(str(row)), part) for row, part in asked.groupby(found.labels, sort=True)]
    wishes = [
        _wish(row, sums, part, ids[row], course, settings, gaps or {}) for row, part in parts if row >= 0 and large[row]
    ]
    wishes = _with_operations(wishes, apis)
    result = UnmetResult(
        clusters=tuple(sorted(wishes, key=lambda w: (-w.demand, w.id))),
        signals=_signals(rows[~scripted], settings),
        grouped=_grouped(rows, scripted, asked, found.labels, large),
        definitions=_definitions(settings),
    )
    return result, _remembered(ids, found.sketches, wishes, known)


def _counted(rows: pd.DataFrame) -> pd.DataFrame:
    """Add to each text its demand and the units behind it as plain numbers."""
    units = pd.Series([_list(keys) for keys in rows["unit_keys"].tolist()], index=rows.index, dtype=object)
    return rows.assign(demand=rows["in_vain"] + rows["again"], units=units).sort_values("text", kind="stable")


def _list(cell: Any) -> list[Any]:
    return [] if cell is None else np.asarray(cell).tolist()


def _sums(asked: pd.DataFrame, labels: NDArray[np.int64], clusters: int) -> pd.DataFrame:
    columns = [*dict.fromkeys(_SUMS), "demand", "recent"]
    totals = asked.loc[labels >= 0, columns].groupby(labels[labels >= 0]).sum()
    sums = totals.reindex(range(clusters), fill_value=0)
    spread = pd.DataFrame({"label": labels, "unit": asked["units"]})
    pairs = spread[spread["label"] >= 0].explode("unit").dropna().drop_duplicates()
    units = pairs.groupby("label").size().reindex(range(clusters), fill_value=0)
    return sums.assign(units=units, texts=np.bincount(labels[labels >= 0], minlength=clusters))


def _large(sums: pd.DataFrame, settings: LearningSettings) -> NDArray[np.bool_]:
    enough = (sums["demand"] > settings.gap_floor_events) & (sums["units"] >= settings.gap_floor_units)
    return np.asarray(enough, dtype=bool)


@dataclass(frozen=True, slots=True)
class _Id:
    id: str
    since: date
    was_fixed: bool
    is_new: bool


def _ids(
    sketches: Any, known: Sequence[Known], asked: pd.DataFrame, labels: NDArray[np.int64], as_of: date
) -> list[_Id]:
    """Return who each cluster is: one that an earlier night knew, or a new one, named after night and first text."""
    before = np.array([k.sketch for k in known], dtype=np.float32).reshape(len(known), gap_clusters.SKETCH)
    lengths = np.linalg.norm(before, axis=1, keepdims=True)
    same = gap_clusters.same_as(sketches, (before / np.where(lengths > 0, lengths, 1)).astype(np.float32))
    texts, (numbers, first) = asked["text"].to_numpy(), np.unique(labels, return_index=True)
    named = dict(zip(numbers.tolist(), texts[first].tolist(), strict=True))
    found = []
    for row, at in enumerate(same.tolist()):
        if at >= 0:
            found.append(_Id(known[at].id, known[at].since, known[at].was_fixed, False))
        else:
            digest = hashlib.sha256(f"{as_of}\n{named[row]}".encode()).hexdigest()[:12]
            found.append(_Id(digest, as_of, False, True))
    return found


def _remembered(ids: list[_Id], sketches: Any, wishes: Sequence[Wish], known: Sequence[Known]) -> list[Known]:
    """Return tonight's clusters, and those of earlier nights that are not among them: what has gone may come back."""
    fixed = {w.id for w in wishes if w.status is WishStatus.FIXED}
    again = {w.id for w in wishes if w.status is WishStatus.REGRESSED}
    tonight = [
        Known(i.id, i.since, (i.was_fixed or i.id in fixed) and i.id not in again, _whole(sketch))
        for i, sketch in zip(ids, sketches, strict=True)
    ]
    here = {k.id for k in tonight}
    return [*tonight, *(k for k in known if k.id not in here)][:MOST_KNOWN]


def _whole(sketch: Any) -> tuple[int, ...]:
    return tuple(np.rint(sketch * _SCALE).astype(int).tolist())


def _course(sums: pd.DataFrame, exposure: Exposure) -> Changes:
    recent = sums["recent"].to_numpy()
    return changes(recent, float(exposure.recent), sums["demand"].to_numpy() - recent, float(exposure.before))


def _wish(
    row: int,
    sums: pd.DataFrame,
    members: pd.DataFrame,
    who: _Id,
    course: Changes,
    settings: LearningSettings,
    gaps: Mapping[str, int],
) -> Wish:
    line = sums.iloc[row]
    demand, units = int(line["demand"]), int(line["units"])
    name, by_intent = _name(members, settings.k_anonymity), _by_intent(members)
    status = _status(course, row, who, int(line["recent"]))
    verdict, reason = _verdict(line)
    is_shown = units >= settings.k_anonymity
    rate = _failure_rate(line)
    return Wish(
        feature=bounded(name or f"cluster {who.id}"),
        demand=demand,
        priority=_priority(demand, status, settings.high_priority_demand),
        id=who.id,
        status=status,
        verdict=verdict,
        verdict_reason=reason,
        units=units,
        unit_kind=_kind(members),
        requests=int(line["requests"]),
        texts=int(line["texts"]),
        demand_interval=_interval(demand),
        failure_rate=rate,
        trend=course.trend(row),
        score=_score(units, rate, course, row),
        signals={name: int(line[name]) for name in _IN_VAIN},
        intents=tuple(by_intent)[:5],
        same_as=_same_as(name, demand, by_intent, gaps),
        operation="",
        known_since=who.since,
        first_seen=frames.day(members["first_seen"].min()),
        last_seen=frames.day(members["last_seen"].max()),
        samples=_samples(members) if is_shown else (),
        sample_event_ids=tuple(e for cell in members["sample_event_ids"] for e in frames.texts(cell))[:5],
    )


def _status(course: Changes, row: int, who: _Id, recent: int) -> WishStatus:
    if course.up[row]:
        if who.was_fixed:
            return WishStatus.REGRESSED
        return WishStatus.GROWING if course.before[row] else WishStatus.NEW
    if course.down[row]:
        return WishStatus.SHRINKING if recent else WishStatus.FIXED
    return WishStatus.STABLE if course.steady[row] else WishStatus.UNKNOWN


def _verdict(line: pd.Series) -> tuple[Verdict, str]:
    """Say what would meet a cluster, before the catalogue of APIs is asked."""
    broken = int(line["with_error"]) - int(line["unsupported"])
    demand = int(line["demand"])
    if 2 * broken > demand:
        return Verdict.FIX, f"{broken:,} of {demand:,} ended with an error other than missing support"
    works = wilson([int(line["in_vain_known"])], [int(line["known"])])
    if int(line["known"]) and float(works.high[0]) < 0.5 and 2 * int(line["unsupported"]) <= demand:
        return Verdict.DOCUMENT, "the same words succeed more often than not: it exists, and is not found"
    said = int(line["unsupported"]) + int(line["refused"])
    return Verdict.BUILD, f"{said:,} of {demand:,} were refused or not supported, and no connected API serves it"


def _with_operations(wishes: list[Wish], apis: Sequence[tuple[str, Api]]) -> list[Wish]:
    """Turn what would have to be built into what has only to be wrapped, where a connected API seems to serve it."""
    from dataclasses import replace

    from ratchet.analyze.api_matches import matches

    if not apis or not wishes:
        return wishes
    found = matches([" ".join([w.feature, *w.samples]) for w in wishes], apis)
    served = []
    for wish, matched in zip(wishes, found, strict=True):
        if matched and wish.verdict is Verdict.BUILD:
            named = f"{matched[0].api}: {matched[0].operation}"
            reason = f"asked {wish.demand:,} times; {named} seems to serve it, and nothing uses it for this"
            wish = replace(wish, verdict=Verdict.WRAP, verdict_reason=reason, operation=named)
        served.append(wish)
    return served


def _name(members: pd.DataFrame, least: int) -> str:
    """Return the words that most units used, those of at least `least` of them, in the order of the largest text."""
    from ratchet.analyze.api_matches import words

    users: dict[str, set[int]] = {}
    for text, units in zip(members["text"].tolist(), members["units"].tolist(), strict=True):
        for word in set(words(text)):
            users.setdefault(word, set()).update(units)
    counted = Counter({word: len(u) for word, u in users.items() if len(u) >= least and not word.isdigit()})
    return " ".join(word for word, _ in sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:NAME_WORDS])


def _by_intent(members: pd.DataFrame) -> dict[str, float]:
    """Return the demand under each intent, the largest first; that of a text under several is divided among them."""
    found: dict[str, float] = {}
    for demand, cell in zip(members["demand"].tolist(), members["intents"].tolist(), strict=True):
        named = [bounded(str(intent)) for intent in _list(cell)]
        for intent in named:
            found[intent] = found.get(intent, 0.0) + demand / len(named)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _same_as(name: str, demand: int, by_intent: Mapping[str, float], gaps: Mapping[str, int]) -> str:
    """Return the gap by intent that says the same: most of the cluster is in it, and it is most of the gap or its name.

    A cluster within a gap such as "other" says more than the gap does.
    """
    from ratchet.analyze.api_matches import words

    intent, part = next(iter(by_intent.items()), ("", 0.0))
    if not intent or intent not in gaps or 2 * part <= demand:
        return ""
    is_most, is_named = 2 * part >= gaps[intent], set(words(intent.replace("_", " "))) & set(words(name))
    return intent if is_most or is_named else ""


def _kind(members: pd.DataFrame) -> str:
    kinds = {1: "user", 2: "session", 3: "trace"}
    return kinds.get(max((unit & 3 for units in members["units"] for unit in units), default=0), "none")


def _samples(members: pd.DataFrame) -> tuple[str, ...]:
    largest = members.sort_values(["demand", "text"], ascending=[False, True], kind="stable").head(SAMPLES)
    return tuple(in_words(text, LONGEST) for text in largest["text"].tolist())


def _interval(demand: int) -> Estimate:
    return rate_interval([demand], [1.0]).estimate(0, demand, "nothing was asked")


def _failure_rate(line: pd.Series) -> Estimate:
    known = int(line["known"])
    return wilson([int(line["in_vain_known"])], [known]).estimate(0, known, "no request has a known outcome")


def _score(units: int, rate: Estimate, course: Changes, row: int) -> Estimate:
    share = rate.number
    if not units or not share:
        return Estimate(0.0, units)
    center = np.log(units * share) + course.factor[row]
    half = 1.959964 * np.sqrt(1 / units + (1 - share) / (rate.n * share) + course.factor_variance[row])
    return Estimate(float(np.exp(center)), units, float(np.exp(center - half)), float(np.exp(center + half)))


def _priority(demand: int, status: WishStatus, high: int) -> Priority:
    if status is WishStatus.FIXED:
        return Priority.LOW
    return Priority.HIGH if demand > high else Priority.MEDIUM


def _signals(rows: pd.DataFrame, settings: LearningSettings) -> tuple[Signal, ...]:
    total, known = int(rows["requests"].sum()), int(rows["known"].sum())
    answered, threaded, followed = (int(rows[name].sum()) for name in ("answered", "threaded", "followed"))
    seen = {
        "failed": (known, "no outcome is logged"),
        **dict.fromkeys(("refused", "fell_back", "empty_answers"), (answered, "no answer is logged")),
        "abandoned": (followed, "fewer than half of the requests have an outcome, or nobody can be told apart"),
        "again": (threaded, "no unit is logged, or no real clock"),
    }
    return tuple(
        Signal(name, int(rows[name].sum()), of, "" if of or not total else f"not computable: {why}")
        for name, (of, why) in seen.items()
    )


def _grouped(
    rows: pd.DataFrame, scripted: pd.Series, asked: pd.DataFrame, labels: NDArray[np.int64], large: NDArray[np.bool_]
) -> tuple[Grouped, ...]:
    inside = labels >= 0
    shown = inside & (large[labels] if len(large) else inside)
    parts = {
        "clusters": asked[shown],
        "clusters below the floor": asked[inside & ~shown],
        "one-offs": asked[~inside],
        "automation": rows[scripted & (rows["demand"] > 0)],
    }
    return tuple(Grouped(name, len(part), int(part["demand"].sum())) for name, part in parts.items())


def _definitions(s: LearningSettings) -> dict[str, str]:
    return {
        "clusters": (
            "requests in vain that ask for the same thing in other words: hashed words and letters, k-means to "
            f"micro-clusters, HDBSCAN over them; more than {s.gap_floor_events} by at least {s.gap_floor_units} units"
        ),
        "in_vain": (
            "failed, refused, answered with a fallback or with nothing, asked again within "
            f"{s.rephrase_window_s:g} s, or left without an outcome; positive feedback says otherwise"
        ),
        "demand_interval": "requests in vain with their exact Poisson 95 % interval",
        "cluster_failure_rate": "of requests with the same words and a known outcome, those in vain; Wilson's interval",
        "cluster_trend": f"requests in vain per request, last {s.gap_window_days} days over those before; {TEST}",
        "cluster_status": (
            "new: a rise from nothing; growing, shrinking: beyond chance; fixed: fallen to nothing; regressed: risen "
            "after it was fixed; stable: a doubling and a halving are both ruled out; else not enough data"
        ),
        "verdict": (
            "fix: most ended with an error other than missing support; document: the same words mostly succeed; wrap: "
            "an operation of a connected API is like it; else build"
        ),
        "automation": "texts half of whose requests in vain came from one unit at even distances; counted, not ranked",
        "one_offs": "texts whose words are too far from every cluster",
        "cluster_samples": f"redacted, digits as 0, only where at least {s.k_anonymity} units asked",
    }
