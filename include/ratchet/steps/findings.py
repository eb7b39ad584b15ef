"""From marts to findings: one step a question. How it is answered belongs to `analyze/` and `measure/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ratchet import inputs, objectives
from ratchet.night import Night
from ratchet.settings import config_folder
from ratchet.steps.results import Summary, keep

if TYPE_CHECKING:
    from ratchet.measure.experiments import ExperimentResult
    from ratchet.trials import Trials


def gaps(night: Night) -> Summary:
    """Find what people ask for in vain, by intent and by what they say, and what would meet it."""
    from ratchet import unmet_fold

    gaps = inputs.gaps(night)
    found = gaps.as_artifact()
    _, entries = inputs.apis(night)
    apis = [(e.name, e.api) for e in entries if e.connected and e.api is not None and e.api.operations]
    said = unmet_fold.tonight(night, apis, {g.feature: g.demand for g in gaps.features}).as_artifact()
    return keep(night, "features", found | said | {"definitions": found["definitions"] | said["definitions"]})


def errors(night: Night) -> Summary:
    """Rank errors by whom they hurt and how their rate changed."""
    from ratchet import frames

    hurt = frames.records(frames.rows_of(inputs.mart(night, "mart_error_impact"), night.day, ("fingerprint",)))
    impact = [{name: row[name] for name in ("fingerprint", "impact_minutes", "measured")} for row in hurt]
    return keep(night, "errors", inputs.errors(night).as_artifact(impact))


def feedback(night: Night) -> Summary:
    """Find what people are dissatisfied with, what they did next, and what their behaviour and raters are worth."""
    from ratchet.analyze import behaviours, raters

    found = inputs.feedback(night)
    response = inputs.mart(night, "mart_feedback_response")
    parts = {
        **behaviours.behaviours(response, found.window_days, night.day),
        **behaviours.calibration(inputs.mart(night, "mart_feedback_calibration"), night.day),
        "agreement": raters.agreements(inputs.mart(night, "mart_rater_agreement"), night.day),
        "definitions": {**found.definitions, **behaviours.DEFINITIONS, **raters.DEFINITIONS},
    }
    return keep(night, "feedback", found.as_artifact() | parts)


def usage(night: Night) -> Summary:
    """Tabulate who uses what, and how it goes."""
    from ratchet.analyze.usage import tabulate

    return keep(night, "usage", tabulate(inputs.mart(night, "mart_usage"), night.day).as_artifact())


def health(night: Night) -> Summary:
    """Judge the day by its objectives, its error budgets and its season."""
    from ratchet.analyze.night_health import MARTS, health_of_night
    from ratchet.deploy import decisions, incidents

    marts = {name: inputs.mart(night, name) for name in MARTS}
    wanted, changes = objectives.load(config_folder()), inputs.changes(night)
    recorded = decisions.read(night.home.decisions, night.day)
    found = health_of_night(marts, wanted, night.settings.failure_classes, night.day, changes)
    by_the_hour = {
        "incidents": incidents.of_day(recorded, night.day),
        "rolled_back": incidents.stopped(recorded, night.day),
    }
    return keep(night, "health", found.as_artifact() | by_the_hour)


def trends(night: Night) -> Summary:
    """Find where the key figures are going, and whether this day was unusual."""
    from ratchet.analyze.hours import days_of
    from ratchet.analyze.trends import find_trends

    kpis, wanted = inputs.mart(night, "mart_kpis_daily"), objectives.load(config_folder())
    return keep(night, "trends", find_trends(kpis, wanted, night.day, days_of(inputs.changes(night))).as_artifact())


def agents(night: Night) -> Summary:
    """Compare agents, models, configurations and prompts on the same cases, and say what validators found."""
    from ratchet import prompt_files

    problems = list(prompt_files.load(config_folder()).problems)
    return keep(night, "agents", inputs.agents(night).as_artifact() | {"problems": problems})


def patterns(night: Night) -> Summary:
    """Find what is frequent, what follows what, what moves together and what was unusual."""
    from ratchet import learning_patterns
    from ratchet.analyze.hours import days_of
    from ratchet.analyze.patterns import MARTS, find_patterns

    marts = {name: inputs.mart(night, name) for name in MARTS}
    wanted, catalogue = night.settings, learning_patterns.load(config_folder())
    remedies = {indicator.name: indicator.remedy for _, indicator in catalogue.indicators}
    found = find_patterns(
        marts,
        night.day,
        wanted.pattern_support_threshold,
        wanted.pattern_confidence_threshold,
        remedies,
        days_of(inputs.changes(night)),
    )
    return keep(night, "patterns", found.as_artifact())


def tuning(night: Night) -> Summary:
    """Fit timeouts, breakers, batch sizes and limits of concurrency and rate to the log, and replay them."""
    return keep(night, "tuning", inputs.tuning(night)[0].as_artifact())


def kpis(night: Night) -> Summary:
    """Measure the key figures of the application and of the loop, and what changed."""
    from ratchet.measure import loop_figures
    from ratchet.measure.kpis import key_figures

    found = key_figures(inputs.mart(night, "mart_kpis_daily"), night.day).as_artifact()
    changes = night.result("changes") or []
    parts = {
        "loop": inputs.loop_figures(night),
        "adoption": loop_figures.adoption(inputs.mart(night, "mart_usage"), changes, night.day),
        "definitions": {**found["definitions"], **loop_figures.DEFINITIONS},
    }
    return keep(night, "kpis", found | parts)


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
    return keep(night, "experiments", found.as_artifact() | parts)


def rollouts(night: Night) -> Summary:
    """Judge by its guardrails whether each rollout may go on."""
    known = inputs.trials(night)
    found = inputs.rollouts(night, known)
    return keep(night, "rollouts", found.as_artifact() | {"problems": list(known.registered.rollout_problems)})


def apis(night: Night) -> Summary:
    """Say what the connected APIs can do, what of it is asked for in vain or used, and prove a client of each."""
    from ratchet import api_catalogue

    problems, entries = inputs.apis(night)
    entries = api_catalogue.with_clients(night.home, entries)
    unmet = api_catalogue.unmet(entries, inputs.gaps(night))
    parts = {"matches": unmet, "adoption": [] if problems else inputs.adoption(night, entries), "problems": problems}
    found = api_catalogue.as_artifact(entries, night.day) | parts
    return keep(night, "apis", found)


def documentation(night: Night) -> Summary:
    """Write the documentation: what is used and how, how people begin, what the code can do."""
    import shutil

    from ratchet import files
    from ratchet.report.site import DOCS, site

    found = inputs.capabilities(night).as_artifact()
    shutil.rmtree(night.work / DOCS, ignore_errors=True)  # pages of modules that are gone
    for name, text in site(found).items():
        files.write_text(night.work / DOCS / name, text)
    return keep(night, "capabilities", found)


def impact(night: Night) -> Summary:
    """Judge whether deployed fixes help, and add up what all improvements brought."""
    from ratchet.measure import impact as measured
    from ratchet.measure import ledger, returns

    found = inputs.impact(night)
    known = ledger.with_tonight(inputs.courses(night), found.impacts, night.day)
    parts = {
        "ledger": ledger.ledger(known).as_artifact(),
        "learning": returns.learning(known, inputs.mart(night, "mart_kpis_daily"), night.day).as_artifact(),
        "returns": returns.returns(known, night.settings.values_usd).as_artifact(),
        "definitions": {**measured.DEFINITIONS, **ledger.DEFINITIONS, **returns.DEFINITIONS},
    }
    return keep(night, "impact", found.as_artifact() | parts)


def _news(found: ExperimentResult, known: Trials) -> dict[str, Any]:
    name, phase = found.experiment.id, found.phase
    return {"id": name, "phase": phase, "before": known.told.get((name, phase))}
