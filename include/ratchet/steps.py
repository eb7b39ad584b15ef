"""One function a task of the night: read, call pure code, write, return a small summary.

No statistics, SQL or layout here: those belong to the packages. The order of steps is in `nights.py`. What is slow to
import is imported by the step that needs it, since every task of a DAG pays for the imports of this module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from ratchet import files, inputs, objectives
from ratchet.errors import LandingError, RatchetError, StepFailedError
from ratchet.log import landing
from ratchet.night import Night
from ratchet.settings import config_folder

if TYPE_CHECKING:
    from ratchet.contracts.adaptive import History, TuningResult
    from ratchet.contracts.improvements import Improvement
    from ratchet.contracts.rollout_verdicts import RolloutsResult
    from ratchet.deploy.decisions import Decision
    from ratchet.measure.experiments import ExperimentResult, ExperimentsResult
    from ratchet.quality.results import GateResult
    from ratchet.trials import Trials

LOCK_WAIT_S = 600.0
WRITES_HOME = frozenset({"ingest", "check_raw", "build_marts", "drift", "improvements", "report", "publish"})
Summary = dict[str, Any]


def ingest(night: Night) -> Summary:
    """Bring in every landed day up to the night's own that bronze lacks or whose files changed."""
    from ratchet.log.ingest import IngestOptions, ingest_until

    night.start()
    _require_landing(night)
    known = night.settings
    options = IngestOptions(known.dedup_days, known.max_line_bytes, known.history_start)
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
    return _keep(night, "drift", compare(found.current, found.reference, night.day, page, found.reference_days))


def gaps(night: Night) -> Summary:
    """Find what people ask for in vain."""
    return _keep(night, "features", inputs.gaps(night).as_artifact())


def errors(night: Night) -> Summary:
    """Rank errors by whom they hurt and how their rate changed."""
    from ratchet import frames

    hurt = frames.records(frames.rows_of(inputs.mart(night, "mart_error_impact"), night.day, ("fingerprint",)))
    impact = [{name: row[name] for name in ("fingerprint", "impact_minutes", "measured")} for row in hurt]
    return _keep(night, "errors", inputs.errors(night).as_artifact(impact))


def feedback(night: Night) -> Summary:
    """Find what people are dissatisfied with."""
    return _keep(night, "feedback", inputs.feedback(night).as_artifact())


def usage(night: Night) -> Summary:
    """Tabulate who uses what, and how it goes."""
    from ratchet.analyze.usage import tabulate

    return _keep(night, "usage", tabulate(inputs.mart(night, "mart_usage"), night.day).as_artifact())


def health(night: Night) -> Summary:
    """Judge the day by its objectives, its error budgets and its season."""
    from ratchet.analyze.night_health import MARTS, health_of_night

    marts = {name: inputs.mart(night, name) for name in MARTS}
    wanted, changes = objectives.load(config_folder()), night.result("changes") or []
    found = health_of_night(marts, wanted, night.settings.failure_classes, night.day, changes)
    return _keep(night, "health", found.as_artifact())


def trends(night: Night) -> Summary:
    """Find where the key figures are going, and whether this day was unusual."""
    from ratchet.analyze.trends import find_trends

    wanted = objectives.load(config_folder())
    return _keep(night, "trends", find_trends(inputs.mart(night, "mart_kpis_daily"), wanted, night.day).as_artifact())


def tuning(night: Night) -> Summary:
    """Fit timeouts, circuit breakers and batch sizes to the log, and replay them against today's."""
    return _keep(night, "tuning", inputs.tuning(night)[0].as_artifact())


def kpis(night: Night) -> Summary:
    """Measure the key figures and what changed."""
    from ratchet.measure.kpis import key_figures

    return _keep(night, "kpis", key_figures(inputs.mart(night, "mart_kpis_daily"), night.day).as_artifact())


def experiments(night: Night) -> Summary:
    """Judge every experiment by a confidence sequence, and audit who got which variant."""
    from ratchet.measure.audit import audit
    from ratchet.measure.programme import programme_of
    from ratchet.measure.realised import realised

    known = inputs.trials(night)
    found = inputs.experiments(night, known)
    seen = realised(inputs.mart(night, "mart_experiments"), known.follow_ups, night.day)
    audited = audit(
        inputs.mart(night, "mart_experiment_assignments"),
        inputs.mart(night, "mart_experiment_units"),
        known.splits,
        night.day,
    )
    parts = {
        "news": [_news(e, known) for e in found.news(known.told)],
        "audit": audited.as_artifact(),
        "programme": programme_of(found, known.decided, seen).as_artifact(),
        "problems": list(known.registered.experiment_problems),
    }
    return _keep(night, "experiments", found.as_artifact() | parts)


def rollouts(night: Night) -> Summary:
    """Judge by its guardrails whether each rollout may go on."""
    known = inputs.trials(night)
    found = inputs.rollouts(night, known)
    return _keep(night, "rollouts", found.as_artifact() | {"problems": list(known.registered.rollout_problems)})


def apis(night: Night) -> Summary:
    """Say what the connected APIs can do, what of it is asked for in vain, and prove a client of each."""
    from ratchet import api_catalogue

    problems, entries = inputs.apis(night)
    entries = api_catalogue.with_clients(night.home, entries)
    unmet = api_catalogue.unmet(entries, inputs.gaps(night))
    found = api_catalogue.as_artifact(entries, night.day) | {"matches": unmet, "problems": problems}
    return _keep(night, "apis", found)


def impact(night: Night) -> Summary:
    """Judge whether deployed fixes help, and add up what all improvements brought."""
    from ratchet.deploy import decisions
    from ratchet.deploy.impacts import courses
    from ratchet.measure import impact as measured
    from ratchet.measure import ledger, returns

    found = inputs.impact(night)
    recorded = decisions.read(night.home.decisions, night.day)
    known = ledger.with_tonight(courses(recorded, night.day), found.impacts, night.day)
    parts = {
        "ledger": ledger.ledger(known).as_artifact(),
        "learning": returns.learning(known, inputs.mart(night, "mart_kpis_daily"), night.day).as_artifact(),
        "returns": returns.returns(known, night.settings.values_usd).as_artifact(),
        "definitions": {**measured.DEFINITIONS, **ledger.DEFINITIONS, **returns.DEFINITIONS},
    }
    return _keep(night, "impact", found.as_artifact() | parts)


def fixes(night: Night) -> Summary:
    """Make a fix for each frequent error that can be mended; what was validated before stays as it is."""
    from ratchet import fixing
    from ratchet.deploy import decisions
    from ratchet.deploy.fixes import frozen

    standings = decisions.fold(decisions.read(night.home.decisions, night.day), night.day)
    known = frozen(standings, night.day, night.settings.suggestion_window_days)
    made = fixing.make(inputs.errors(night), inputs.mart(night, "mart_fix_cases"), known, night.day)
    night.write("fixes_made", made.as_record())
    return {"fixes": len(made.fixes), "frozen": len(made.frozen), "declined": len(made.declined)}


def proofs(night: Night) -> Summary:
    """Replay what was logged with each fix, in the sandbox."""
    from ratchet import fixing
    from ratchet.contracts.estimates import as_record
    from ratchet.validate import sandbox

    made = fixing.Made.from_record(night.result("fixes_made"))
    found = fixing.prove(made, inputs.mart(night, "mart_fix_cases"), sandbox.run)
    for name, text in fixing.texts(made, found).items():
        files.write_text(night.work / name, text)
    night.write("proofs", as_record(found))
    summary = _keep(night, "fixes", fixing.artifact(made, found))
    return summary | {"hold": sum(proof.holds for proof in found)}


def improvements(night: Night) -> Summary:
    """Turn findings into improvements with their evidence; a live night records what it proposes and approves."""
    from ratchet.deploy import decisions, impacts, lifecycle
    from ratchet.deploy import tuning as tuned_settings
    from ratchet.deploy.deployments import Policy
    from ratchet.generate import order, tasks

    known = inputs.trials(night)
    judged, moved = inputs.experiments(night, known), inputs.rollouts(night, known)
    tuned = inputs.tuning(night)
    opened = lifecycle.open_night(night.home.decisions, night.day, night.settings.suggestion_window_days)
    candidates = order.ranked(_proposals(night, known, judged, moved, tuned), night.settings)
    fresh = opened.fresh(candidates)
    cycle = order.choose(candidates, fresh, night.settings, may_propose=not opened.closed)
    policy = Policy.of(night.settings)
    effects = [
        *impacts.judgements(night.result("impact")["impacts"], opened.standings, night.day),
        *tuned_settings.judgements(tuned[0].settings, opened.recorded, night.day),
    ]
    settled = lifecycle.settle(opened, cycle.chosen, cycle.deferred, policy, moved.verdicts, effects)
    night.write("tasks", tasks.tasks_artifact(settled.improvements, night.day))
    summary = _keep(night, "improvements", settled.as_artifact())
    if not is_live(night):
        return summary | {"recorded": 0}
    said = [] if opened.closed else [*known.new_versions(), *_announcements(judged, known)]
    return summary | {"recorded": decisions.append(night.home.decisions, [*said, *settled.decisions])}


def report(night: Night) -> Summary:
    """Draw the report and put every artifact of the night in place."""
    from ratchet import artifacts
    from ratchet import report as reporting
    from ratchet.deploy import decisions, git_target

    results = {name: night.result(name) for name in artifacts.RESULTS}
    results["steps"] = list(night.marks().values())
    results["target_failures"] = git_target.failures(decisions.read(night.home.decisions, night.day), night.day)
    view = reporting.build(results, night.day)
    pages = {
        "report.html": reporting.render_html(view),
        "report.md": reporting.render_markdown(view),
        "report.json": files.to_json(view.as_dict()),
    }
    folder = artifacts.assemble(night, pages)
    return {"report": str(folder / "report.html"), "headline": view.headline}


def publish(night: Night) -> Summary:
    """Switch `artifacts/latest` and `published/` to a live night that passed its gates, and deploy what is approved."""
    from ratchet.contracts.adaptive import SETTINGS_FILE
    from ratchet.deploy import api_clients, decisions
    from ratchet.deploy import fixes as fixed
    from ratchet.deploy import publish as publication
    from ratchet.deploy.deployments import as_recorded, in_version
    from ratchet.deploy.flags import FLAGS_FILE

    if not is_live(night):
        return {"published": None, "reason": "not the newest landed day that is over"}
    tomorrow = night.day + timedelta(days=1)  # when it is really published, and in force
    recorded = decisions.read(night.home.decisions, tomorrow)
    deployed = as_recorded(_deployments(night), recorded)
    in_force = fixed.in_force((*recorded, *deployed), tomorrow)
    clients = inputs.published_clients(night, api_clients.in_force((*recorded, *deployed), tomorrow))
    contents = {
        "health.json": night.result("health"),
        FLAGS_FILE: inputs.trials(night, tomorrow, deployed).flags(),
        fixed.INDEX_FILE: fixed.index(in_force),
        api_clients.INDEX_FILE: api_clients.index(clients),
        SETTINGS_FILE: _settings_file(night, (*recorded, *deployed), tomorrow),
    }
    files.switch_link(night.home.latest, night.home.artifacts(night.day))
    version = publication.publish(night.home, night.day, contents, fixed.texts(in_force) | api_clients.texts(clients))
    made = decisions.append(night.home.decisions, in_version(deployed, version))
    return {"published": version, "deployed": made, **_committed(night)}


def landed_days(night: Night) -> list[date]:
    """Return the landed days of all sources, oldest first, from `history_start` on."""
    start = night.settings.history_start
    return [day for day in landing.landed_days(night.sources) if start is None or day >= start]


def is_live(night: Night) -> bool:
    """Return whether this night decides and publishes: the newest landed day that is over, unless it is told."""
    if night.live is not None:
        return night.live
    over = [day for day in landed_days(night) if day < night.today]
    return bool(over) and over[-1] == night.day


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


def _proposals(
    night: Night,
    known: Trials,
    judged: ExperimentsResult,
    moved: RolloutsResult,
    tuned: tuple[TuningResult, History],
) -> list[Improvement]:
    from ratchet.generate import api_capabilities, decisions, error_fixes, features, settings, tasks

    made, proven = inputs.proofs(night)
    found = {error.fingerprint: error for error in inputs.errors(night).errors}
    gaps_found = inputs.gaps(night)
    return [
        *api_capabilities.propose_api_capabilities(night.result("apis"), night.settings, night.day),
        *features.propose_features(gaps_found, night.settings),
        *tasks.propose_tasks(inputs.feedback(night), gaps_found, night.settings),
        *decisions.propose_experiment_decisions(judged.experiments, known.decided, night.settings, night.day),
        *decisions.propose_rollout_steps(moved, night.settings),
        *error_fixes.propose_error_fixes(
            zip(made.fixes, proven, strict=True), made.frozen, found, night.settings, night.day
        ),
        *settings.propose_settings(*tuned, night.settings),
    ]


def _news(found: ExperimentResult, known: Trials) -> dict[str, Any]:
    name, phase = found.experiment.id, found.phase
    return {"id": name, "phase": phase, "before": known.told.get((name, phase))}


def _announcements(judged: ExperimentsResult, known: Trials) -> list[Decision]:
    from ratchet.deploy.announcements import announcements

    news = judged.news(known.told)
    said = [(e.experiment.id, e.phase, e.judgement.verdict.value, e.judgement.reason) for e in news]
    return announcements(said, judged.as_of)


def _deployments(night: Night) -> list[Decision]:
    """Return what tonight's publication deploys."""
    from ratchet.contracts.improvements import Improvement
    from ratchet.deploy import decisions
    from ratchet.deploy.deployments import Policy, deployments

    found = (night.result("improvements") or {"improvements": []})["improvements"]
    standings = decisions.fold(decisions.read(night.home.decisions, night.day), night.day)
    candidates = [Improvement.from_record(record) for record in found]
    return deployments(candidates, standings, Policy.of(night.settings), night.day)


def _settings_file(night: Night, recorded: Sequence[Decision], day: date) -> dict[str, Any]:
    """Return what the application reads of the settings that are in force on a day."""
    from ratchet.contracts.adaptive import Defaults, Setting
    from ratchet.deploy import tuning as deployed

    seen = {(Setting(t["setting"]), t["target"]): date.fromisoformat(t["last_seen"]) for t in _tuned(night)}
    return deployed.document(deployed.in_force(recorded, day), seen, Defaults.of(night.settings), night.day)


def _tuned(night: Night) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (night.result("tuning") or {"settings": []})["settings"]
    return found


def _committed(night: Night) -> Summary:
    """Bring the git repository of fixes, where there is one, to what is in force; a failure is recorded and told."""
    from ratchet.deploy import decisions, git_target

    repository, tomorrow = night.settings.fix_repository, night.day + timedelta(days=1)
    if repository is None:
        return {}
    recorded = decisions.read(night.home.decisions, tomorrow)
    wanted = git_target.wanted(recorded, tomorrow)
    pushed = git_target.push(night.home.fix_repository, repository, night.settings.fix_branch, *wanted)
    decisions.append(night.home.decisions, git_target.failed(pushed, tomorrow))
    return {"git": list(pushed.problems) or {"merged": len(pushed.merged), "branches": len(pushed.branches)}}


def _keep(night: Night, name: str, artifact: dict[str, Any]) -> Summary:
    path = night.write(name, artifact)
    counts = {key: len(value) for key, value in artifact.items() if isinstance(value, list)}
    return {"path": str(path), **counts}


STEPS: dict[str, Callable[[Night], Summary]] = {
    step.__name__: step
    for step in (
        ingest,
        check_raw,
        build_marts,
        check_marts,
        drift,
        gaps,
        errors,
        feedback,
        usage,
        health,
        trends,
        tuning,
        kpis,
        experiments,
        rollouts,
        impact,
        apis,
        fixes,
        proofs,
        improvements,
        report,
        publish,
    )
}


def execute(name: str, night: Night) -> Summary:
    """Run one step and record what became of it.

    Raises:
        RatchetError: what the step raised; anything unforeseen becomes a StepFailedError that names the step.
    """
    try:
        summary = STEPS[name](night)
    except RatchetError as error:
        night.mark(name, "failed", str(error))
        raise
    except Exception as error:  # the boundary of a step: whatever it is, the rest of the night goes on
        failure = StepFailedError(f"{type(error).__name__}: {error}", where=f"step {name} of {night.day}")
        night.mark(name, "failed", str(failure))
        raise failure from error
    night.mark(name, "done")
    return summary


def redraw(night: Night) -> Summary:
    """Draw a night's report again from the results of its steps.

    Raises:
        LandingError: if that night never ran in this home.
    """
    if not night.marks():
        way_out = f"run it: ratchet run --from {night.day} --to {night.day}"
        raise LandingError(f"the night of {night.day} has not run here", where=str(night.home.root), way_out=way_out)
    return execute("report", night)


def run_step(name: str, day: date, live: bool | None = None) -> Summary:
    """Run one step as a task of its own, with home, sources and settings from the environment."""
    night = Night.from_environment(live=live).on(day)
    with night.home.lock(LOCK_WAIT_S) if name in WRITES_HOME else nullcontext():
        return execute(name, night)
