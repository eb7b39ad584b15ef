"""From landed files to checked marts: the steps that everything else stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ratchet import inputs, retention
from ratchet.errors import LandingError
from ratchet.night import Night
from ratchet.steps.live import land_tables, landed_days
from ratchet.steps.results import Summary, keep

if TYPE_CHECKING:
    from ratchet.quality.results import GateResult


def ingest(night: Night) -> Summary:
    """Bring in every landed day up to the night's own that bronze lacks or whose files changed."""
    from ratchet.log.ingest import IngestOptions, ingest_until

    night.start()
    land_tables(night, night.day)
    _require_landing(night)
    known = night.settings
    sealed = retention.Kept.of(night.home).first_night
    options = IngestOptions(known.dedup_days, known.max_line_bytes, known.history_start, sealed)
    reports = ingest_until(night.home, night.sources, night.day, options, night.today)
    load = night.loads().get(night.day)
    if load is not None:
        night.write("load", load)
    return {"landing_days": len(reports), **(load["totals"] if load else {"lines": 0})}


def check_raw(night: Night) -> Summary:
    """Check what landed: load report and bronze against the expectations of the raw suites."""
    from ratchet.quality.bronze_sql import bronze_queries
    from ratchet.quality.raw_frames import raw_frames
    from ratchet.quality.runner import run_suites

    with inputs.warehouse(night) as (warehouse, _):
        bronze = {name: warehouse.frame(sql) for name, sql in bronze_queries(night.day).items()}
    frames = raw_frames(list(night.loads().values()), bronze, night.day)
    return _settle(night, run_suites("raw", frames, night.day, night.settings, night.work / "data_docs"))


def build_marts(night: Night) -> Summary:
    """Build daily statistics and marts with dbt, test them, and write the night's snapshot."""
    from ratchet import marts

    with inputs.warehouse(night, has_trials=True) as (warehouse, pending):
        built = marts.build(night.home, night.day)
        warehouse.mark_built(inputs.load_hashes(night), pending)
        rows = warehouse.snapshot(night.day)
    return {"models": built.models, "tests": built.tests, "rows": sum(rows.values())}


def check_marts(night: Night) -> Summary:
    """Check the marts against the expectations of the mart suites, and that totals agree between them."""
    from ratchet.quality.runner import run_suites
    from ratchet.quality.totals import TOTALS, totals_frame

    marts = {
        path.stem: inputs.mart(night, path.stem) for path in sorted(night.home.snapshot(night.day).glob("*.parquet"))
    }
    marts[TOTALS] = totals_frame(marts, night.day)
    return _settle(night, run_suites("marts", marts, night.day, night.settings, night.work / "data_docs"))


def drift(night: Night) -> Summary:
    """Compare the day with the four weeks before."""
    from ratchet.quality.drift import drift as compare
    from ratchet.quality.drift_samples import drift_samples

    with inputs.warehouse(night) as (warehouse, _):
        found = drift_samples(night.home, night.day, inputs.load_hashes(night), warehouse.frame, warehouse.bronze_files)
    page = night.work / "drift.html"
    return keep(night, "drift", compare(found.current, found.reference, night.day, page, found.reference_days))


def _require_landing(night: Night) -> None:
    try:
        found = landed_days(night)
    except LandingError as error:
        raise LandingError(f"no data: {error.what}", where=error.where, way_out=error.way_out) from error
    if not found:
        raise LandingError(
            "no data: nothing has landed",
            where=night.landing_names(),
            way_out="put logs under dt=YYYY-MM-DD/, or make some: ratchet sample-logs --out LANDING",
        )


def _settle(night: Night, gate: GateResult) -> Summary:
    """Add a gate to the night's quality result, then stop the night if it failed."""
    from ratchet.quality.results import quality_artifact

    before = [g for g in (night.result("quality") or {"gates": []})["gates"] if g["stage"] != gate.stage.value]
    night.write("quality", quality_artifact(night.day, [*before, gate.as_record()]))
    gate.require()
    return {"checks": len(gate.results), "warnings": len(gate.warnings)}
