"""Whole nights by hand: a usual, a hostile, a crowded, a flooded, a failed and an empty one.

The results they are made of are in the modules beside this one; a test holds them against the schemas.
"""

from __future__ import annotations

from typing import Any

from tests.unit.report import agent_fixtures, documentation_fixtures, fix_fixtures, impact_fixtures, trial_fixtures
from tests.unit.report.data_fixtures import check, drift, gate, load, quality
from tests.unit.report.finding_fixtures import did_next, error, errors, features, feedback, usage
from tests.unit.report.health_fixtures import health, kpis, trends
from tests.unit.report.improvement_fixtures import apis, improvement, improvements, tasks, tuning
from tests.unit.report.pattern_fixtures import no_patterns, patterns

STEPS = (
    "ingest",
    "check_raw",
    "build_marts",
    "check_marts",
    "drift",
    "gaps",
    "errors",
    "feedback",
    "usage",
    "health",
    "trends",
    "agents",
    "patterns",
    "tuning",
    "kpis",
    "experiments",
    "rollouts",
    "impact",
    "apis",
    "documentation",
    "fixes",
    "proofs",
    "improvements",
)


HOSTILE = (
    "<script>alert('xss')</script>",
    "\"><img src=x onerror=alert(1)> & 'quotes'",
    "{{ 7 * 7 }} {% raw %}",
    "\u202egnirts desrever\u202c and שלום עולם",
    "👩‍👩‍👧 naïve \x07 bell \x00 nul",
    "| pipe | `code` **bold** [link](javascript:alert(1)) # head",
    "=cmd|' /C calc'!A0",
    "x" * 10_000,
    "عربي\u2067 mixed \ud800 lone",
    "two\nlines\r\nand a\ttab",
)


def marks(**states: str) -> list[dict[str, str]]:
    """Return one mark a step, all done but those that are named."""
    reasons = {
        "failed": "ValueError: it broke (step of the night)",
        "skipped": "needs check_marts, which did not finish",
    }
    found = {name: states.get(name, "done") for name in STEPS}
    return [{"step": n, "state": s, "reason": reasons.get(s, "")} for n, s in sorted(found.items())]


def night(**changes: Any) -> dict[str, Any]:
    """Return a whole night; a change of None takes a result away."""
    whole = {
        "load": load(),
        "quality": quality(),
        "drift": drift(),
        "features": features(),
        "errors": errors(),
        "fixes": fix_fixtures.fixes(),
        "feedback": feedback(),
        "usage": usage(),
        "health": health(),
        "trends": trends(),
        "agents": agent_fixtures.agents(),
        "patterns": patterns(),
        "tuning": tuning(),
        "kpis": kpis(),
        "improvements": improvements(),
        "tasks": tasks(),
        "experiments": trial_fixtures.experiments(),
        "rollouts": trial_fixtures.rollouts(),
        "impact": impact_fixtures.impact(),
        "apis": apis(),
        "capabilities": documentation_fixtures.capabilities(),
        "steps": marks(),
    } | changes
    return {name: result for name, result in whole.items() if result is not None}


def hostile() -> dict[str, Any]:
    """Return a night in which every name and text from the log is an attack."""
    tried, rolled = trial_fixtures.hostile(HOSTILE)
    return night(
        experiments=tried,
        rollouts=rolled,
        features=features(HOSTILE),
        errors=errors([error(t, t, 40 + i, "new") for i, t in enumerate(HOSTILE)]),
        fixes=fix_fixtures.fixes(
            [
                fix_fixtures.fix(f"{i:012x}", t, t, fails_because=t, operation=t, sample_event_ids=[t], holds=False)
                for i, t in enumerate(HOSTILE)
            ],
            [fix_fixtures.no(t, "no_context", t) for t in HOSTILE],
        ),
        target_failures=list(HOSTILE),
        feedback=feedback(HOSTILE),
        kpis=kpis(HOSTILE),
        usage=usage(HOSTILE),
        health=health(names=HOSTILE),
        agents=agent_fixtures.agents(HOSTILE),
        patterns=patterns(HOSTILE),
        tuning=tuning(HOSTILE),
        apis=apis(HOSTILE),
        capabilities=documentation_fixtures.capabilities(HOSTILE),
        improvements=improvements([improvement(i, t) for i, t in enumerate(HOSTILE)]),
        impact=impact_fixtures.hostile(HOSTILE),
        steps=[m | ({"state": "failed", "reason": HOSTILE[0]} if m["step"] == "drift" else {}) for m in marks()],
    )


def crowded() -> dict[str, Any]:
    """Return a night with 500 improvements, 1,000 errors, 200 gaps and 300 experiments of 20 arms."""
    tried, rolled = trial_fixtures.crowded()
    long = "a rather long name of something that somebody wanted to have done " * 4
    return night(
        features=features(tuple(f"{long}{i}" for i in range(200))),
        errors=errors([error(f"Error{i}", long, 1200 - i, "ongoing") for i in range(1000)]),
        improvements=improvements([improvement(i, f"{long}{i}") for i in range(500)]),
        experiments=tried,
        rollouts=rolled,
    )


def flooded() -> dict[str, Any]:
    """Return a crowded night in which every name has 25,000 characters that grow when they are escaped."""
    names = tuple(str(i) + "<&\N{GRINNING FACE}>" * 6000 for i in range(200))
    tried, rolled = trial_fixtures.many(lambda i: names[i], lambda i: names[i], 30)
    return night(
        features=features(names),
        errors=errors([error(names[i % 200], names[i % 200], 1200 - i, "new") for i in range(1000)]),
        feedback=feedback(names),
        kpis=kpis(names),
        usage=usage(names),
        health=health(names=names),
        agents=agent_fixtures.agents(names),
        patterns=patterns(names),
        tuning=tuning(names),
        capabilities=documentation_fixtures.capabilities(names),
        improvements=improvements([improvement(i, names[i % 200]) for i in range(500)]),
        impact=impact_fixtures.titled(names),
        fixes=fix_fixtures.fixes(
            [fix_fixtures.fix(f"{i:012x}", names[i % 200], names[i % 200], why=names[i % 200]) for i in range(500)],
            [fix_fixtures.no(names[i % 200], "no_context", names[i % 200]) for i in range(500)],
        ),
        target_failures=list(names),
        experiments=tried,
        rollouts=rolled,
    )


def failed_gate() -> dict[str, Any]:
    """Return a night whose marts did not hold: what was computed before is there, the rest was skipped."""
    broken = check("mart_kpis_daily.denominator", passed=False, observed="3 of 420 rows are negative")
    found = night(quality=quality(gate("raw", check("load.lines")), gate("marts", broken)))
    skipped = dict.fromkeys(STEPS[5:], "skipped")
    found["steps"] = marks(**skipped | {"check_marts": "failed"})
    return found


def empty() -> dict[str, Any]:
    """Return a night on which nothing landed."""
    nothing: dict[str, Any] = {"lines": 0, "loaded": 0, "duplicates": 0, "quarantined": 0, "blank": 0}
    silent = {"files": [], "totals": nothing, "streams": [], "reasons": [], "unknown_fields": [], "redactions": []}
    return night(
        load=load() | silent | {"quarantined_share": None},
        features=features(()) | {"requests": 0, "failures": 0, "reason": "no request was logged in the window"},
        errors=errors([])
        | {"kinds": 0, "occurrences": 0, "reason": "no error was logged in 35 days", "below_floor": {}},
        fixes=fix_fixtures.fixes([], []) | {"reason": "no error is frequent enough"},
        feedback=feedback(())
        | {"overall": [], "reason": "0 scores in 30 days", "did_next": did_next("", 0), "calibration": []},
        usage=usage() | {"usage": [], "reason": "no interaction was logged in the last 30 days"},
        health=health("no data") | {"reason": "success rate: 0 events in 1 day, 30 are needed", "services": []},
        agents=agent_fixtures.nothing(),
        patterns=no_patterns(),
        tuning=tuning() | {"settings": [], "days": [], "levels": [], "left_out": {}, "better": 0, "reason": "none"},
        trends=trends() | {"figures": [], "reason": "nothing was logged"},
        kpis=kpis() | {"kpis": [], "reason": "no request was logged on this day"},
        improvements=improvements([]) | {"reason": "no finding is strong enough to act on", "deferred": 0},
        tasks=tasks() | {"tasks": []},
        experiments=trial_fixtures.nothing("experiments"),
        rollouts=trial_fixtures.nothing("rollouts"),
        impact=impact_fixtures.nothing(),
        apis=apis(()),
        capabilities=documentation_fixtures.nothing(),
    )
