"""Calls to APIs with their retries, and the errors that the application caught or let through.

Which request meets which fault is decided in `requests.py`; the tool calls as interactions are in `interactions.py`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ratchet.samples.catalogue import Fault, faults, load
from ratchet.samples.frames import SHARED, Array, flags, ids, later, numbers, pick, where, whole
from ratchet.samples.plan import Plan
from ratchet.samples.requests import NO_FAULT
from ratchet.samples.words import fill

_MAX_ATTEMPTS = 3


def api_calls(plan: Plan, requests: pd.DataFrame, roots: pd.DataFrame, steps: pd.DataFrame, index: int) -> pd.DataFrame:
    """Return every attempt of every call: one to the model for each request, one for each tool call."""
    rng = plan.rng("calls", index)
    called = _calls(requests, roots, steps, rng)
    attempts = np.where(called["hit"], np.where(called["lost"], _MAX_ATTEMPTS, 2), 1)
    single = np.array([not f.retry_after and f.recovered == 0 for f in faults()] + [False])
    attempts = np.where(single[called["fault"]] & called["hit"], 1, attempts)
    rows = called.loc[called.index.repeat(attempts)]
    attempt = np.arange(len(rows)) - np.repeat(np.cumsum(attempts) - attempts, attempts) + 1
    bad = rows["hit"].to_numpy() & (rows["lost"].to_numpy() | (attempt < np.repeat(attempts, attempts)))
    return _attempts(rows.reset_index(drop=True), attempt, bad, rng)


def _operations() -> list[dict[str, Any]]:
    """Return the call to the model and then that of each tool."""
    return [load("machines")["llm"], *load("machines")["tools"].values()]


def _apis() -> list[str]:
    return sorted({operation["api"] for operation in _operations()})


def _calls(requests: pd.DataFrame, roots: pd.DataFrame, steps: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    operations = _operations()
    at_model = np.array([f.where == "llm" for f in faults()] + [False])[requests["fault"]]
    row = np.concatenate([np.arange(len(roots)), steps["_row"].to_numpy()])
    operation = np.concatenate([np.zeros(len(roots), dtype=int), 1 + steps["_tool"].to_numpy()])
    path, params = np.empty(len(row), dtype=object), np.empty(len(row), dtype=object)
    for code, each in enumerate(operations):
        places = np.flatnonzero(operation == code)
        path[places] = fill(each["path"], len(places), rng)
        params[places] = fill(each["params"], len(places), rng)
    params[len(roots) :] = steps["params"].to_numpy()
    root = roots.iloc[row]
    columns = {name: root[name].array for name in (*SHARED, "release", "environment")}
    return pd.DataFrame(
        {
            **columns,
            "operation": operation,
            "path": path,
            "params": params,
            "interaction_id": np.concatenate([roots["event_id"], steps["event_id"]]),
            "call_id": ids("call_", rng, len(row)),
            "when": np.concatenate([roots["occurred_at"], steps["occurred_at"]]),
            "duration": np.concatenate([roots["duration_ms"] * 0.55, steps["duration_ms"] * 0.9]),
            "fault": requests["fault"].to_numpy()[row],
            "lost": ~requests["recovered"].to_numpy()[row],
            "hit": np.concatenate([at_model, steps["_hit"].to_numpy()]),
            "message": roots["_message"].to_numpy()[row],
        }
    )


def _attempts(rows: pd.DataFrame, attempt: Array, bad: Array, rng: np.random.Generator) -> pd.DataFrame:
    operations, apis = _operations(), _apis()
    fault, operation, size = rows["fault"].to_numpy(), rows["operation"].to_numpy(), len(rows)
    status = np.array([f.http_status or 0 for f in faults()] + [0])[fault]
    status = np.where(bad, status, np.where(operation % 5 == 2, 201, 200))
    wait_s, _ = _waits(rows["message"], fault)
    delay = (attempt - 1) * (
        rows["duration"].to_numpy() * 0.4 + 1000 * np.maximum(wait_s, 0.8) * rng.uniform(1, 1.3, size)
    )
    errors = [f.error_type for f in faults()]
    return pd.DataFrame(
        {
            "event_id": ids("ac_", rng, size),
            "occurred_at": later(rows["when"].to_numpy(), delay),
            **{name: rows[name].array for name in SHARED},
            "service": pick(("model-gateway", "tool-runner"), (operation > 0).astype(int)),
            "release": rows["release"].array,
            "environment": rows["environment"].array,
            "api": pick(apis, np.array([apis.index(each["api"]) for each in operations])[operation]),
            "method": pick(("GET", "POST"), np.array([each["method"] == "POST" for each in operations])[operation]),
            "path": rows["path"].array,
            "call_id": rows["call_id"].array,
            "attempt": whole(attempt),
            "status_code": whole(status, status > 0),
            "duration_ms": numbers(rows["duration"].to_numpy() * np.where(bad, 0.4, 1.0), 1),
            "params": rows["params"].array,
            "error_type": pick(errors, np.where(bad, fault, NO_FAULT)),
            "error": where(bad, rows["message"]),
            "retry_after_s": numbers(wait_s, 0, bad & (wait_s > 0)),
            "interaction_id": rows["interaction_id"].array,
            "attributes": _named(operation),
        }
    )


def _named(operation: Array) -> Array:
    """Return the attributes that say which call of the application each was."""
    names = ["llm.complete", *load("machines")["tools"]]
    return np.array([f'{{"operation":"{name}"}}' for name in names], dtype=object)[operation]


def errors(plan: Plan, requests: pd.DataFrame, roots: pd.DataFrame, steps: pd.DataFrame, index: int) -> pd.DataFrame:
    """Return one error for each request that met a fault, handled where a retry saved it."""
    rng, apis = plan.rng("errors", index), _apis()
    met = np.flatnonzero(requests["fault"].to_numpy() != NO_FAULT)
    root, fault = roots.iloc[met], requests["fault"].to_numpy()[met]
    struck = np.full(len(requests), NO_FAULT)
    struck[steps["_row"].to_numpy()[steps["_hit"]]] = steps["_tool"].to_numpy()[steps["_hit"]]
    size, recovered = len(met), requests["recovered"].to_numpy()[met]
    retry_s, has_wait = _waits(root["_message"], fault)
    return pd.DataFrame(
        {
            "event_id": ids("er_", rng, size),
            "occurred_at": later(root["occurred_at"].to_numpy(), root["duration_ms"].to_numpy() * 0.9),
            **{name: root[name].array for name in SHARED},
            "service": pick(("assistant-api",), np.zeros(size)),
            "release": root["release"].array,
            "environment": root["environment"].array,
            "error_type": pick([f.error_type for f in faults()], fault),
            "message": root["_message"].array,
            "stack_trace": _traces(root["_message"].to_numpy(), fault, rng),
            "context": root["_context"].array,
            "interaction_id": root["event_id"].array,
            "api": pick(apis, _api_codes(apis, fault, struck[met])),
            "http_status": whole(*_statuses(fault)),
            "retry_after_s": numbers(retry_s, 0, has_wait),
            "attempt": whole(np.where(recovered, 1, rng.integers(1, _MAX_ATTEMPTS + 1, size))),
            "handled": flags(recovered),
        }
    )


def _traces(messages: Array, fault: Array, rng: np.random.Generator) -> Array:
    traces = np.empty(len(messages), dtype=object)
    for code, each in enumerate(faults()):
        rows = np.flatnonzero(fault == code)
        heads = fill(_trace_template(each), len(rows), rng)
        traces[rows] = [f"{head}{each.error_type}: {text}" for head, text in zip(heads, messages[rows], strict=True)]
    return traces


def _trace_template(fault: Fault) -> str:
    calls = (("assistant/app.py", "handle"), ("assistant/agent.py", "run"), *fault.frames)
    lines = [f'  File "/srv/{file}", line <line>, in {function}\n' for file, function in calls]
    return "Traceback (most recent call last):\n" + "".join(lines)


def _waits(messages: pd.Series, fault: Array) -> tuple[Array, Array]:
    """Return the seconds that a rate limit's own message asks to wait for."""
    asks = np.array([f.retry_after for f in faults()] + [False])[fault]
    seconds = messages.astype(object).where(asks).str.extract(r"in (\d+)s\.")[0].astype(float).fillna(0.0)
    return seconds.to_numpy(), asks


def _statuses(fault: Array) -> tuple[Array, Array]:
    status = np.array([f.http_status or 0 for f in faults()])[fault]
    return status, status > 0


def _api_codes(apis: list[str], fault: Array, struck: Array) -> Array:
    """Return the API of each error: the model's, that of the tool that was struck, or none."""
    at_model = np.array([f.where == "llm" for f in faults()])[fault]
    codes = np.array([apis.index(tool["api"]) for tool in load("machines")["tools"].values()] + [-1])[struck]
    return np.where(at_model, apis.index(load("machines")["llm"]["api"]), codes)
