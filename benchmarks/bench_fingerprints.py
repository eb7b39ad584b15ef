"""How fast errors get their fingerprints and how true these are, by the very SQL of the models.

    python benchmarks/bench_fingerprints.py [--events 2000000] [--drain3 /path/to/python] [--threads 2]

Events of 3,000 bugs, with ids and numbers that vary in every message, go through int_error_events, int_messages,
int_traces and int_errors: once with traces that repeat, once with every trace different, each in a process of its own, so
that its peak of memory is its own; a quarter of the events beside it shows whether memory grows with them. drain3 reads the
messages of that quarter in the same run, with masks. It pins packages that Airflow cannot have, so that it gets a virtual
environment of its own, made for this run and thrown away; --drain3 (or DRAIN3_PYTHON) names one that has it already.
Last, the traces of defects4j, where the label is the bug. Figures go to benchmarks/results/fingerprints.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tarfile
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from environments import environment

from ratchet import files, marts
from ratchet.home import Home
from ratchet.warehouse import Warehouse

AS_OF = date(2026, 3, 1)
RESULTS = Path(__file__).parent / "results" / "fingerprints.json"
DEFECTS4J = Path(__file__).resolve().parents[2] / "shared" / "data" / "defects4j_stack_traces"
NAIVE = {"pair_precision": 0.126, "pair_recall": 0.398}  # the naive key of the data's README
BUGS = 3_000
DRAIN3_PINNED = "drain3==0.9.11"
MODELS = ("int_error_events", "int_messages", "int_traces", "int_errors")
# what a fingerprint needs; the rest of these models is read by counts of units, interactions and samples
COLUMNS = {
    "int_error_events": "event_id, error_type, message_hash, trace_hash, null::varchar as sample_message,"
    " null::varchar as transaction",
    "int_errors": "event_id, error_key",
}
QUARTER = "traces repeat, a quarter"
SCENARIOS = {"traces repeat": (1, False), QUARTER: (4, False), "every trace differs": (1, True)}

# what a bug says: its words are its own, everything else varies with the event
EVENTS = r"""
create or replace macro letter(n) as chr((97 + n % 26)::int);
create or replace table bug_words as
select b, letter(b) || letter(b // 26) || letter(b // 676) as w from range(0, {bugs}) as t (b);
copy (
    select
        'e' || i as event_id, 'error' as event_type, timestamp '2026-03-01 10:00:00' as occurred_at, 'real' as clock,
        'u' || i % 5000 as user_id, date '2026-03-01' as landed_date, date '2026-03-01' as event_date,
        'Fault' || letter(b % 23) as error_type, b as bug,
        case b % 6
            when 0 then 'could not load ' || w || ' of order ' || hash(i) % 1000000 || ' within ' || hash(i + 1) % 5000 || ' ms'
            when 1 then 'no ' || w || ' for id ' || substr(m, 1, 8) || '-' || substr(m, 9, 4) || '-4' || substr(m, 13, 3)
                || '-8' || substr(m, 16, 3) || '-' || substr(m, 19, 12)
            when 2 then 'host 10.0.' || hash(i) % 200 || '.' || hash(i + 1) % 200 || ' refused ' || w || ' on port ' || hash(i) % 60000
            when 3 then w || ' object at 0x' || substr(m, 1, 12) || ' has no attribute of index ' || hash(i) % 900
            when 4 then 'row ' || hash(i) % 100000 || ' of ' || w || ' from 2026-0' || 1 + i % 9 || '-1' || i % 10 || ' is stale'
            else 'account ' || hash(i) % 9999999 || ' may not ' || w || ': key=''' || substr(m, 1, 6) || ''' of ' || hash(i + 2) % 77
        end as message,
        'Traceback (most recent call last):' || chr(10)
        || list_aggregate(list_transform(range(10), lambda k: '  File "/srv/app/pkg_' || w || '/module_' || letter(b + k)
            || '.py", line ' || hash({variant} * 31 + k) % 900 || ', in step_' || w || letter(k) || chr(10)
            || '    return self.next(request)' || chr(10)), 'string_agg', '')
        || 'Fault: ' || {variant} as stack_trace,
    from (
        select i, (hash(i) % {bugs})::bigint as b, md5(i::varchar) as m from range(0, {events}) as t (i)
    ) inner join bug_words using (b)
) to '{path}' (format parquet, compression zstd)
"""

DRAIN3 = """
import sys, time
from drain3 import TemplateMiner
from drain3.masking import MaskingInstruction
from drain3.template_miner_config import TemplateMinerConfig
config = TemplateMinerConfig()
config.masking_instructions = [MaskingInstruction(p, n) for p, n in (
    (r"[\\w.+-]+@[\\w-]+(\\.[\\w-]+)+", "EMAIL"), (r"[a-z][a-z0-9+.-]*://[^\\s'\\"]+", "URL"),
    (r"\\b(?:[a-zA-Z0-9-]+\\.)+(?:com|org|net|io|dev|local|internal)\\b", "HOST"), (r"\\b\\d+(?:\\.\\d+){3}\\b", "IP"),
    (r"\\b00-[0-9a-f]{32}-[0-9a-f]{16}-\\d\\d\\b", "TRACE"),
    (r"\\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\b", "UUID"), (r"\\b[0-9a-f]{40}\\b", "SHA1"),
    (r"\\b[0-9a-f]{32}\\b", "MD5"), (r"\\b\\d{4}-\\d\\d-\\d\\d(?:[T ][\\d:.]+Z?)?\\b", "DATE"),
    (r"\\b\\d\\d?:\\d\\d(?::\\d\\d)?\\b", "TIME"), (r"\\b\\d+(?:\\.\\d+)? ?(?:ms|s|min|h|d)\\b", "DURATION"),
    (r"\\b0x[0-9a-f]+\\b", "HEX"), (r"\\w='[^']*'", "VALUE"), (r"'[^']*'", "QUOTED"), (r"(?:^|\\s)/[\\w./-]+", "PATH"),
    (r"\\b\\d+\\.\\d+\\b", "FLOAT"), (r"\\b\\d+\\b", "INT"))]
miner = TemplateMiner(config=config)
lines = sys.stdin.read().splitlines()
wall, cpu = time.perf_counter(), time.process_time()
for line in lines:
    miner.add_log_message(line)
print(len(lines), time.perf_counter() - wall, time.process_time() - cpu, len(miner.drain.clusters))
"""


MESSAGES = """
import duckdb, sys
for (text,) in duckdb.execute("select message from read_parquet(?)", [sys.argv[1]]).fetchall():
    print(text)
"""


class Windows:
    gap_window_days = 7
    suggestion_window_days = 30
    rephrase_window_s = 120.0
    rephrase_similarity = 0.8
    escalation_intents = ()
    history_start = AS_OF


def main() -> None:
    options = parsed()
    if options.scenario:
        print(json.dumps(scenario(options)))
        return
    figures: dict[str, Any] = {"events": options.events, "threads": options.threads, "bugs": BUGS}
    figures["scenarios"] = {name: in_process(name, options) for name in SCENARIOS}
    ours = figures["scenarios"][QUARTER]
    figures["drain3"] = beside_drain3(options, ours)
    figures["defects4j"] = defects4j() if DEFECTS4J.exists() else f"not here: {DEFECTS4J}"
    figures["machine"] = {"cpus": os.cpu_count(), "load": os.getloadavg()[0], "platform": platform.platform()}
    files.write_json(RESULTS, figures)
    show(figures)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--drain3", default=os.environ.get("DRAIN3_PYTHON"))
    parser.add_argument("--scenario", choices=SCENARIOS)
    return parser.parse_args()


def in_process(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run one scenario in a process of its own."""
    command = [sys.executable, __file__, "--events", str(options.events), "--threads", str(options.threads)]
    out = subprocess.run([*command, "--scenario", name], check=True, capture_output=True, text=True).stdout
    found: dict[str, Any] = json.loads(out.splitlines()[-1])
    return found


def scenario(options: argparse.Namespace) -> dict[str, Any]:
    """Fingerprint the events of one scenario and return its figures."""
    share, differ = SCENARIOS[options.scenario]
    with tempfile.TemporaryDirectory(prefix="ratchet-fingerprints-") as folder:
        path = Path(folder) / "error.parquet"
        made = options.events // share
        write_events(path, made, options.threads, differ=differ)  # in a process of its own: its memory is not ours
        home = Home(Path(folder) / "home")
        compiled = empty_warehouse(home)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found = fingerprinted(home, compiled, path, options.threads)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rates = {"events_per_s": made / found["wall_s"], "events_per_cpu_s": made / found["cpu_s"]}
    return {"events": made, **rates, "peak_mib": peak, "peak_before_mib": before, **found}


def write_events(path: Path, events: int, threads: int, *, differ: bool) -> None:
    """Write the events of a scenario as Parquet."""
    sql = EVENTS.format(bugs=BUGS, events=events, path=path, variant="i" if differ else "(i // 3000 % 5)")
    run = f"import duckdb; c = duckdb.connect(); c.execute('set threads = {threads}'); c.execute({sql!r})"
    subprocess.run([sys.executable, "-c", run], check=True)


def empty_warehouse(home: Home) -> dict[str, str]:
    """Build a night without events and return the compiled SQL of every model."""
    with Warehouse.open(home) as warehouse:
        warehouse.prepare(AS_OF, [AS_OF], Windows())
    marts.build(home, AS_OF)
    return marts.compiled(home)


def fingerprinted(home: Home, compiled: dict[str, str], path: Path, threads: int) -> dict[str, Any]:
    """Run the models over the events, time them, and compare fingerprints with bugs."""
    with Warehouse.open(home) as warehouse:
        run = warehouse.connection.execute
        run(f"set threads = {threads}")
        types = {row[0]: row[1] for row in run("describe select * from bronze.error").fetchall()}
        given = {row[0] for row in run(f"describe select * from '{path}'").fetchall()}
        rest = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in types.items() if name not in given)
        run(f"create or replace view bronze.error as select *, {rest} from read_parquet('{path}')")
        steps = {}
        for model in MODELS:
            wall, cpu = time.perf_counter(), time.process_time()
            query = f"select {COLUMNS.get(model, '*')} from ({renamed(compiled[model])})"
            run(f"create or replace table intermediate.bench_{model} as {query}")
            steps[model] = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        truth = pairs(
            run, f"select error_key as k, bug from intermediate.bench_int_errors inner join '{path}' using (event_id)"
        )
    total = {key: sum(step[key] for step in steps.values()) for key in ("wall_s", "cpu_s")}
    return {**total, **truth, "steps": steps}


def renamed(sql: str) -> str:
    """Point a model at the tables that this benchmark made instead of the night's."""
    return re.sub(r'"(int_error_events|int_messages|int_traces|int_errors)"', r'"bench_\1"', sql)


def pairs(run: Any, labelled: str) -> dict[str, Any]:
    """Return how true groups are, over pairs of errors: of those in one group, and of those of one bug."""
    count = "sum(n * (n - 1) // 2)::double"
    found, both, bugs, groups = run(f"""
        with labelled as ({labelled}), g as (select count(*) as n from labelled group by k),
        b as (select count(*) as n from labelled group by bug), s as (select count(*) as n from labelled group by k, bug)
        select (select {count} from g), (select {count} from s), (select {count} from b), (select count(*) from g)
    """).fetchone()
    return {"pair_precision": both / found, "pair_recall": both / bugs, "groups": groups}


def beside_drain3(options: argparse.Namespace, ours: dict[str, Any]) -> dict[str, Any] | str:
    """Return how drain3 does, or that it could not be compared."""
    with tempfile.TemporaryDirectory(prefix="ratchet-drain3-") as folder:
        python = options.drain3 or environment(Path(folder) / "venv", DRAIN3_PINNED)
        if python is None:
            return f"not compared: {DRAIN3_PINNED} could not be installed"
        return against_drain3(python, options, ours)


def against_drain3(python: str, options: argparse.Namespace, ours: dict[str, Any]) -> dict[str, Any]:
    """Give drain3, with a mask for each of our kinds, the messages that the models have had of the same events."""
    with tempfile.TemporaryDirectory(prefix="ratchet-drain3-") as folder:
        path = Path(folder) / "error.parquet"
        write_events(path, ours["events"], options.threads, differ=False)
        messages = subprocess.run([sys.executable, "-c", MESSAGES, str(path)], capture_output=True, check=True).stdout
    done = subprocess.run([python, "-c", DRAIN3], input=messages, capture_output=True, check=True)
    n, wall, cpu, clusters = (float(word) for word in done.stdout.split())
    rates = {"drain3_per_s": n / wall, "drain3_per_cpu_s": n / cpu, "drain3_clusters": int(clusters)}
    own = {
        "ours_per_s": ours["events_per_s"],
        "ours_per_cpu_s": ours["events_per_cpu_s"],
        "ours_groups": ours["groups"],
    }
    times = {"times": own["ours_per_s"] * wall / n, "times_per_cpu": own["ours_per_cpu_s"] * cpu / n}
    return {"messages": int(n), **rates, **own, **times}


def defects4j() -> dict[str, Any]:
    """Fingerprint the traces of defects4j, whose label is the bug."""
    with tempfile.TemporaryDirectory(prefix="ratchet-defects4j-") as folder:
        home, path = Home(Path(folder) / "home"), Path(folder) / "error.parquet"
        compiled = empty_warehouse(home)
        with Warehouse.open(home) as warehouse:
            run = warehouse.connection.execute
            run(
                "create temp table t (event_id varchar, bug varchar, error_type varchar, message varchar, stack_trace varchar)"
            )
            warehouse.connection.executemany("insert into t values (?, ?, ?, ?, ?)", traces())
            run(f"copy (select *, date '2026-03-01' as landed_date from t) to '{path}' (format parquet)")
        found = fingerprinted(home, compiled, path, 2)
    return {name: found[name] for name in ("pair_precision", "pair_recall", "groups")} | {"naive": NAIVE}


def traces() -> list[tuple[str, str, str, str, str]]:
    """Return every trace of defects4j: its number, bug, exception type, message and text."""
    found = []
    for path in sorted(DEFECTS4J.glob("*/trigger_tests.tar.gz")):
        with tarfile.open(path) as archive:
            for member in filter(tarfile.TarInfo.isfile, archive.getmembers()):
                text = archive.extractfile(member).read().decode("utf-8", "replace")  # type: ignore[union-attr]
                bug = f"{path.parent.name}-{Path(member.name).stem}"
                found += [(bug, block.partition("\n")[2]) for block in re.split(r"(?m)^--- ", text)[1:]]
    return [(str(n), bug, *_said(trace), trace) for n, (bug, trace) in enumerate(found)]


def _said(trace: str) -> tuple[str, str]:
    head = re.split(r"\n\s+at ", trace, maxsplit=1)[0]
    kind, _, message = head.partition(": ")
    return (kind, message) if re.fullmatch(r"[\w.$]+", kind) else (head.split("\n")[0][:200], "")


def show(figures: dict[str, Any]) -> None:
    for name, f in figures["scenarios"].items():
        print(
            f"{name:26} {f['events']:>9,} events {f['events_per_s']:>10,.0f}/s {f['events_per_cpu_s']:>10,.0f}/cpu-s"
            f"  peak {f['peak_mib']:>6,.0f} MiB  precision {f['pair_precision']:.3f} recall {f['pair_recall']:.3f}"
        )
    print("target: 400,000/s where traces repeat, 100,000/s where every trace differs, on 2 cores")
    print("drain3:   ", json.dumps(figures["drain3"]))
    print("defects4j:", json.dumps(figures["defects4j"]))
    print("machine:  ", json.dumps(figures["machine"]))


if __name__ == "__main__":
    main()
