"""What people use, with which parameters, and which topics confuse them (R46, R48).

Calls are counted in `mart_actions` and `mart_usage`; which capability of the code an action is belongs to
`capabilities.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from ratchet import frames
from ratchet.contracts.estimates import Estimate
from ratchet.contracts.names import bounded
from ratchet.statistics.corrections import benjamini_hochberg_within
from ratchet.statistics.proportions import against_rest, wilson

WINDOW_DAYS = 30
SHOWN = 300
CONFUSING_SHARE, CONFUSING_Q, CONFUSING_N = 0.05, 0.05, 30
_PLACEHOLDERS = {"string": "…", "integer": 0, "number": 0.0, "boolean": True, "object": {}, "array": [], "null": None}
_USAGE = ("requests", "successes", "failures", "unknown", "units")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of the usual call: its type, and its usual value, '' where too few people gave the same."""

    name: str
    type: str
    value: str
    units: int


@dataclass(frozen=True, slots=True)
class Action:
    """Something that is asked for (root) or done for it (step), over 30 days.

    Attributes:
        unit_kind: what `units` are.
        measured: successful calls with parameters.
        shape_calls: of these, how many have the usual shape.
        shape_units: distinct people who made them.
        parameters: the usual shape, by name; empty where too few people share one.
        example: the usual call as JSON, '' where there is no shape.
        hidden: why no shape is shown, '' where one is.
        retry_rate: share of requests that were asked again at once.
        retry_lift: that rate over the rate of everything else that is asked.
        retry_q: p-value of the difference, corrected for the number of topics; None where nothing was compared.
        is_confusing: it is asked again often, and more often than the rest beyond chance.
    """

    action: str
    level: str
    requests: int
    success_rate: Estimate
    unknown: int
    units: int
    unit_kind: str
    measured: int
    shape_calls: int
    shape_units: int
    parameters: tuple[Parameter, ...]
    example: str
    hidden: str
    retry_rate: Estimate | None = None
    retry_lift: Estimate | None = None
    retry_q: float | None = None
    is_confusing: bool = False


@dataclass(frozen=True, slots=True)
class Actions:
    """Everything that is used, the most used first; what is beyond the shown is counted."""

    requests: int
    steps: int
    units: int
    unit_kind: str
    total: int
    actions: tuple[Action, ...]


def actions(usage: pd.DataFrame, mart: pd.DataFrame, as_of: date, least_units: int) -> Actions:
    """Return what is used, with the usual parameters of successful calls.

    Args:
        usage: mart_usage.
        mart: mart_actions.
        as_of: the night's day.
        least_units: shapes and values of fewer people are not shown.
    """
    rows = frames.rows_of(usage[usage["window_days"] == WINDOW_DAYS], as_of, ("level", "dimension", "value"))
    rows[list(_USAGE)] = frames.counts(rows, _USAGE)
    whole = {line["level"]: line for line in frames.records(rows[rows["dimension"] == "all"])}
    named = rows[(rows["dimension"] == "intent") & (rows["value"] != "")]
    named = named.sort_values(["requests", "level", "value"], ascending=[False, True, True], ignore_index=True)
    calls = frames.rows_of(mart, as_of, ("level", "action", "kind", "parameter", "value"))
    counts = ["calls", "comparable", "asked_again", "measured", "units"]
    calls[counts] = frames.counts(calls, counts)
    retries = _retries(calls)
    known = named.head(SHOWN)
    outcomes = (known["successes"] + known["failures"]).to_numpy()
    rates = wilson(known["successes"], outcomes)
    used = {key: frames.records(group) for key, group in calls.groupby(["level", "action"], sort=True)}
    root = whole.get("root", {})
    return Actions(
        requests=root.get("requests", 0),
        steps=whole.get("step", {}).get("requests", 0),
        units=root.get("units", 0),
        unit_kind=root.get("unit_kind", "none"),
        total=len(named),
        actions=tuple(
            _action(
                line,
                rates.estimate(at, outcomes[at], "no outcome is known"),
                used.get((line["level"], line["value"]), []),
                retries.get(line["value"], {}) if line["level"] == "root" else {},
                least_units,
            )
            for at, line in enumerate(frames.records(known))
        ),
    )


def _action(
    line: Mapping[str, Any],
    success_rate: Estimate,
    calls: Sequence[Mapping[str, Any]],
    retries: Mapping[str, Any],
    least_units: int,
) -> Action:
    measured = sum(each["measured"] for each in calls)
    shapes = sorted((c for c in calls if c["kind"] == "shape"), key=lambda c: (-c["calls"], c["value"]))
    shape = next((c for c in shapes if c["units"] >= least_units), None)
    values = {}
    for each in sorted(calls, key=lambda c: (c["calls"], c["units"])):
        if each["kind"] == "value" and each["units"] >= least_units:
            values[each["parameter"], _kind(each["value"])] = each
    parameters = tuple(_parameters(shape["value"], values)) if shape is not None else ()
    return Action(
        action=bounded(line["value"]),
        level=line["level"],
        requests=line["requests"],
        success_rate=success_rate,
        unknown=line["unknown"],
        units=line["units"],
        unit_kind=line["unit_kind"],
        measured=measured,
        shape_calls=shape["calls"] if shape is not None else 0,
        shape_units=shape["units"] if shape is not None else 0,
        parameters=parameters,
        example=_example(parameters),
        hidden="" if shape is not None else _hidden(measured, least_units),
        **retries,
    )


def _hidden(measured: int, least_units: int) -> str:
    if not measured:
        return "no successful call with parameters was logged"
    return f"fewer than {least_units} users share one way to call it"


def _parameters(shape: str, values: Mapping[tuple[str, str], Mapping[str, Any]]) -> list[Parameter]:
    found = []
    for line in shape.split("\n"):
        name, _, kind = line.rpartition(": ")
        value = values.get((name, kind), {"value": "", "units": 0})
        found.append(Parameter(bounded(name), kind, value["value"], value["units"]))
    return found


def _kind(value: str) -> str:
    """Return the type of a scalar in JSON."""
    try:
        found = json.loads(value)
    except ValueError:
        return ""
    return {str: "string", bool: "boolean", int: "integer", float: "number"}.get(type(found), "")


def _example(parameters: Sequence[Parameter]) -> str:
    if not parameters:
        return ""
    made = {p.name: json.loads(p.value) if p.value else _PLACEHOLDERS.get(p.type) for p in parameters}
    return json.dumps(made, ensure_ascii=False)


def _retries(calls: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return for each topic how often it is asked again, against all the other topics."""
    topics = calls[(calls["level"] == "root") & (calls["kind"] == "action")].reset_index(drop=True)
    if not len(topics):
        return {}
    again, asked = topics["asked_again"].to_numpy(), topics["comparable"].to_numpy()
    rates, lift = wilson(again, asked), against_rest(again, asked)
    tested = asked >= CONFUSING_N
    p = [found if enough else float("nan") for found, enough in zip(lift.p, tested, strict=True)]
    q = benjamini_hochberg_within(p, [0] * len(p))
    found = {}
    for at, topic in enumerate(topics["action"]):
        rate = rates.estimate(at, asked[at], "no request with words, a user and a real clock")
        more = lift.ratio.estimate(at, asked[at], "nothing else is asked again")
        beyond = bool(tested[at] and q[at] <= CONFUSING_Q and (more.low or 0.0) > 1.0)
        found[topic] = {
            "retry_rate": rate,
            "retry_lift": more,
            "retry_q": float(q[at]) if q[at] == q[at] else None,
            "is_confusing": beyond and (rate.number or 0.0) >= CONFUSING_SHARE,
        }
    return found
