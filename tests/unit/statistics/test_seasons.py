import numpy as np
import pytest

from ratchet.statistics.seasons import against_season

HOURS = 28 * 24 + 24
AT = np.arange(HOURS)


def week(series, share, *, seed=1, scatter=0.0, shift=1.0, hours=24):
    """Return bad and all events of stationary series with a daily and weekly season, and a shift in the last hours."""
    rng = np.random.default_rng(seed)
    weekend = (AT // 24) % 7 >= 5
    busy = 200 * (1 + 0.8 * np.sin(2 * np.pi * AT / 24)) * np.where(weekend, 0.5, 1)
    n = rng.poisson(busy, (series, HOURS))
    p = share * (1 + 0.3 * np.sin(2 * np.pi * AT / 24)) * np.where(weekend, 1.5, 1)
    p = p * np.repeat(np.exp(rng.normal(0, scatter, (series, HOURS // 24))), 24, axis=1)
    p[:, HOURS - hours :] *= shift
    return rng.binomial(n, np.clip(p, 0, 1)).astype(float), n.astype(float)


def season(bad, n, tested=24, usual=None, is_share=True):
    return against_season(bad, n, np.ones(n.shape, bool) if usual is None else usual, tested, is_share=is_share)


@pytest.mark.parametrize(("share", "scatter", "nights", "hours"), [(0.02, 0.0, 0.015, 0.001), (0.1, 0.2, 0.03, 0.002)])
def test_stationary_series_with_a_season_seldom_raise_anything(share, scatter, nights, hours):
    found = season(*week(1000, share, scatter=scatter))
    assert (found.span_p < 0.01).mean() <= nights
    assert (found.hour_p < 0.001).mean() <= hours


def test_a_planted_shift_is_found_the_same_night_and_the_same_hour():
    assert (season(*week(200, 0.02, shift=2.0)).span_p < 0.001).mean() > 0.95
    bad, n = week(200, 0.1, shift=5.0, hours=1)
    assert (season(bad, n, tested=1).hour_p[:, 0] < 0.001).mean() > 0.9


def test_a_season_expects_what_its_hours_had():
    bad, n = np.tile(np.where(AT % 24 < 12, 10.0, 1.0), (1, 1)), np.full((1, HOURS), 100.0)
    found = season(bad, n)
    assert found.expected[0, [3, 15]] == pytest.approx([10, 1], rel=0.2)
    assert found.span_expected[0] == pytest.approx(132, rel=0.01)


def test_the_tested_hours_are_no_part_of_their_season():
    bad, n = week(1, 0.1)
    other = bad.copy()
    other[:, -24:] = 0
    assert np.array_equal(season(bad, n).expected, season(other, n).expected)


def test_what_is_not_usual_leaves_the_season():
    bad, n = week(1, 0.02)
    usual = np.ones(n.shape, bool)
    bad[:, 168:192], usual[:, 168:192] = n[:, 168:192], False
    assert season(bad, n, usual=usual).span_p[0] > 0.01
    assert season(bad, n, usual=usual).span_expected[0] < 0.5 * season(bad, n).span_expected[0]


@pytest.mark.parametrize("every", [0, 168])
def test_no_events_or_one_a_week_make_no_season(every):
    n = np.zeros((1, HOURS))
    if every:
        n[:, ::every] = 1
    found = season(n.copy(), n)
    assert np.isnan(found.span_p).all()
    assert np.isnan(found.hour_p).all()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_constant_series_are_not_worse_than_themselves(share):
    n = np.full((1, HOURS), 50.0)
    found = season(n * share, n)
    assert found.span_p[0] > 0.1
    assert found.hour_p.min() > 0.1


def test_too_few_hours_are_refused():
    with pytest.raises(ValueError, match="hold no 4 weeks"):
        season(np.zeros((1, 100)), np.zeros((1, 100)))
