"""From findings to improvements: fixes, their proofs, and what a night proposes, approves and records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ratchet import files, inputs
from ratchet.night import Night
from ratchet.settings import config_folder
from ratchet.steps.live import is_live
from ratchet.steps.results import Summary, keep

if TYPE_CHECKING:
    from ratchet.contracts.adaptive import History, TuningResult
    from ratchet.contracts.improvements import Improvement
    from ratchet.contracts.rollout_verdicts import RolloutsResult
    from ratchet.deploy.decisions import Decision
    from ratchet.measure.experiments import ExperimentsResult
    from ratchet.trials import Trials


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
    summary = keep(night, "fixes", fixing.artifact(made, found))
    return summary | {"hold": sum(proof.holds for proof in found)}


def improvements(night: Night) -> Summary:
    """Turn findings into improvements with their evidence; a live night records what it proposes and approves."""
    from ratchet.deploy import decisions, drafts, impacts, lifecycle
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
        *drafts.judgements(opened.recorded, night.day),
        *tuned_settings.judgements(tuned[0].settings, opened.recorded, night.day),
    ]
    settled = lifecycle.settle(opened, cycle.chosen, cycle.deferred, policy, moved.verdicts, effects)
    night.write("tasks", tasks.tasks_artifact(settled.improvements, night.day))
    summary = keep(night, "improvements", settled.as_artifact())
    if not is_live(night):
        return summary | {"recorded": 0}
    said = [] if opened.closed else [*known.new_versions(), *_announcements(judged, known)]
    return summary | {"recorded": decisions.append(night.home.decisions, [*said, *settled.decisions])}


def _proposals(
    night: Night,
    known: Trials,
    judged: ExperimentsResult,
    moved: RolloutsResult,
    tuned: tuple[TuningResult, History],
) -> list[Improvement]:
    from ratchet import learning_patterns, prompt_files
    from ratchet.contracts.agents import Choice
    from ratchet.deploy import drafts
    from ratchet.generate import (
        api_capabilities,
        choices,
        configurations,
        decisions,
        error_fixes,
        features,
        healing,
        patterns,
        prompts,
        settings,
        tasks,
        wishes,
        workflows,
    )
    from ratchet.statistics.proportions import wilson

    made, proven = inputs.proofs(night)
    measured = learning_patterns.load(config_folder()).measured
    precision = float(wilson([measured.right], [measured.found]).low[0])
    found = {error.fingerprint: error for error in inputs.errors(night).errors}
    gaps_found = inputs.gaps(night)
    alerts = (night.result("health") or {"alerts": []})["alerts"]
    tuned_settings = settings.propose_settings(*tuned, night.settings)
    return [
        *api_capabilities.propose_api_capabilities(night.result("apis"), night.settings, night.day),
        *features.propose_features(gaps_found, night.settings),
        *wishes.propose_wishes(night.result("features"), night.settings, night.day),
        *choices.propose_models(map(Choice.from_record, night.result("agents")["choices"]), night.day),
        *configurations.propose_configurations(night.result("agents")["league"], night.day),
        *prompts.propose_refinements(
            drafts.with_refinements(
                prompt_files.load(config_folder()).prompts, drafts.started(known.recorded, night.day)
            ),
            prompts.remedies(night.result("agents")["validation"]),
            night.day,
            night.result("agents")["cases"],
        ),
        *tasks.propose_tasks(inputs.feedback(night), gaps_found, night.settings),
        *decisions.propose_experiment_decisions(judged.experiments, known.decided, night.settings, night.day),
        *decisions.propose_rollout_steps(moved, night.settings),
        *error_fixes.propose_error_fixes(
            zip(made.fixes, proven, strict=True), made.frozen, found, night.settings, night.day
        ),
        *patterns.propose_pattern_tasks(night.result("patterns"), night.settings, night.day, precision),
        *workflows.propose_workflows(night.result("patterns"), night.day),
        *healing.with_limits(tuned_settings, alerts, tuned[1], night.day),
    ]


def _announcements(judged: ExperimentsResult, known: Trials) -> list[Decision]:
    from ratchet.deploy.announcements import announcements

    news = judged.news(known.told)
    said = [(e.experiment.id, e.phase, e.judgement.verdict.value, e.judgement.reason) for e in news]
    return announcements(said, judged.as_of)
