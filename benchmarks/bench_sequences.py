"""Frequent sequences of a million sessions of ten actions, by the code of the night.

    python benchmarks/bench_sequences.py [--sessions 1000000]

Actions are drawn from 30 with frequencies as 1/rank, in half of the sessions a planted sequence besides. Beside it, for
sequences of two, the same in SQL: a join of every session with itself. Figures go to benchmarks/results/sequences.json.
Promised: sequences of up to four actions with a support of 0.1 in at most 60 s and 4 GiB.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from ratchet import files
from ratchet.analyze.sequences import MAX_GAP, encode
from ratchet.statistics.sequences import frequent

RESULTS = Path(__file__).parent / "results" / "sequences.json"
ACTIONS, LENGTH, SUPPORT, LONGEST = 30, 10, 0.1, 4
_JOIN = """
    with taken as (
        select row_number() over () as session, unnest(actions) as action, generate_subscripts(actions, 1) as place
        from frame
    )
    select a.action as first, b.action as second, count(distinct a.session) as sessions
    from taken a inner join taken b on a.session = b.session and a.place < b.place
    group by all having count(distinct a.session) >= ?
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    n = parser.parse_args().sessions
    frame = mart(n)
    started = time.perf_counter()
    _, sessions = encode(frame)
    encoded = time.perf_counter() - started
    figures: dict[str, Any] = {"sessions": n, "actions_each": LENGTH}
    pairs: dict[Any, float] = {}
    for name, gap in (("any_gap", None), (f"at_most_{MAX_GAP}_between", MAX_GAP)):
        started = time.perf_counter()
        found = frequent(sessions, SUPPORT * n, LONGEST, gap)
        figures[name] = {"seconds": time.perf_counter() - started + encoded, "sequences": len(found)}
        pairs = pairs or {p: support for p, support in found.items() if len(p) == 2}
    figures["of them encoding"] = encoded
    figures["peak_gib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    figures["sequences of two in SQL"] = in_sql(frame, n, pairs)
    figures["machine"] = {"cpus": os.cpu_count()}
    files.write_json(RESULTS, figures)
    for name, figure in figures.items():
        print(f"{name:26} {figure}")


def mart(n: int) -> pd.DataFrame:
    """Return sessions as the mart has them."""
    rng = np.random.default_rng(11)
    chances = 1 / np.arange(1, ACTIONS + 1)
    drawn = rng.choice(ACTIONS, (n, LENGTH), p=chances / chances.sum())
    planted = np.sort(rng.permuted(np.tile(np.arange(LENGTH), (n // 2, 1)), axis=1)[:, :3], axis=1)
    drawn[np.arange(n // 2)[:, None], planted] = [20, 21, 22]
    names = np.array([f"action {number}" for number in range(ACTIONS)], dtype=object)
    return pd.DataFrame({"actions": list(names[drawn]), "sessions": 1})


def in_sql(frame: pd.DataFrame, n: int, pairs: dict[Any, float]) -> dict[str, float]:
    """Return how long the plain way in SQL takes for sequences of two alone."""
    started = time.perf_counter()
    with duckdb.connect() as connection:
        connection.register("frame", frame)
        rows = connection.execute(_JOIN, [SUPPORT * n]).fetchall()
    if sorted(row[2] for row in rows) != sorted(pairs.values()):
        raise SystemExit("SQL counts other sequences")
    return {"seconds": time.perf_counter() - started, "sequences": len(rows)}


if __name__ == "__main__":
    main()
