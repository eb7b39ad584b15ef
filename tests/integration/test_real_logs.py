"""Real conversations through `ratchet run`: what the artifacts count is what the raw files hold."""

import json
import shutil

import pytest

from .conftest import DATA, ratchet

pytestmark = pytest.mark.slow
DAY = "2026-08-01"
AIRLINE = "tau_bench_airline_gpt4o/gpt-4o-airline.json.gz"
RETAIL = "tau_bench_retail_agent_variants/tool-calling-"
PLAIN = f"{RETAIL}none-0.1_range_0-100_user-none-llm_06232025.json.gz"
PRECONDITIONS = f"{RETAIL}with-preconditions-none-0.1_range_0-100_user-none-llm_0626123715.json.gz"
WHISSLE = "whissle_tau2_airline/airline_run1.json.gz"


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Run one night over one real file and return a reader of its artifacts."""

    def run(name, day=DAY):
        if not (DATA / name).exists():
            pytest.skip(f"{name} is not beside this checkout")
        folder = tmp_path_factory.mktemp("real")
        landed = folder / "landing" / f"dt={day}"
        landed.mkdir(parents=True)
        shutil.copy(DATA / name, landed)
        done = ratchet(
            "run", "--source", "chat_transcripts", "--landing", folder / "landing", "--home", folder / "home"
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return lambda artifact: json.loads((folder / "home" / "artifacts" / day / f"{artifact}.json").read_text())

    return run


def day_usage(read, level, dimension):
    rows = read("usage")["usage"]
    return [r for r in rows if (r["window_days"], r["level"], r["dimension"]) == (1, level, dimension)]


@pytest.mark.parametrize(
    ("name", "conversations", "succeeded", "calls", "tools", "failed", "kinds", "declined"),
    [
        (AIRLINE, 200, 84, 1164, 14, 73, 8, ["no_family"] * 3),  # refused by rules of the business: not for a fix
        (PLAIN, 100, 73, 793, 16, 34, 9, ["several_operations"]),
        (PRECONDITIONS, 100, 70, 876, 16, 25, 9, ["several_operations"]),
        (WHISSLE, 50, 28, 265, 14, 12, 5, []),
    ],
)
def test_counts_are_those_of_the_file(night, name, conversations, succeeded, calls, tools, failed, kinds, declined):
    read = night(name, "2026-07-31" if name == WHISSLE else DAY)
    (asked,) = day_usage(read, "root", "all")
    assert (asked["requests"], asked["successes"], asked["unknown"]) == (conversations, succeeded, 0)
    (called,) = day_usage(read, "step", "all")
    assert called["requests"] == calls
    assert len(day_usage(read, "step", "intent")) == tools
    errors = read("errors")
    assert (errors["occurrences"], errors["kinds"]) == (failed, kinds)
    fixes = read("fixes")
    assert (fixes["fixes"], [no["reason"] for no in fixes["declined"]]) == ([], declined)
    load = read("load")
    assert load["totals"]["lines"] == load["totals"]["loaded"]
    if name != WHISSLE:  # no timestamps in the file: nothing may be said about latency
        assert asked["duration_n"] == 0
    else:
        assert asked["duration_n"] == conversations
