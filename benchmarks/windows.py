"""All windows of a night over 60 days of daily statistics, by the very SQL of the models.

    python benchmarks/windows.py [--days 60] [--units-a-day 100000] [--intents-a-unit 6]

A tiny night is built first, so that dbt makes the tables and compiles the models; the daily statistics are then filled
with synthetic rows (by default 2 million aggregate rows and 36 million unit-day-intent rows), and each model that reads
windows is run and timed. Figures go to benchmarks/results/windows.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ratchet import files, marts
from ratchet.home import Home
from ratchet.warehouse import Warehouse

AS_OF = date(2026, 3, 1)
RESULTS = Path(__file__).parent / "results" / "windows.json"
INTENTS, SETTINGS, UNITS = 60, 556, 300_000
RUNS = 3
WINDOW_MODELS = (
    "int_unit_codes",
    "int_unit_masks",
    "int_unit_counts",
    "mart_feature_gaps",
    "mart_feature_gap_errors",
    "int_error_groups",
    "mart_errors",
    "mart_fingerprints",
    "mart_feedback",
    "mart_feedback_response",
    "mart_feedback_comments",
    "mart_health_daily",
    "mart_kpis_daily",
    "mart_usage",
)


class Windows:
    gap_window_days = 7
    suggestion_window_days = 30
    rephrase_window_s = 120.0
    rephrase_similarity = 0.8
    escalation_intents = ()
    history_start = date(2025, 1, 1)


def main() -> None:
    options = parsed()
    with tempfile.TemporaryDirectory(prefix="ratchet-windows-") as folder:
        home = Home(Path(folder))
        compiled = empty_warehouse(home)
        with Warehouse.open(home) as warehouse:
            rows = filled(warehouse, options)
        figures = timed(home, compiled)
    total = sum(figure["seconds"] for figure in figures)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    machine = {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "platform": platform.platform()}
    files.write_json(RESULTS, {"rows": rows, "models": figures, "total_s": total, "peak_mib": peak, "machine": machine})
    for figure in figures:
        print(
            f"{figure['model']:28} {figure['seconds']:6.2f} s  {figure['cpu_s']:6.2f} s cpu {figure['rows']:>9,} rows"
        )
    print(f"{'total':28} {total:6.2f} s   peak {peak:,.0f} MiB   target 5 s   rows {json.dumps(rows)}")


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--units-a-day", type=int, default=100_000)
    parser.add_argument("--intents-a-unit", type=int, default=6)
    return parser.parse_args()


def empty_warehouse(home: Home) -> dict[str, str]:
    """Build a night without events and return the compiled SQL of every model."""
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(AS_OF, [AS_OF], Windows())
    marts.build(home, AS_OF)
    return marts.compiled(home)


def filled(warehouse: Warehouse, options: argparse.Namespace) -> dict[str, int]:
    """Fill the daily statistics, day by day, and return how many rows each table got."""
    run = warehouse.connection.execute
    run(COMBINATIONS)
    for age in range(options.days):
        day = AS_OF - timedelta(days=age)
        values: dict[str, Any] = {
            "day": day.isoformat(),
            "units": options.units_a_day,
            "intents": options.intents_a_unit,
        }
        for statement in DAILY:
            run(statement.format(**values))
    run("checkpoint")
    tables = [s.split()[2] for s in DAILY]
    return {t: run(f"select count(*) from {t}").fetchone()[0] for t in tables}


def timed(home: Home, compiled: dict[str, str]) -> list[dict[str, Any]]:
    """Run each model that reads windows, as dbt would, and keep the best of some runs: other work only ever adds."""
    figures = []
    with Warehouse.open(home) as warehouse:
        for model in WINDOW_MODELS:
            runs = [ran(warehouse, model, compiled[model]) for _ in range(RUNS)]
            figures.append({"model": model, **min(runs, key=lambda run: run["seconds"])})
    return figures


def ran(warehouse: Warehouse, model: str, query: str) -> dict[str, Any]:
    """Run one model and return its figures."""
    run = warehouse.connection.execute
    schema = "intermediate" if model.startswith("int_") else "marts"
    started, cpu = time.perf_counter(), time.process_time()
    if schema == "intermediate":
        run(f"create or replace table intermediate.{model} as {query}")
    else:
        run(f"delete from marts.{model} where as_of = date '{AS_OF}'")
        run(f"insert into marts.{model} by name {query}")
    seconds, used = time.perf_counter() - started, time.process_time() - cpu
    (rows,) = run(f"select count(*) from {schema}.{model}").fetchone()
    return {"seconds": seconds, "cpu_s": used, "rows": rows}


COMBINATIONS = f"""
insert into intermediate.int_combinations by name
select
    hash('c', i, s)::ubigint as combination_id, hash('s', s)::ubigint as setting_id,
    'real' as clock, 'root' as level, 'intent_' || i as intent,
    'agent_' || s % 12 as agent, 'tier_' || s % 3 as agent_tier, 'task_' || s % 5 as task_type,
    'model_' || s % 4 as model, 'lang_' || s % 6 as language, 'service_' || s % 3 as service, 'feature_' || s % 20 as feature
from range({INTENTS}) intents (i), range({SETTINGS}) settings (s)
"""

UNIT = "((hash('u', u) & 18446744073709551612) | 1)"
DAILY = (
    """insert into intermediate.int_interactions_daily by name
select date '{day}' as event_date, date '{day}' as landed_date, combination_id, 20 as requests, 15 as successes,
    4 as failures, 1 as unknown, 0 as timed_out, 20 as token_n, 2000 as input_tokens, 900 as output_tokens,
    20 as cost_n, 15 as cost_successes, 0.25 as cost_usd, 0 as quality_n, 0 as quality_sum
from intermediate.int_combinations""",
    f"""insert into intermediate.int_interaction_units_daily by name
select date '{{day}}' as event_date, date '{{day}}' as landed_date,
    hash('c', (u + 7 * k) % {INTENTS}, hash(u, '{{day}}') % {SETTINGS})::ubigint as combination_id,
    {UNIT} as unit_key, hash(u, k, '{{day}}') % 5 = 0 as failed
from (select hash('{{day}}', 0) % {UNITS} + j as j from range({{units}}) r (j)) d,
    (select (j * 7919) % {UNITS} as u), range({{intents}}) x (k)""",
    f"""insert into intermediate.int_service_units_daily by name
select date '{{day}}' as event_date, date '{{day}}' as landed_date, 'real' as clock, 'service_' || u % 3 as service,
    {UNIT} as unit_key
from (select (hash('{{day}}', 0) % {UNITS} + j) * 7919 % {UNITS} as u from range({{units}}) r (j))""",
    """insert into intermediate.int_values_daily by name
select date '{day}' as event_date, date '{day}' as landed_date, m as measure, 'root' as level, d as dimension,
    case when d = 'all' then '' else d || '_' || v end as value, (200 + b)::integer as bucket, 1 + hash(v, b) % 90 as n
from (values ('all', 1), ('intent', 60), ('agent', 12), ('agent_tier', 3), ('task_type', 5), ('model', 4),
    ('language', 6), ('service', 3), ('feature', 20)) dims (d, n_values), range(60) vs (v), range(300) bs (b),
    (values ('duration_ms'), ('tokens'), ('cost_usd'), ('quality'), ('satisfaction')) measures (m)
where v < n_values""",
    f"""insert into intermediate.int_requests_daily by name
select date '{{day}}' as event_date, date '{{day}}' as landed_date, 'intent_' || i as intent, 'tier_' || t as agent_tier,
    200 as requests, 150 as successes, 40 as failures, 10 as unknown
from range({INTENTS}) r (i), range(3) s (t)""",
    f"""insert into intermediate.int_request_errors_daily by name
select date '{{day}}' as event_date, date '{{day}}' as landed_date, 'intent_' || u % {INTENTS} as intent,
    'Kind: ' || u % 40 as error_kind, {UNIT} as unit_key, 1 as failures,
    date '{{day}}' + interval (j) second as last_at, '{{day}}-' || j as last_event_id
from (select j, (j * 31) % {UNITS} as u from range(20000) r (j))""",
    f"""insert into intermediate.int_request_samples_daily by name
select date '{{day}}' as event_date, date '{{day}}' as landed_date, 'intent_' || i as intent, '{{day}}-' || j as event_id,
    date '{{day}}' + interval (j) second as occurred_at, 'please do ' || i || ' ' || j as request_text
from range({INTENTS}) r (i), range(5) s (j)""",
    f"""insert into intermediate.int_errors_daily by name
select date '{{day}}' as event_date, date '{{day}}' as landed_date, left(md5('k' || u % 500), 12) as error_key,
    {UNIT} as unit_key, 2 as occurrences, 1 as handled, 2 as interactions, ['api_' || u % 4] as apis,
    [400 + u % 5] as http_statuses, date '{{day}}' + interval (j) second as last_at, '{{day}}-e' || j as last_event_id
from (select j, (j * 17) % {UNITS} as u from range(30000) r (j))""",
    """insert into intermediate.int_error_kinds_daily by name
select date '{day}' as event_date, date '{day}' as landed_date, left(md5('k' || k), 12) as error_key,
    'Type' || k % 9 as error_type, 'template ' || k as message_template, 'message ' || k as sample_message, 60 as occurrences,
    '' as frames, '' as culprit, date '{day}' + interval (k) second as first_at
from range(500) r (k)""",
    """insert into intermediate.int_events_daily by name
select date '{day}' as event_date, date '{day}' as landed_date, s as stream, 'real' as clock, 'service_' || k as service,
    1000 as events
from range(3) r (k), (values ('interaction'), ('error'), ('feedback'), ('api_call')) streams (s)""",
    f"""insert into intermediate.int_feedback_daily by name
select date '{{day}}' as event_date, date '{{day}}' as landed_date, 'real' as clock, true as matched,
    'intent_' || u % {INTENTS} as intent, 'tier_' || u % 3 as agent_tier, 'service_' || u % 3 as service,
    'rating' as kind, 'user' as rater, {UNIT} as unit_key, 1 as feedback, 1 as scored, (u % 5 < 2)::int as low,
    0 as unknown_action, 1 as rating_n, 2.5 * (u % 5) as score_sum, pow(2.5 * (u % 5), 2) as score_sumsq, 1 + u % 5 as rating_sum
from (select (j * 13) % {UNITS} as u from range(30000) r (j))""",
    f"""insert into intermediate.int_feedback_matches by name
select '{{day}}-f' || j as feedback_id, date '{{day}}' as feedback_landed_date, date '{{day}}' as landed_date,
    date '{{day}}' as interaction_landed_date, '{{day}}-i' || j as interaction_id, date '{{day}}' as interaction_date,
    'root' as level, 'intent_' || j % {INTENTS} as intent, 'tier_' || j % 3 as agent_tier, 'service_' || j % 3 as service,
    'u' || j as unit, 'user' as unit_kind
from range(30000) r (j)""",
    f"""insert into intermediate.int_feedback_comments_daily by name
select '{{day}}-f' || j as event_id, date '{{day}}' as event_date, date '{{day}}' as landed_date,
    date '{{day}}' + interval (j) second as occurred_at, 'intent_' || j % {INTENTS} as intent, '{{day}}-i' || j as interaction_id,
    2.5 * (j % 5) as score, 'comment ' || j as comment
from range(2000) r (j)""",
    """insert into intermediate.int_api_calls_daily by name
select date '{day}' as event_date, date '{day}' as landed_date, 'real' as clock, 'service_' || k % 3 as service,
    'api_' || k as api, 100 as calls, 3 as failures
from range(20) r (k)""",
    """insert into intermediate.int_heartbeats_daily by name
select date '{day}' as event_date, date '{day}' as landed_date, 'real' as clock, 'service_' || k as service,
    1440 as heartbeats, 1439 as up
from range(3) r (k)""",
)


if __name__ == "__main__":
    main()
