"""Days of deployed fixes as mart_impact_days holds them."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from ratchet.contracts.impacts import Deployment

DEPLOYED = date(2026, 3, 1)
VERSION = "2026-02-28-0000000a"


def deployment(name="fix", *, proposed=20, horizon=14, baseline=28, **changes):
    """Return a fix that was proposed so many days before it was deployed."""
    fields = {
        "improvement_id": name,
        "revision": 1,
        "title": "Retry",
        "fingerprint": "f" * 12,
        "family": "retry",
        "proposed_on": DEPLOYED - timedelta(days=proposed),
        "baseline_from": DEPLOYED - timedelta(days=baseline),
        "deployed_on": DEPLOYED,
        "measured_until": DEPLOYED + timedelta(days=horizon - 1),
        "version_date": DEPLOYED - timedelta(days=1),
        "published_version": VERSION,
        "is_open": True,
    }
    return Deployment(**(fields | changes))


def days(as_of, rate, *, name="fix", before=28, attempts=200, rest=None, holds=1.0, other=0.02, seed=1):
    """Return the rows of a fix up to a night.

    Args:
        as_of: the night.
        rate: failed share of a day, as a function of the days since the deployment.
        name: the fix.
        before: days before the deployment.
        attempts: of a day.
        rest: the same as `rate` for the unaffected intents, None where there are none.
        holds: share of attempts since the deployment that had the fix.
        other: share of attempts that fail for another reason, or a function as `rate`.
        seed: of the dice.
    """
    dice = np.random.default_rng(seed)
    found = []
    for k in range(-before, (as_of - DEPLOYED).days + 1):
        day = DEPLOYED + timedelta(days=k)
        parts = (
            [(True, round(attempts * holds)), (False, attempts - round(attempts * holds))]
            if k >= 0
            else [(False, attempts)]
        )
        for has_fix, n in parts:
            failed = dice.binomial(n, rate(k) if has_fix or k < 0 else rate(-1))
            more = dice.binomial(n - failed, other(k) if callable(other) else other)
            found.append((day, "affected", has_fix, n, failed + more, failed))
        if rest is not None:
            found.append((day, "unaffected", False, 300, dice.binomial(300, rest(k)), 0))
    columns = ["event_date", "cohort", "holds_fix", "attempts", "failures", "failed"]
    frame = pd.DataFrame([row for row in found if row[3]], columns=columns)
    return frame.assign(as_of=as_of, improvement_id=name, revision=1)
