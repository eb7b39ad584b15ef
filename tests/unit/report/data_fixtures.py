"""What landed, its checks and its drift, in the shapes in which the steps store them."""

from __future__ import annotations

from typing import Any

from tests.unit.report.values import DAY, share


def load() -> dict[str, Any]:
    """Return a load report."""
    streams = (("interaction", 8120, 201), ("error", 412, 3), ("feedback", 611, 8), ("api_call", 2410, 0))
    return {
        "landed_date": DAY.isoformat(),
        "input_hash": "0" * 64,
        "files": [
            _file("app-1.jsonl.gz", None),
            _file("app-2.jsonl.gz", None),
            _file("cut.jsonl.gz", "truncated gzip"),
        ],
        "totals": {"lines": 12410, "loaded": 12161, "duplicates": 143, "quarantined": 98, "blank": 8},
        "streams": [
            {
                "stream": name,
                "loaded": n,
                "late": late,
                "earliest": "2026-11-18T04:12:00",
                "latest": "2026-11-20T23:59:58.120000",
                "synthetic": 0,
            }
            for name, n, late in streams
        ],
        "reasons": [{"reason": "not_json", "lines": 61}, {"reason": "missing_field", "lines": 37}],
        "unknown_fields": [{"stream": "interaction", "field": "ab_bucket", "events": 420}],
        "redactions": [{"kind": "email", "values": 31}, {"kind": "api_key", "values": 2}],
        "quarantined_share": 98 / 12410,
    }


def _file(name: str, problem: str | None) -> dict[str, Any]:
    counts = {"bytes": 120_000, "lines": 4136, "loaded": 4050, "duplicates": 47, "quarantined": 33, "blank": 6}
    return {"source": "native", "file": f"dt={DAY}/{name}", **counts, "problem": problem}


def check(name: str, *, passed: bool = True, severity: str = "fail", observed: str = "0 of 412 rows") -> dict[str, Any]:
    """Return one check's result."""
    suite, _, rest = name.partition(".")
    return {
        "suite": suite,
        "check": rest,
        "column": "score",
        "severity": severity,
        "passed": passed,
        "outcome": "passed" if passed else "failed",
        "rows": 412,
        "failing": 0 if passed else 49,
        "observed": observed,
        "expected": "at most 10% of values missing",
        "why": "2026-11-21: measured on the sample logs",
        "cure": "ask the application's owner why scores are missing",
    }


def gate(stage: str, *checks: dict[str, Any]) -> dict[str, Any]:
    """Return one gate."""
    broken = [c for c in checks if not c["passed"]]
    failed = [c for c in broken if c["severity"] == "fail"]
    headline = f"{stage} gate {'failed' if failed else 'passed'}: {len(broken)} of {len(checks)} checks broken"
    return {
        "stage": stage,
        "passed": not failed,
        "headline": headline,
        "checks": len(checks),
        "failed": len(failed),
        "warned": len(broken) - len(failed),
        "not_judged": 0,
        "results": list(checks),
    }


def quality(*gates: dict[str, Any]) -> dict[str, Any]:
    """Return quality.json; without gates both pass and one check warns."""
    missing = check("feedback.score_present", passed=False, severity="warn", observed="11.9% of 411 values missing")
    shown = gates or (
        gate("raw", *(check(f"interaction.check_{i}") for i in range(47)), missing),
        gate("marts", *(check(f"mart_usage.check_{i}") for i in range(62))),
    )
    return {"as_of": DAY.isoformat(), "passed": all(g["passed"] for g in shown), "gates": list(shown)}


def drift() -> dict[str, Any]:
    """Return drift.json."""
    common = {
        "of": "interaction",
        "scale": "log",
        "threshold": 0.15,
        "noise_floor": 0.06,
        "why": "2026-11-21: size",
        "method": "wasserstein",
    }
    n = {"n": {"current": 812, "reference": 8000}, "minimum_n": {"current": 100, "reference": 300}}
    moved = {
        "current": {"p10": 300.0, "p50": 1240.0, "p90": 4100.0},
        "reference": {"p10": 250.0, "p50": 820.0, "p90": 2900.0},
    }
    shares = [{"value": "fr", "current": share(260, 812), "reference": share(1100, 8000)}]
    few = "0 values on the day, 100 are needed"
    return {
        "as_of": DAY.isoformat(),
        "drifted": ["duration_ms"],
        "comparisons": 2,
        "error_level": 0.05,
        "reference": {"from": "2026-10-23", "to": "2026-11-19", "landed_days": 28, "minimum_days": 7},
        "columns": [
            common
            | n
            | {
                "column": "language",
                "drifted": False,
                "statistic": 0.1,
                "reason": None,
                "quantiles": None,
                "shares": shares,
            },
            common
            | n
            | {
                "column": "duration_ms",
                "drifted": True,
                "statistic": 0.31,
                "reason": None,
                "quantiles": moved,
                "shares": None,
            },
            common
            | n
            | {
                "column": "cost_usd",
                "drifted": None,
                "statistic": None,
                "reason": few,
                "quantiles": None,
                "shares": None,
            },
        ],
    }
