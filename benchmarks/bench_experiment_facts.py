"""The marts of experiments over 28 days of 20,000 units a day, by the very SQL of the models.

    python benchmarks/bench_experiment_facts.py [--days 28] [--units-a-day 20000] [--population 560000]

A night without events is built first, so that dbt makes the tables and compiles the models; the daily statistics are
then filled with synthetic rows (three outcomes and three requests a unit and day), and each model that facts of
experiments are made of is run and timed: one experiment of six metrics with CUPED, winsorising and a quantile, and a
rollout of two. Then both are taken to have ended: what the night costs that computes them last, and what every night
after it costs, to which their facts are carried over. Figures go to benchmarks/results/experiment_facts.json.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import tempfile
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from ratchet import files, marts
from ratchet.contracts.experiments import Trial, TrialKind
from ratchet.contracts.metrics import Direction, InteractionColumn, Metric, MetricKind, MetricSource
from ratchet.home import Home
from ratchet.warehouse import Warehouse

AS_OF = date(2026, 3, 1)
RESULTS = Path(__file__).parent / "results" / "experiment_facts.json"
MODELS = (
    "int_trial_units",
    "int_trial_values",
    "int_trial_pairs",
    "mart_experiments",
    "mart_experiment_units",
    "mart_experiment_assignments",
)
MORE, ASKED = Direction.INCREASE, MetricSource.INTERACTION
METRICS = (
    Metric("points", MetricKind.MEAN, MORE, winsor_share=0.01, covariate_days=7),
    Metric("points_each", MetricKind.RATIO, MORE, covariate_days=7),
    Metric("failure", MetricKind.RATIO, MORE, ASKED, InteractionColumn.FAILURE, covariate_days=7),
    Metric("latency", MetricKind.RATIO, MORE, ASKED, InteractionColumn.DURATION_MS, winsor_share=0.01),
    Metric("cost", MetricKind.MEAN, MORE, ASKED, InteractionColumn.COST_USD),
    Metric("slow", MetricKind.QUANTILE, MORE, ASKED, InteractionColumn.DURATION_MS, quantile=0.95),
)


class Windows:
    gap_window_days = 7
    suggestion_window_days = 30
    rephrase_window_s = 120.0
    rephrase_similarity = 0.8
    escalation_intents = ()
    history_start = date(2025, 1, 1)


def trials(days: int) -> tuple[Trial, ...]:
    begun = datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC) - timedelta(days=days - 1)
    experiment = Trial("e", TrialKind.EXPERIMENT, 1, "f", "user", ("a", "b"), METRICS, 7, starts_at=begun)
    rollout = replace(experiment, trial_id="r", kind=TrialKind.ROLLOUT, metrics=METRICS[1:3], reason="SPLIT")
    return experiment, rollout


def main() -> None:
    options = parsed()
    with tempfile.TemporaryDirectory(prefix="ratchet-facts-") as folder:
        home = Home(Path(folder))
        with Warehouse.open(home) as warehouse:
            warehouse.prepare(AS_OF, [AS_OF], Windows())
            warehouse.tell_trials(trials(options.days))
        marts.build(home, AS_OF)
        compiled = marts.compiled(home)
        with Warehouse.open(home) as warehouse:
            rows = filled(warehouse, options)
        figures = timed(home, compiled, AS_OF)
        last, carried = closed(home, options.days, 60), closed(home, options.days, 61)
    total = sum(figure["seconds"] for figure in figures)
    over = {"computed_last_s": sum(f["seconds"] for f in last), "carried_over_s": sum(f["seconds"] for f in carried)}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    machine = {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "platform": platform.platform()}
    files.write_json(
        RESULTS, {"rows": rows, "models": figures, "total_s": total, **over, "peak_mib": peak, "machine": machine}
    )
    for f in figures:
        print(f"{f['model']:28} {f['seconds']:6.2f} s  {f['cpu_s']:6.2f} s cpu {f['rows']:>9,} rows")
    print("ended: {computed_last_s:.2f} s on the night that closes them, {carried_over_s:.2f} s later".format(**over))
    print(f"{'total':28} {total:6.2f} s   peak {peak:,.0f} MiB   rows {rows}")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--units-a-day", type=int, default=20_000)
    parser.add_argument("--population", type=int, default=560_000)
    return parser.parse_args()


def filled(warehouse: Warehouse, options: argparse.Namespace) -> dict[str, int]:
    """Fill the daily statistics, day by day and a week before, and return how many rows each table got."""
    run = warehouse.connection.execute
    for age in range(options.days + 7):
        day = AS_OF - timedelta(days=age)
        units = f"(select (hash('{day}', 0) % {options.population} + j) * 7919 % {options.population} as u"
        units += f" from range({options.units_a_day}) r (j))"
        for name, statement in DAILY.items():
            if name != "int_exposures_daily" or age < options.days:
                run(f"insert into intermediate.{name} by name " + statement.format(day=day, units=units))
    run("checkpoint")
    return {name: run(f"select count(*) from intermediate.{name}").fetchone()[0] for name in DAILY}


def closed(home: Home, days: int, nights: int) -> list[dict[str, Any]]:
    """Time the models some nights after the trials have ended."""
    night = AS_OF + timedelta(days=nights)
    over = datetime(AS_OF.year, AS_OF.month, AS_OF.day, tzinfo=UTC)
    ended = [replace(trial, ends_at=over, outcomes_until=over) for trial in trials(days)]
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(night, [night], Windows())
        warehouse.tell_trials(ended)
        warehouse.carry(marts.project_hash())
    figures = timed(home, marts.compiled(home), night)
    with Warehouse.open(home) as warehouse:
        warehouse.keep_views_of(marts.project_hash())
        warehouse.mark_built({night: "x"}, [night])
    return figures


def timed(home: Home, compiled: dict[str, str], night: date) -> list[dict[str, Any]]:
    """Run each model, as dbt would, and time it."""
    figures = []
    with Warehouse.open(home) as warehouse:
        run = warehouse.connection.execute
        for model in MODELS:
            started, cpu = time.perf_counter(), time.process_time()
            schema = "intermediate" if model.startswith("int_") else "marts"
            if schema == "intermediate":
                run(f"create or replace table intermediate.{model} as {compiled[model]}")
            else:
                run(f"delete from marts.{model} where as_of = date '{night}'")
                run(f"insert into marts.{model} by name {compiled[model]}")
            seconds, used = time.perf_counter() - started, time.process_time() - cpu
            (rows,) = run(f"select count(*) from {schema}.{model}").fetchone()
            figures.append({"model": model, "seconds": seconds, "cpu_s": used, "rows": rows})
    return figures


MEASURES = ("requests", "success", "failure", "timed_out", "duration_ms", "ttft_ms", "cost_usd", "input_tokens")
MEASURES += ("output_tokens", "quality_score")
DAILY = {
    "int_exposures_daily": """select date '{day}' as event_date, date '{day}' as landed_date, 'f' as flag_key,
        'user' as unit_type, 'user_' || u as unit_id, case when hash(u) % 2 = 0 then 'a' else 'b' end as variant,
        'SPLIT' as reason, 3 as evaluations,
        timestamp '{day} 08:00:00' + to_seconds(cast(hash(u) % 30000 as integer)) as first_exposed_at,
        'chat' as service, '1.0' as release, 'production' as environment from {units}""",
    "int_outcomes_daily": """select date '{day}' as event_date, date '{day}' as landed_date, m as metric,
        'user' as unit_type, 'user_' || u as unit_id, 'user' as logged_type, '' as pair_id, 3 as observations, 2 as positives,
        (hash(u) % 100) / 10 as value_sum, 3 as denominator_sum,
        list_transform(range(3), lambda i: {{'at': timestamp '{day} 06:00:00' + to_hours(cast(i * 5 as integer)),
            'value': (hash(u, i) % 33) / 10.0::double, 'denominator': 1.0::double}}) as events
        from {units}, (values ('points'), ('points_each')) metrics (m)""",
    "int_unit_requests_daily": "select date '{day}' as event_date, date '{day}' as landed_date, 'user' as unit_type,"
    " 'user_' || u as unit_id, "
    + ", ".join(f"3 as {m}_n, 1 as {m}_positives, (hash(u, '{m}') % 300) / 10 as {m}_sum" for m in MEASURES)
    + ", list_transform(range(3), lambda i: {{'at': timestamp '{day} 06:00:00' + to_hours(cast(i * 5 as integer)), "
    + ", ".join(f"'{m}': (hash(u, i, '{m}') % 100) / 10.0::double" for m in MEASURES)
    + "}}) as events from {units}",
}


if __name__ == "__main__":
    main()
