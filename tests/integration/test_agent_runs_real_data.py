"""Real sweeps of models and simulated calls: what arrives and what agents are judged by equals the raw files."""

from __future__ import annotations

import gzip
import json
import statistics
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ratchet import inputs, settings
from ratchet.analyze.agents.cells import cells_of
from ratchet.home import Home
from ratchet.log.sources import LandedSource
from ratchet.night import Night
from ratchet.steps import execute
from ratchet.warehouse import Warehouse

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
SWEEP, CALLS = DATA / "whissle_medagent_model_sweep", DATA / "whissle_flow_sim"
DAY = date(2026, 8, 9)

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the real logs of ../shared/data are not here")


def document(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    )
    return found


RAW = {
    model: [document(path) for path in sorted((SWEEP / model / "tasks").glob("*"))]
    for model in ("g35f", "g3fp", "haiku", "sonnet5")
}
SESSIONS = [document(path) for path in sorted(CALLS.glob("*/*.session.json*"))] if DATA.exists() else []


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """Return a night whose marts are built from both data sets, landed with the folders that they came in."""
    root = tmp_path_factory.mktemp("runs")
    landing = root / "landing" / f"dt={DAY}"
    for path in [*SWEEP.glob("*/tasks/*"), *CALLS.glob("*/*.session.json*")]:
        place = landing / path.relative_to(DATA)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(path)
    sources = (LandedSource("agent_runs", str(root / "landing")),)
    found = Night(Home(root / "home"), DAY, settings.load("development"), sources, date(2026, 11, 21))
    for step in ("ingest", "build_marts"):
        execute(step, found)
    return found


@pytest.fixture(scope="module")
def interactions(night: Night) -> Any:
    with Warehouse.open(night.home) as warehouse:
        return warehouse.frame("select * from bronze.interaction order by event_id")


def test_every_model_of_the_sweep_is_as_in_the_raw_files(interactions: Any) -> None:
    roots, turns = (interactions[interactions["parent_id"].isna() == is_root] for is_root in (True, False))
    found = {}
    for model in RAW:
        own, steps = roots[roots["model"] == model], turns[turns["model"] == model]
        found[model] = (len(own), int(own["success"].sum()), len(steps), statistics.median(steps["duration_ms"]))
    assert found == {
        model: (
            len(runs),
            sum(run["correct"] for run in runs),
            sum(len(run["turns"]) for run in runs),
            statistics.median(turn["latency_ms"] for run in runs for turn in run["turns"]),
        )
        for model, runs in RAW.items()
    }
    assert found["haiku"] == (25, 17, 63, 1406)
    assert found["g35f"] == (25, 18, 57, 2596)


def test_the_median_of_the_mart_is_within_one_per_cent(night: Night, interactions: Any) -> None:
    usage = inputs.mart(night, "mart_usage")
    usage = usage[(usage["level"] == "step") & (usage["dimension"] == "model") & (usage["window_days"] == 30)]
    timed = interactions[interactions["parent_id"].notna() & (interactions["clock"] == "real")]
    for row in usage.itertuples():
        exact = statistics.median_low(timed[timed["model"] == row.value]["duration_ms"].dropna())
        assert row.duration_p50_ms == pytest.approx(exact, rel=0.01)
    assert set(usage["value"]) == set(RAW)


def test_a_wallet_without_credit_is_not_the_fault_of_an_agent(night: Night) -> None:
    def outcomes(run: dict[str, Any]) -> str:
        broken = "HTTP 402" in str(run["metadata"].get("setup_error"))
        return "infrastructure" if broken else ("failure", "success")[run["outcome"]["task_success"]]

    raw = Counter((run["agent_type"], outcomes(run)) for run in SESSIONS)
    cells = cells_of(inputs.mart(night, "mart_agents"), night.settings.failure_classes, DAY)
    sums = cells.groupby("agent")[["successes", "agent_failures", "infrastructure", "user_caused"]].sum()
    found = {
        (agent, kind): int(row[name])
        for agent, row in sums.to_dict("index").items()
        if agent in {run["agent_type"] for run in SESSIONS}
        for kind, name in (
            ("success", "successes"),
            ("failure", "agent_failures"),
            ("infrastructure", "infrastructure"),
        )
    }
    assert found == {key: raw[key] for key in found}
    assert sum(raw[key] for key in raw if key[1] == "infrastructure") == 27
    assert int(sums["user_caused"].sum()) == 0


def test_the_models_are_compared_on_the_same_tasks(night: Night) -> None:
    rows = {r.name: r for r in inputs.agents(night).league if r.dimension == "model" and not r.within}
    assert {name: (r.attempts, r.successes, r.infrastructure) for name, r in rows.items()} == {
        model: (25, sum(run["correct"] for run in runs), sum(run["infra_fail"] for run in runs))
        for model, runs in RAW.items()
    }
    for row in rows.values():  # all had the same 25 tasks: nothing to adjust
        assert row.adjusted.number == pytest.approx(row.success.number)
    assert rows["g35f"].rank == 1
