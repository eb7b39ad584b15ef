"""How many calls at once: the gradient limit on curves whose answer is known, and its replay."""

import numpy as np
import pandas as pd
import pytest

from ratchet.analyze.tuning import limits, tune
from ratchet.analyze.tuning.fits import Rows, columns_of
from ratchet.contracts.adaptive import Defaults, History, Setting

from .test_tuning import ago, mart, one, timed

LEVELS = (1, 2, 4, 8, 16, 32)


def service(took_ms, days=14, calls=100, failed=(), name="chat"):
    """Return days on which calls took so long, by how many were in flight."""
    return [
        timed(name, ago(d), float(took_ms(level)), calls, level, level in failed, "concurrency")
        for d in range(days)
        for level in LEVELS
    ]


def thrashing(level):
    """Up to eight at once it serves without haste; beyond that every further call costs all of them."""
    return 1000 if level <= 8 else 1000 * (level / 8) ** 2


def test_a_service_that_thrashes_gets_the_limit_before_it_does():
    found = one(*service(thrashing))
    assert found.setting is Setting.CONCURRENCY
    assert found.today == {"limit": 64}
    assert found.proposed == {"limit": 10.0}
    assert (found.wins.number, found.wins.n) == (1.0, 14)
    assert found.fitted[0] == {"name": "1 at once", "n": 1400, "mean_s": 1.0, "fitted_s": 1.0, "settles_at": 11.054}


def test_the_gradient_settles_where_growth_and_queue_are_equal():
    settles = one(*service(thrashing)).fitted[0]["settles_at"]
    slowdown = np.interp(settles, LEVELS, [thrashing(level) / 1000 for level in LEVELS])
    assert settles * min(1, 1.5 / slowdown) + np.sqrt(settles) == pytest.approx(settles, rel=1e-3)


def test_a_queue_alone_is_no_reason_to_wait_elsewhere():
    """Throughput is the same with 4 or 32 at once: by Little's law a limit only moves the queue."""
    found = one(*service(lambda level: 1000 * max(1, level / 4)))
    assert found.proposed is None
    assert found.reason == "another value would have acted as today's does, on every day"


def test_where_calls_take_no_longer_the_log_names_no_limit():
    found = one(*service(lambda level: 1000))
    assert found.proposed is None
    assert found.reason == "calls take hardly longer with up to 32 at once: the log names no limit"


@pytest.mark.parametrize("rows", [service(thrashing, calls=2, days=7), service(thrashing)[:2]])
def test_too_few_calls_name_no_limit(rows):
    assert one(*rows).reason == "fewer than 3 levels of concurrency were seen 30 times"


def test_time_outs_count_once_more_and_bounds_hold():
    assert one(*service(thrashing, failed=(16, 32))).proposed == {"limit": 8.0}
    assert one(*service(thrashing), defaults=Defaults(concurrency_min=20)).proposed == {"limit": 20.0}


def test_the_replay_is_littles_law():
    frame = mart(*service(thrashing, days=1, calls=10))
    rows = Rows.of(columns_of(frame.sort_values("level")), slice(0, len(frame)))
    took = {level: thrashing(level) / 1000 for level in LEVELS}
    free = sum(10 * took[level] for level in LEVELS)
    held = sum(10 * (took[level] if level <= 8 else level * took[8] / 8) for level in LEVELS)
    for limit, lost in ((64, free), (8, held), (10, held)):
        assert limits.losses(rows, {"limit": limit}, Defaults()).tolist() == pytest.approx([lost])


def test_the_order_of_rows_does_not_matter():
    frame = mart(*service(thrashing))
    both = (tune(f, History(), Defaults(), ago(0)) for f in (frame, frame.iloc[::-1]))
    assert len({str(found) for found in both}) == 1


def test_noise_seldom_makes_a_limit_that_loses_on_new_days():
    """A service that thrashes beyond eight, seen through noise: the limit wins on days it was not fitted to."""
    random = np.random.default_rng(3)
    won = 0
    for _ in range(20):
        noisy = [{**row, "upper_ms": row["upper_ms"] * random.lognormal(0, 0.2)} for row in service(thrashing, days=28)]
        frame = mart(*noisy)
        old = frame[frame["event_date"] < ago(13)]
        (found,) = tune(old, History(), Defaults(), ago(0)).settings
        fresh = frame[frame["event_date"] >= ago(13)].sort_values(["event_date", "level"])
        rows = Rows.of(columns_of(pd.DataFrame(fresh)), slice(0, len(fresh)))
        assert found.proposed is not None
        now, then = (limits.losses(rows, each, Defaults()).sum() for each in (found.today, found.proposed))
        won += then < now
    assert won == 20
