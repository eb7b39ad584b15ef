"""API clients on real specifications: how many parse, and of the valid ones how many clients hold.

A client holds when it passes the check of its syntax tree, is clean under `mypy --strict`, imports, and every operation's
request reaches a stub server as its specification says. `python benchmarks/bench_apis.py [FOLDER]` prints the figures.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from ratchet.analyze.api_specs import parse
from ratchet.errors import RatchetError
from ratchet.files import write_json
from ratchet.generate.api_clients import client_files
from ratchet.validate import api_clients as checks

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data" / "openapi_specs"


def content(path: Path) -> bytes:
    """Return a file's bytes, unpacked."""
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def main(folder: Path) -> None:
    """Parse every file, write and check every client, print the figures."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and "LICENSE" not in p.name]
    refused: dict[str, str] = {}
    written: dict[str, Path] = {}
    operations: Counter[str] = Counter()
    runtime = checks.runtime_files()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as temporary:
        for number, path in enumerate(files):
            name = str(path.relative_to(folder))
            try:
                api = parse(content(path))
            except RatchetError as error:
                refused[name] = str(error)
                continue
            package = f"c{number:03}"
            written[name] = Path(temporary) / package
            operations[name] = len(api.operations)
            checks.write(written[name], client_files(api, package, runtime))
        parsed_s = time.perf_counter() - started
        verdicts = checks.check_all(list(written.values()))
        held = {name: verdicts[path.name] for name, path in written.items()}
    report(files, refused, held, operations, parsed_s, time.perf_counter() - started)


def report(files: list[Path], refused: dict[str, str], held: Any, operations: Counter[str], *seconds: float) -> None:
    """Print the figures and keep them."""
    good = [name for name, verdict in held.items() if verdict.holds]
    sent = sum(operations[name] for name in good)
    print(f"{len(files)} files: {len(held)} parsed, {len(refused)} refused with a reason")
    print(
        f"{len(good)} of {len(held)} clients hold ({len(good) / max(1, len(held)):.1%}), {sum(operations.values())} operations"
    )
    for name, verdict in held.items():
        if not verdict.holds:
            print(f"  {name}: {'; '.join(verdict.problems)[:1000]}")
    for name, reason in refused.items():
        print(f"  refused {name}: {reason[:150]}")
    print(f"parsed and written in {seconds[0]:.1f} s, checked in {seconds[1] - seconds[0]:.1f} s")
    figures = {
        "files": len(files),
        "parsed": len(held),
        "refused": len(refused),
        "clients_that_hold": len(good),
        "operations": sum(operations.values()),
        "operations_in_clients_that_hold": sent,
    }
    write_json(ROOT / "benchmarks" / "results" / "apis.json", figures)
    print(json.dumps(figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA)
