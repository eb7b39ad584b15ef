"""How many units an effect needs when every night looks, and which effect a number of units can find.

The drift is an effect in standard errors at the planned end, the one number that ties effect, spread and sample
together; every kind of metric has one. Planning in days belongs to `measure/`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import optimize, stats

from ratchet.statistics.arrays import Array
from ratchet.statistics.confidence_sequences import multiplier, tuned_information

RESERVE = 0.05  # planned for so much more power than promised: baselines and traffic are never quite as expected
_NODES = 96
_LOOKS = (1, 2, 4, 7, 14, 28, 56)


@dataclass(frozen=True, slots=True)
class Sample:
    """The units of both arms together that an effect needs.

    Attributes:
        fixed: when looked at once, at the end.
        sequential: when looked at every night under the confidence sequence.
    """

    fixed: float
    sequential: float

    @property
    def inflation(self) -> float:
        """Return how many times the fixed sample the sequence needs; it stops early where the effect is larger."""
        return self.sequential / self.fixed


@cache
def fixed_drift(power: float, alpha: float) -> float:
    """Return the drift that a single two-sided look finds: `z(1-α/2) + z(power)`."""
    return float(stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power))


def sequential_drift(power: float, alpha: float, looks: int) -> float:
    """Return the drift that the confidence sequence finds in the right direction by the last of its looks.

    Solves `crossing_probability(drift) = power`. The number of looks counts as the next smaller of 1, 2, 4, 7, 14, 28
    and 56, which asks for a little more than needed.
    """
    return _drift(power, alpha, max(n for n in _LOOKS if n <= max(1, looks)))


@cache
def _drift(power: float, alpha: float, looks: int) -> float:
    high = float(multiplier(tuned_information(alpha), alpha)[0]) + float(stats.norm.ppf(power)) + 1
    found: float = optimize.brentq(lambda d: crossing_probability(d, alpha, looks) - power, 0.0, high, xtol=1e-6)
    return found


def crossing_probability(drift: float, alpha: float, looks: int) -> float:
    """Return the probability that the sequence excludes 0 on the side of the drift at one of its looks.

    The looks are evenly spaced up to the sample the sequence is tuned for. The estimates are a Brownian motion with
    drift; its density between the boundaries is carried from look to look by Gauss–Legendre quadrature (Armitage,
    McPherson & Rowe 1969; Jennison & Turnbull 2000, 19.2).

    Args:
        drift: effect in standard errors at the last look.
        alpha: error level of the sequence.
        looks: how many.
    """
    time = np.arange(1, looks + 1) / looks
    bounds = multiplier(time * tuned_information(alpha), alpha) * np.sqrt(time)
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    places, mass = np.zeros(1), np.ones(1)
    step, spread, crossed = drift / looks, 1 / np.sqrt(looks), 0.0
    for bound in bounds:
        crossed += float(mass @ stats.norm.sf((bound - places - step) / spread))
        onto = nodes * bound
        kernel: Array = _density((onto[:, None] - places[None, :] - step) / spread) / spread
        places, mass = onto, weights * bound * (kernel @ mass)
    return crossed


def _density(x: Array) -> Array:
    found: Array = np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    return found


def sample(effect: float, unit_variance: float, *, alpha: float, power: float, looks: int) -> Sample:
    """Return the units of both arms that an effect needs.

    `n = (drift / effect)² · unit_variance`.

    Args:
        effect: absolute difference, not 0.
        unit_variance: total units times the squared standard error of the difference: `s²_c/w_c + s²_t/w_t` for arms
            with shares w of the units (4 s² for two equal arms).
        alpha: two-sided error level.
        power: probability of finding it.
        looks: nights until the end.
    """
    scale = unit_variance / effect**2
    return Sample(fixed_drift(power, alpha) ** 2 * scale, sequential_drift(power, alpha, looks) ** 2 * scale)
