"""Two real agents on the same hundred tasks, from their files to the marts of experiments."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.dbt.conftest import Lake

from ratchet.contracts.experiments import Trial, TrialKind
from ratchet.contracts.metrics import Direction, InteractionColumn, Metric, MetricKind, MetricSource
from ratchet.home import Home
from ratchet.log.ingest import IngestOptions, ingest_until
from ratchet.log.sources import LandedSource
from ratchet.warehouse import Warehouse

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "tau_bench_retail_agent_variants"
DAY = date(2026, 8, 1)
ARMS = {"plain": "tool-calling-none", "preconditions": "tool-calling-with-preconditions"}
METRICS = (
    Metric("reward", MetricKind.PROPORTION, Direction.INCREASE),
    Metric("success", MetricKind.RATIO, Direction.INCREASE, MetricSource.INTERACTION, InteractionColumn.SUCCESS),
)
TRIAL = Trial("tau", TrialKind.EXPERIMENT, 1, "agent", "session", tuple(ARMS), METRICS, 7, paired=True)


@pytest.fixture(scope="module")
def tau(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """Return the marts of a night on which both files and the evaluations of a flag that tells them apart landed."""
    if not DATA.exists():
        pytest.skip("tau_bench_retail_agent_variants is not beside this checkout")
    from tests.dbt.conftest import Lake

    folder = tmp_path_factory.mktemp("tau")
    lake = Lake(Home(folder / "home"), trials=(TRIAL,))
    chats, flags = (folder / name / f"dt={DAY}" for name in ("chats", "flags"))
    chats.mkdir(parents=True)
    flags.mkdir(parents=True)
    for path in DATA.glob("tool-calling-*.json.gz"):
        shutil.copy(path, chats)
    sources = [LandedSource("chat_transcripts", chats.parent), LandedSource("native", flags.parent)]
    (flags / "none.jsonl").write_text("")
    options, today = IngestOptions(7, 1 << 26, None), DAY + timedelta(days=1)
    ingest_until(lake.home, sources, DAY, options, today)
    (flags / "flags.jsonl").write_text("".join(map(_evaluation, _outcomes(lake))))
    ingest_until(lake.home, sources, DAY, options, today)
    lake.night(DAY)
    return {name: lake.mart(name, DAY) for name in ("mart_experiments", "mart_experiment_units")}


def _outcomes(lake: Lake) -> list[dict[str, Any]]:
    lake.prepare(DAY)
    with Warehouse.open(lake.home) as warehouse:
        sql = "select unit_id, source_file, min(occurred_at) as at from bronze.outcome group by all order by all"
        rows: list[dict[str, Any]] = warehouse.frame(sql).to_dict("records")
    return rows


def _evaluation(row: dict[str, Any]) -> str:
    (arm,) = (name for name, start in ARMS.items() if Path(row["source_file"]).name.startswith(start))
    event = {
        "event_id": f"flag:{row['unit_id']}",
        "event_type": "flag_evaluation",
        "occurred_at": f"{row['at'].date()}T00:00:00Z",
        "flag_key": "agent",
        "variant": arm,
        "unit_id": row["unit_id"],
        "unit_type": "session",
        "reason": "SPLIT",
    }
    return json.dumps(event) + "\n"


def test_both_arms_have_a_hundred_units(tau: dict[str, pd.DataFrame]) -> None:
    units = tau["mart_experiment_units"].query("dimension == 'all'").set_index("variant")
    assert units["units"].to_dict() == {"plain": 100, "preconditions": 100}
    assert units[["crossovers", "rebucketed", "exposed_after_outcome"]].sum().sum() == 0


@pytest.mark.parametrize("metric", ["reward", "success"])
def test_pairs_are_those_of_the_files(tau: dict[str, pd.DataFrame], metric: str) -> None:
    rows = tau["mart_experiments"].query("metric == @metric").set_index("variant")
    assert rows["sum_y"].to_dict() == {"plain": 73, "preconditions": 70}
    other = rows.loc["preconditions"]
    assert (other["pairs"], other["pairs_lower"], other["pairs_higher"]) == (100, 14, 11)
    assert (other["pair_sum"], other["pair_sum_squares"]) == (-3, 25)
    assert (other["pairs_only_here"], other["pairs_only_control"]) == (0, 0)
