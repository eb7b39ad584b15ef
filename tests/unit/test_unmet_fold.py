"""Names of clusters do not depend on which nights have run: missing and stale days are computed first, in order."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from tests.unit.analyze.test_unmet import THINGS, row

from ratchet import inputs, marts, unmet_fold
from ratchet.home import Home
from ratchet.settings import load

DAYS = [date(2026, 11, 1) + timedelta(days=n) for n in range(4)]
WISHES = [
    "make a podcast out of {}",
    "record an excel macro for {}",
    "sync {} with my outlook calendar",
    "draw {} as a map",
]


def texts(day: date) -> pd.DataFrame:
    """Return mart_request_texts of a day: one more wish each day, and other things of it."""
    at = DAYS.index(day)
    rows = [
        row(wish.format(thing), (n, n + 1, 50), refused=3) | {"as_of": day}
        for wish in WISHES[: at + 1]
        for n, thing in enumerate(THINGS[at:] + THINGS[: at // 2])
    ]
    return pd.DataFrame(rows)


class Fold:
    """A home whose marts are made up; counts which days had to be computed again."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.hashes, self.recomputed = Home(root), dict.fromkeys(DAYS, "1"), []
        monkeypatch.setattr(marts, "project_hash", lambda: "p")
        monkeypatch.setattr(marts, "earlier_nights", lambda home, models: nullcontext(self.rows_of))
        monkeypatch.setattr(
            inputs, "load_hashes", lambda night: {d: h for d, h in self.hashes.items() if d <= night.day}
        )
        monkeypatch.setattr(inputs, "mart", lambda night, model: self.frame(night.day, model))

    def frame(self, day: date, model: str) -> pd.DataFrame:
        if model == unmet_fold.TEXTS:
            return texts(day)
        return pd.DataFrame({"window_days": [7, 30], "requests": [700, 3000]})

    def rows_of(self, model: str, day: date) -> pd.DataFrame:
        self.recomputed += [day] if model == unmet_fold.TEXTS else []
        return self.frame(day, model)

    def night(self, day: date, **changed: Any) -> dict[str, str]:
        """Run a night; return the id of each cluster by its name."""
        self.recomputed = []
        settings = load().model_copy(update=changed)
        night: Any = SimpleNamespace(home=self.home, day=day, settings=settings)
        return {wish.feature: wish.id for wish in unmet_fold.tonight(night, (), {}).clusters}

    def states(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.home.folds / "unmet").iterdir())}


@pytest.fixture
def in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Fold, dict[str, str]]:
    fold = Fold(tmp_path / "in_order", monkeypatch)
    ids = [fold.night(day) for day in DAYS]
    assert fold.recomputed == []
    assert len(ids[-1]) == len(WISHES)
    assert {*ids[0].values()} <= {*ids[-1].values()}
    return fold, ids[-1]


def test_a_night_on_a_long_history_computes_the_days_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_order: tuple[Fold, dict[str, str]]
) -> None:
    first, ids = in_order
    late = Fold(tmp_path / "late", monkeypatch)
    assert late.night(DAYS[-1]) == ids
    assert late.recomputed == DAYS[:-1]
    assert late.states() == first.states()


def test_a_state_of_another_load_is_computed_again_and_nothing_before_it(
    in_order: tuple[Fold, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = Fold(in_order[0].home.root, monkeypatch)
    fold.hashes[DAYS[1]] = "2"
    assert fold.night(DAYS[-1]) == in_order[1]
    assert fold.recomputed == DAYS[1:-1]
    assert fold.night(DAYS[-1]) == in_order[1]
    assert fold.recomputed == []


def test_another_setting_computes_every_day_again(
    in_order: tuple[Fold, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = Fold(in_order[0].home.root, monkeypatch)
    fold.night(DAYS[-1], k_anonymity=3)
    assert fold.recomputed == DAYS[:-1]


def test_without_the_days_before_a_cluster_would_have_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fold = Fold(tmp_path / "alone", monkeypatch)
    with_history = fold.night(DAYS[-1])
    alone = Fold(tmp_path / "young", monkeypatch)
    alone.hashes = {DAYS[-1]: "1"}
    assert {*with_history.values()} != {*alone.night(DAYS[-1]).values()}
