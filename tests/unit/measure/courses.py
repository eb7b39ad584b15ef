"""Courses of improvements, as the record of decisions holds them."""

from datetime import date, timedelta

from ratchet.contracts.impacts import Course, ImpactVerdict

START = date(2026, 3, 1)


def day(n):
    return START + timedelta(days=n)


def course(name="a", *, validated=None, approved=None, deployed=None, judged=None, verdict=None, **changes):
    """Return a course; numbers are days since `START`, on which it was proposed."""
    dates = {"validated_on": validated, "approved_on": approved, "deployed_on": deployed, "judged_on": judged}
    fields = {
        "improvement_id": name,
        "revision": 1,
        "type": "error_fix",
        "title": "Retry",
        "first_seen": None,
        "proposed_on": START,
        "automatic": False,
        "predicted": None,
        "cost": 10.0,
        "measured": {},
        "reason": "",
        "verdict": ImpactVerdict(verdict) if verdict else None,
    }
    return Course(**(fields | {k: None if n is None else day(n) for k, n in dates.items()} | changes))


def judged(name, verdict, saved=None, relative=None, *, on=10, **changes):
    """Return a course that was deployed on day 3 and judged."""
    facts = {
        "saved": {
            "value": saved,
            "n": 500,
            "low": None if saved is None else saved - 30,
            "high": None if saved is None else saved + 40,
        },
        "relative": {"value": relative, "n": 500, "low": None, "high": None},
        "harm": changes.pop("harm", False),
    }
    steps = {"validated": 0, "approved": 2, "deployed": 3, "judged": on}
    return course(name, **(steps | {"verdict": verdict, "measured": facts} | changes))
