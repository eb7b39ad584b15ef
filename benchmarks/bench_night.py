"""A night of 10,000 events through every step, in process and once warm.

    python benchmarks/bench_night.py [--events 10000] [--nights 12]

Sample logs of as many days are written, then their nights are run one after the other in this process, as `ratchet run`
does. The first night pays for imports and for dbt's parse. Of the last three, whose windows and drift have a past to look at,
the best one that is no quiet weekend counts: what else the machine does only ever adds. Figures go to benchmarks/results/night.json. Promised: at most 10 s.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ratchet import files, samples
from ratchet.night import Night
from ratchet.nights import PLAN, run_night

RESULTS = Path(__file__).parent / "results" / "night.json"
LAST = date(2026, 11, 10)


def main() -> None:
    options = parsed()
    with tempfile.TemporaryDirectory(prefix="ratchet-night-") as folder:
        landing = Path(folder) / "landing"
        samples.write(landing, days=options.nights, events_per_day=options.events, seed=1, end=LAST)
        night = Night.from_environment(home=Path(folder) / "home", landing=str(landing))
        days = [LAST - timedelta(days=n) for n in reversed(range(options.nights))]
        figures = [timed(night.on(day)) for day in days]
    cold, late = figures[0], [figure for figure in figures[-3:] if figure["lines"] >= options.events] or figures[-3:]
    best = min(late, key=lambda figure: figure["seconds"])
    machine = {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "python": platform.python_version()}
    files.write_json(RESULTS, {"warm": best, "cold": cold, "nights": figures, "machine": machine})
    for step, seconds in best["steps"].items():
        print(f"{step:16} {seconds:6.2f} s")
    print(f"warm night of {best['lines']:,} lines: {best['seconds']:.1f} s ({best['cpu_s']:.1f} s cpu), promised 10 s")
    print(f"first night of a process: {cold['seconds']:.1f} s ({cold['cpu_s']:.1f} s cpu)")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--nights", type=int, default=12)
    return parser.parse_args()


def timed(night: Night) -> dict[str, Any]:
    """Run one night and return its seconds, whole and by step."""
    began: list[tuple[str, float]] = []
    cpu = time.process_time()
    outcome = run_night(night, lambda _day, step: began.append((step, time.perf_counter())))
    ended = time.perf_counter()
    if outcome.error:
        raise SystemExit(str(outcome.error))
    ends = [at for _, at in began[1:]] + [ended]
    steps = {step: end - at for (step, at), end in zip(began, ends, strict=True)}
    return {
        "seconds": ended - began[0][1],
        "cpu_s": time.process_time() - cpu,
        "lines": outcome.summaries["ingest"]["lines"],
        "steps": {step.name: steps[step.name] for step in PLAN},
    }


if __name__ == "__main__":
    main()
