"""Interactions: what users asked (roots) and the tool calls made for it (steps).

Who asks what, and how it ends, is decided in `requests.py`; calls to APIs and errors are in `calls.py`.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ratchet.samples.catalogue import SUPPORTED, faults, intents, load
from ratchet.samples.frames import SHARED, Array, busy, choose, flags, ids, later, numbers, pick, where, whole
from ratchet.samples.people import People
from ratchet.samples.plan import RELEASES, Plan
from ratchet.samples.requests import FAILURE, NO_FAULT, SUCCESS, UNKNOWN
from ratchet.samples.words import LANGUAGES, again, dialogues, fill, mixed, pairs

TIMEOUT_MS = 30000
DEGRADED_FACTOR = 1.7
MODELS = ("swift-1", "atlas-2-mini", "atlas-3-mini", "brush-1", "atlas-2")
_APOLOGIES = (
    "Sorry, something went wrong while I worked on <doc>. Please try again.",
    "I could not finish this. The team has been informed.",
    "Something went wrong on our side; nothing was changed.",
)


def roots(plan: Plan, people: People, requests: pd.DataFrame, index: int) -> pd.DataFrame:
    """Return the root interactions of a day, one a request, in the same order."""
    rng = plan.rng("roots", index)
    frame = _who(people, requests, rng)
    outcome = requests["outcome"].to_numpy()
    frame["success"] = flags(outcome == SUCCESS, outcome != UNKNOWN)
    frame["error"] = _root_errors(requests, rng, frame)
    _write_words(frame, requests, rng)
    _write_agents(plan, frame, requests)
    _write_figures(plan, frame, requests, rng)
    return frame


def _who(people: People, requests: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    when, session = requests["when"].to_numpy(), requests["session"].to_numpy()
    size = len(requests)
    sessions = ids("s_", rng, int(session.max()) + 1).tolist()
    names = [intent.name for intent in intents()]
    position = np.array([NO_FAULT if name is None else code for code, name in enumerate(names)])
    return pd.DataFrame(
        {
            "event_id": ids("in_", rng, size),
            "occurred_at": when,
            "user_id": pick(people.user_ids, requests["user"].to_numpy()),
            "session_id": pick(sessions, session),
            "trace_id": ids("tr_", rng, size),
            "service": pick(("assistant-api", "mobile-gateway"), (session % 4 == 0).astype(int)),
            "release": pick(RELEASES, np.zeros(size)),
            "environment": pick(("production",), np.zeros(size)),
            "intent": pick([name or "" for name in names], position[requests["intent"]]),
        }
    )


def _root_errors(requests: pd.DataFrame, rng: np.random.Generator, frame: pd.DataFrame) -> Array:
    """Return the error text of each failed root; message and context of all faults are kept for `calls.py`."""
    message, context, full = (np.full(len(requests), None, dtype=object) for _ in range(3))
    code, failed = requests["fault"].to_numpy(), ~requests["recovered"].to_numpy()
    for number, fault in enumerate(faults()):
        rows = np.flatnonzero(code == number)
        message[rows], context[rows] = pairs(fault.message, fault.context, len(rows), rng)
        lost = rows[failed[rows]]
        full[lost] = [f"{fault.error_type}: {text}" for text in message[lost]]
    frame["_message"], frame["_context"] = message, context
    return full


def _write_words(frame: pd.DataFrame, requests: pd.DataFrame, rng: np.random.Generator) -> None:
    size = len(frame)
    asked, answered = np.empty(size, dtype=object), np.empty(size, dtype=object)
    language = np.zeros(size, dtype=int)
    failed = requests["outcome"].to_numpy() == FAILURE
    for code, intent in enumerate(intents()):
        rows = np.flatnonzero(requests["intent"].to_numpy() == code)
        asked[rows], answered[rows], language[rows] = dialogues(intent.texts, intent.replies, len(rows), rng)
        if intent.role == "automation":
            asked[rows] = intent.texts[0]
        if intent.role in (SUPPORTED, "gap_fixed"):
            lost = rows[failed[rows]]
            answered[lost] = mixed(_APOLOGIES, len(lost), rng)
    for row in np.flatnonzero(requests["retry"].to_numpy()).tolist():
        asked[row], language[row] = again(asked[row - 1], row), language[row - 1]
    frame["request_text"], frame["response_text"] = asked, answered
    frame["_language"] = language


def _write_agents(plan: Plan, frame: pd.DataFrame, requests: pd.DataFrame) -> None:
    when, code = requests["when"].to_numpy(), requests["intent"].to_numpy()
    agents = load("machines")["agents"]
    names = list(agents)
    agent = np.array([names.index(intent.agent) for intent in intents()])[code]
    tiers = ("basic", "standard", "premium")
    model = np.array([MODELS.index(row["model"]) for row in agents.values()])[agent]
    model = np.where((model == 1) & (when >= plan.model_change), 2, model)
    prompts = [intent.name or "chat" for intent in intents()]
    changed = (code == prompts.index("translate_text")) & (when >= plan.prompt_change)
    frame["release"] = pick(RELEASES, plan.release_codes(when))
    frame["agent"] = pick(names, agent)
    frame["agent_tier"] = pick(tiers, np.array([tiers.index(row["tier"]) for row in agents.values()])[agent])
    frame["task_type"] = _by_intent([intent.task_type for intent in intents()], code)
    frame["feature"] = _by_intent([intent.feature for intent in intents()], code)
    frame["language"] = pick(LANGUAGES, frame.pop("_language").to_numpy())
    frame["model"] = pick(MODELS, model)
    frame["prompt_id"] = pick(prompts, code)
    frame["prompt_version"] = whole(3 + changed)
    frame["config_hash"] = pick([row["config"] for row in agents.values()], agent)


def _by_intent(values: list[str], code: Array) -> pd.Categorical:
    distinct = sorted(set(values))
    return pick(distinct, np.array([distinct.index(value) for value in values])[code])


def _write_figures(plan: Plan, frame: pd.DataFrame, requests: pd.DataFrame, rng: np.random.Generator) -> None:
    code, size = requests["intent"].to_numpy(), len(frame)
    duration, timed_out = _durations(plan, frame, requests, rng)
    tokens_in, tokens_out = (
        rng.lognormal(np.log([intent.tokens[side] for intent in intents()]), 0.5)[code] * rng.lognormal(0, 0.45, size)
        for side in (0, 1)
    )
    prices = load("machines")["prices_usd_per_million"]
    price_in, price_out = (np.array([prices[m][side] for m in MODELS])[frame["model"].cat.codes] for side in (0, 1))
    quality = rng.normal([10 * intent.score for intent in intents()], 4.0)[code] + rng.normal(0, 8, size)
    quality -= 35.0 * (requests["outcome"].to_numpy() == FAILURE)
    frame["duration_ms"] = numbers(duration, 1)
    frame["ttft_ms"] = numbers(duration * rng.uniform(0.08, 0.3, size), 1, ~timed_out)
    frame["timed_out"] = flags(timed_out)
    frame["timeout_ms"] = whole(np.full(size, TIMEOUT_MS))
    frame["complexity"] = numbers(rng.beta(2, 4, size), 2)
    frame["size"] = whole(rng.poisson(3, size))
    frame["input_tokens"], frame["output_tokens"] = whole(tokens_in + 1), whole(tokens_out + 1)
    frame["cost_usd"] = numbers((tokens_in * price_in + tokens_out * price_out) / 1e6, 6)
    frame["quality_score"] = numbers(np.clip(quality, 0, 100), 1, rng.random(size) < 0.7)
    frame["host"] = choose(load("machines")["hosts"], rng, size)


def _durations(
    plan: Plan, frame: pd.DataFrame, requests: pd.DataFrame, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return durations in milliseconds and which requests ran into the time limit."""
    code, when = requests["intent"].to_numpy(), requests["when"].to_numpy()
    median = np.array([intent.seconds for intent in intents()])[code] * 1000
    sigma = np.array([intent.sigma for intent in intents()])[code]
    duration = median * np.exp(sigma * rng.standard_normal(len(frame))) * (1 + 0.25 * busy(when))
    begin, end = plan.degradation
    slow = (when >= begin) & (when < end) & (frame["agent_tier"] == "premium").to_numpy()
    duration = np.where(slow, duration * DEGRADED_FACTOR, duration)
    fault, lost = requests["fault"].to_numpy(), ~requests["recovered"].to_numpy()
    timeout = next(number for number, f in enumerate(faults()) if f.key == "timeout")
    duration = np.where(
        (fault != NO_FAULT) & lost, duration * 0.6, np.where(fault != NO_FAULT, duration * 1.8, duration)
    )
    timed_out = (fault == timeout) & lost
    return np.where(
        timed_out, TIMEOUT_MS + rng.uniform(1, 40, len(frame)), np.minimum(duration, TIMEOUT_MS - 1)
    ), timed_out


def steps(plan: Plan, requests: pd.DataFrame, parents: pd.DataFrame, index: int) -> pd.DataFrame:
    """Return the tool calls of a day; `_row` is the position of the root, `_hit` whether its fault struck here."""
    rng = plan.rng("steps", index)
    tools, catalogue = list(load("machines")["tools"]), load("machines")["tools"]
    row, tool, last = _tool_rows(requests, tools)
    fault, lost = requests["fault"].to_numpy()[row], ~requests["recovered"].to_numpy()[row]
    strikes = np.array([[f.where == "tool" and name in f.tools for name in tools] for f in faults()])
    struck = strikes[fault, tool] & (fault != NO_FAULT)
    root = parents.iloc[row]
    share = np.array([catalogue[name]["share"] for name in tools])[tool]
    duration = root["duration_ms"].to_numpy() * share * rng.uniform(0.7, 1.2, len(row))
    failed = struck & lost
    batch = np.array([bool(catalogue[name].get("batch")) for name in tools])[tool]
    batch_size = rng.choice([1, 2, 4, 8, 16, 32], len(row))
    duration = np.where(batch, 20 + 6.5 * batch_size * rng.lognormal(0, 0.2, len(row)), duration)
    return pd.DataFrame(
        {
            "event_id": ids("st_", rng, len(row)),
            "occurred_at": later(root["occurred_at"].to_numpy(), 40 + duration * np.where(last, 1.6, 0.3)),
            **{name: root[name].array for name in SHARED},
            "service": pick(("tool-runner",), np.zeros(len(row))),
            "release": root["release"].array,
            "environment": root["environment"].array,
            "parent_id": root["event_id"].array,
            "intent": pick(tools, tool),
            "success": flags(~failed),
            "error": where(failed, root["error"]),
            "params": _params(catalogue, tools, tool, failed, rng),
            "duration_ms": numbers(duration, 1),
            "agent": root["agent"].array,
            "agent_tier": root["agent_tier"].array,
            "task_type": pick(("tool_call",), np.zeros(len(row))),
            "host": root["host"].array,
            "batch_size": whole(batch_size, batch),
            "_row": row,
            "_tool": tool,
            "_hit": struck,
        }
    )


def _tool_rows(requests: pd.DataFrame, tools: list[str]) -> tuple[Array, Array, Array]:
    """Return for each tool call its request's position, its tool and whether it is the request's last one."""
    used = [[tools.index(tool) for tool in intent.tools] for intent in intents()]
    counts = np.array([len(each) for each in used])[requests["intent"]]
    early = np.array([f.where != "tool" for f in faults()] + [False])[requests["fault"]]
    counts = np.where(early & ~requests["recovered"].to_numpy(), 0, counts)
    row = np.repeat(np.arange(len(requests)), counts)
    order = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    table = np.array([[*each, 0, 0][:2] for each in used])
    return row, table[requests["intent"].to_numpy()[row], order], order == counts[row] - 1


def _params(
    catalogue: dict[str, dict[str, str]], tools: list[str], tool: Array, failed: Array, rng: np.random.Generator
) -> Array:
    out = np.empty(len(tool), dtype=object)
    for code, name in enumerate(tools):
        for broken in (False, True):
            rows = np.flatnonzero((tool == code) & (failed == broken))
            template = catalogue[name].get("broken_params") if broken else None
            out[rows] = fill(template or catalogue[name]["params"], len(rows), rng)
    return out
