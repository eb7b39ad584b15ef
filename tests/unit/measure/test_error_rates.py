"""A small simulation of what `benchmarks/bench_experiments.py` measures at full size: nights of many experiments."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from tests.unit.measure.trial_frames import CONVERTED, START, experiment, phases

from ratchet.measure.experiments import experiments
from ratchet.measure.verdicts import Verdict

COUNT, LOOKS, BASE, MDE = 150, (4, 8, 12, 16, 20, 24, 28), 0.2, 0.1
PLANNED = 24_000
SPECS = [experiment(f"e{i:03}", horizon_days=28, mde=MDE, planned_units=PLANNED) for i in range(COUNT)]


def mart(seen, hits, as_of):
    """Return both marts of all experiments; units and conversions are experiments x arms."""
    keys = {"as_of": as_of, "trial_id": np.repeat([s.id for s in SPECS], 2), "phase": 1}
    keys |= {"variant": ["control", "treatment"] * COUNT}
    sums = {"metric": CONVERTED.name, "units": seen.ravel(), "sum_y": hits.ravel(), "sum_yy": hits.ravel()}
    none = {"crossovers": 0, "rebucketed": 0, "exposed_after_outcome": 0}
    return pd.DataFrame(keys | sums), pd.DataFrame(
        keys | {"dimension": "all", "value": "", "units": seen.ravel()} | none
    )


def ever(lift, seed):
    """Return the first ship or roll back of each experiment, None where there was neither."""
    rng = np.random.default_rng(seed)
    seen, hits = np.zeros((COUNT, 2), dtype=int), np.zeros((COUNT, 2))
    found = [None] * COUNT
    for look in LOOKS:
        n = rng.poisson(PLANNED / 2 / len(LOOKS), (COUNT, 2))
        seen += n
        hits += rng.binomial(n, [BASE, BASE * (1 + lift)])
        as_of = START + timedelta(days=look - 1)
        result = experiments(*mart(seen, hits, as_of), phases(*SPECS, as_of=as_of), as_of).experiments
        verdicts = [r.judgement.verdict for r in result]
        found = [
            f or (v if v in (Verdict.SHIP, Verdict.ROLL_BACK) else None) for f, v in zip(found, verdicts, strict=True)
        ]
    return found


def test_without_an_effect_hardly_any_experiment_ever_ships_or_is_rolled_back():
    assert sum(v is not None for v in ever(0.0, 1)) <= 0.05 * COUNT


@pytest.mark.parametrize(
    ("lift", "wanted", "never"), [(MDE, Verdict.SHIP, Verdict.ROLL_BACK), (-MDE, Verdict.ROLL_BACK, Verdict.SHIP)]
)
def test_an_effect_as_large_as_planned_is_found_in_its_own_direction(lift, wanted, never):
    found = ever(lift, 2)
    assert found.count(wanted) >= 0.78 * COUNT
    assert found.count(never) == 0
