"""Experiments judged from the values of their arms."""

from tests.unit.measure.trial_frames import CONVERTED, NIGHT, binary, experiment, fact, facts, phases, sums, units

from ratchet.measure.experiments import experiments


def two_arms(metric, control, treatment, trial="exp", phase=1, **more):
    """Return the facts of two arms from their units' values."""
    arms = {"control": control, "treatment": treatment}
    return [fact(trial, arm, metric.name, phase=phase, **(sums(y) | more)) for arm, y in arms.items()]


def judged(spec, rows, counts, as_of=NIGHT, **flaws):
    """Return the only experiment's result."""
    return experiments(facts(rows), units(counts, spec.id, as_of=as_of, **flaws), phases(spec), as_of).experiments[0]


def shares(control, treatment, n=5_000, spec=None, extra=(), **more):
    """Return the result of two arms with so many conversions, and guardrail rows beside them."""
    spec = spec or experiment(**more)
    rows = [*two_arms(CONVERTED, binary(control, n), binary(treatment, n)), *extra]
    return judged(spec, rows, {"control": n, "treatment": n})


def many(lifts, n=4_000, base=0.2, **more):
    """Return the result of an experiment of several arms, each with its lift over control."""
    arms = ["control", *(f"arm{i}" for i in range(len(lifts)))]
    rows = [
        fact("exp", arm, CONVERTED.name, **sums(binary(round(n * base * (1 + lift)), n)))
        for arm, lift in zip(arms, [0, *lifts], strict=True)
    ]
    return judged(experiment(arms=arms, **more), rows, dict.fromkeys(arms, n))
