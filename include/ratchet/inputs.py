"""What the steps of a night read: its warehouse, its marts, its experiments and rollouts, and findings from them.

Findings are computed again where a step needs them whole: they are quick, and a step's result is for people. Writing
belongs to `steps/`. What is slow to import is imported by the function that needs it, as there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from ratchet import objectives
from ratchet.errors import OutdatedError
from ratchet.night import Night
from ratchet.settings import config_folder

if TYPE_CHECKING:
    import pandas as pd

    from ratchet.analyze.capabilities import Capabilities
    from ratchet.api_catalogue import Entry
    from ratchet.contracts.adaptive import History, TuningResult
    from ratchet.contracts.agents import AgentsResult
    from ratchet.contracts.error_findings import ErrorsResult
    from ratchet.contracts.fixes import Proof
    from ratchet.contracts.gaps import GapsResult
    from ratchet.contracts.impacts import Course, Deployment
    from ratchet.contracts.rollout_verdicts import RolloutsResult
    from ratchet.contracts.satisfaction import FeedbackResult
    from ratchet.deploy.decisions import Decision
    from ratchet.fixing import Made
    from ratchet.measure.experiments import ExperimentsResult
    from ratchet.measure.impact import ImpactResult
    from ratchet.trials import Trials
    from ratchet.warehouse import Warehouse


@contextmanager
def warehouse(night: Night, *, has_trials: bool = False) -> Iterator[tuple[Warehouse, list[date]]]:
    """Open the warehouse, prepared for this night, with the landing days its daily statistics still lack.

    With `has_trials` it is told the night's experiments and rollouts, and the fixes that were deployed. Every step
    prepares for itself: where nights run side by side, another one may have been here since the step before. A
    warehouse of an older version is built again first.
    """
    from ratchet import frames

    with ExitStack() as stack:
        warehouse = _opened(stack, night)
        pending = warehouse.pending(load_hashes(night), night.day)
        warehouse.prepare(night.day, pending, night.settings)
        if has_trials:
            night.write("changes", frames.records(warehouse.changes()))
            warehouse.tell_trials(trials(night).trials)
            warehouse.tell_improvements(deployments(night), courses(night))
        yield warehouse, pending


def _opened(stack: ExitStack, night: Night) -> Warehouse:
    from ratchet.warehouse import Warehouse

    try:
        return stack.enter_context(Warehouse.open(night.home))
    except OutdatedError as error:
        from ratchet import upgrades

        upgrades.rebuild(night, f"{error.what} ({error.where})")
        return stack.enter_context(Warehouse.open(night.home))


def load_hashes(night: Night) -> dict[date, str]:
    """Return what each landing day up to the night's own was loaded from."""
    return {day: str(report["input_hash"]) for day, report in night.loads().items()}


def mart(night: Night, name: str) -> pd.DataFrame:
    """Return a mart as of the night."""
    import pandas as pd

    return pd.read_parquet(night.home.snapshot(night.day) / f"{name}.parquet")


def changes(night: Night) -> list[Mapping[str, Any]]:
    """Return the changes that had landed by the night, and the incidents of the hourly check among them."""
    from ratchet.deploy import decisions, incidents

    recorded = decisions.read(night.home.decisions, night.day)
    known = incidents.changes(recorded, f"{night.day + timedelta(days=1)}T00:00Z")
    return [*(night.result("changes") or []), *known]


def trials(night: Night, day: date | None = None, more: Iterable[Decision] = ()) -> Trials:
    """Return the experiments and rollouts as of the night's day, or of another day with decisions not yet recorded."""
    from ratchet import trials as registered_trials
    from ratchet.deploy import decisions

    at = day or night.day
    recorded = {d.decision_id: d for d in (*decisions.read(night.home.decisions, at), *more)}
    known = registered_trials.registered(config_folder())
    return registered_trials.as_of(known, list(recorded.values()), night.result("changes") or [], at)


def deployments(night: Night) -> list[Deployment]:
    """Return the fixes that were deployed and are under judgement, or were decided within the window."""
    from ratchet.deploy import decisions, impacts

    return impacts.deployments(decisions.read(night.home.decisions, night.day), night.day, night.settings)


def courses(night: Night) -> list[Course]:
    """Return the course of every improvement until the night."""
    from ratchet.deploy import decisions, impacts

    return impacts.courses(decisions.read(night.home.decisions, night.day), night.day)


def experiments(night: Night, known: Trials) -> ExperimentsResult:
    """Return every experiment judged."""
    from ratchet.measure.experiments import experiments as judge
    from ratchet.measure.verdicts import Rules

    facts, units = mart(night, "mart_experiments"), mart(night, "mart_experiment_units")
    return judge(facts, units, known.phases, night.day, Rules(min_days=night.settings.ab_test_duration.days))


def rollouts(night: Night, known: Trials) -> RolloutsResult:
    """Return every rollout judged."""
    from ratchet.measure.rollouts import judge_rollouts

    facts, wanted = mart(night, "mart_experiments"), objectives.load(config_folder())
    return judge_rollouts(
        known.registered.rollouts, known.states, facts, mart(night, "mart_experiment_units"), wanted, night.day
    )


def impact(night: Night) -> ImpactResult:
    """Return every deployed fix judged."""
    from ratchet.measure.impact import impacts, trialled
    from ratchet.measure.impact_verdicts import Rules

    known = deployments(night)
    tried = trialled(experiments(night, trials(night))) if known else {}
    rules = Rules.of(night.settings)
    return impacts(mart(night, "mart_impact_days"), known, rules, night.day, tried)


def loop_figures(night: Night) -> list[dict[str, Any]]:
    """Return the key figures of the loop; one failed finding does not take the others away."""
    from ratchet.analyze.failure_classes import classified
    from ratchet.contracts.estimates import Estimate
    from ratchet.errors import NotComputable, RatchetError
    from ratchet.measure import ledger
    from ratchet.measure.loop_figures import loop_figures as figures
    from ratchet.measure.programme import programme_of

    known = ledger.with_tonight(courses(night), impact(night).impacts, night.day)
    try:
        tried = trials(night)
        improved = programme_of(experiments(night, tried), tried.decided).improved
    except RatchetError as error:
        improved = Estimate(NotComputable(f"experiments could not be judged: {error}"), 0)
    failures = classified(mart(night, "mart_failures_hourly"), night.settings.failure_classes)
    return figures(known, ledger.ledger(known).auto_healing, improved, failures, night.day)


def tuning(night: Night) -> tuple[TuningResult, History]:
    """Return every adaptive setting fitted and replayed, and what was decided about them before."""
    from ratchet.analyze.tuning import tune
    from ratchet.contracts.adaptive import Defaults
    from ratchet.deploy import decisions
    from ratchet.deploy import tuning as deployed

    history = deployed.history(decisions.read(night.home.decisions, night.day), night.day)
    return tune(mart(night, "mart_tuning"), history, Defaults.of(night.settings), night.day), history


def agents(night: Night) -> AgentsResult:
    """Return who does which work how well."""
    from ratchet.analyze.agents.night import compare_agents

    agents, executions = (mart(night, name) for name in ("mart_agents", "mart_executions"))
    wanted = night.settings
    return compare_agents(agents, executions, wanted.failure_classes, wanted.k_anonymity, night.day)


def gaps(night: Night) -> GapsResult:
    """Return what people ask for in vain."""
    from ratchet.analyze.gaps import find_gaps

    gaps, errors = (mart(night, name) for name in ("mart_feature_gaps", "mart_feature_gap_errors"))
    return find_gaps(gaps, errors, night.settings, night.day)


def errors(night: Night) -> ErrorsResult:
    """Return the frequent errors, ranked by whom they hurt."""
    from ratchet.analyze.error_origins import current_fixes
    from ratchet.analyze.errors import rank_errors
    from ratchet.deploy import decisions, deployments

    made = deployments.fixes_in_force(decisions.read(night.home.decisions, night.day), night.day)
    known = current_fixes(made, mart(night, "mart_fingerprints"), night.day)
    return rank_errors(mart(night, "mart_errors"), night.settings, night.day, known)


def proofs(night: Night) -> tuple[Made, tuple[Proof, ...]]:
    """Return tonight's fixes and the proof of each."""
    from ratchet.contracts.fixes import Proof
    from ratchet.fixing import Made

    made = Made.from_record(night.result("fixes_made"))
    return made, tuple(Proof.from_record(record) for record in night.result("proofs"))


def feedback(night: Night) -> FeedbackResult:
    """Return what people are dissatisfied with."""
    from ratchet.analyze.feedback import find_patterns

    marts = ("mart_feedback", "mart_feedback_response", "mart_feedback_comments")
    feedback, response, comments = (mart(night, name) for name in marts)
    return find_patterns(feedback, response, comments, night.settings, night.day)


def capabilities(night: Night) -> Capabilities:
    """Return what there is to document: what is used, how people begin, and the users' own packages."""
    from ratchet import package_snapshots
    from ratchet.analyze.actions import actions
    from ratchet.analyze.capabilities import capabilities as documented
    from ratchet.analyze.first_steps import first_steps

    least = night.settings.k_anonymity
    landed = [day for day in night.loads() if day >= (night.settings.history_start or day)]
    return documented(
        actions(mart(night, "mart_usage"), mart(night, "mart_actions"), night.day, least),
        first_steps(mart(night, "mart_first_steps"), night.day, least),
        package_snapshots.newest(night.home, night.day),
        night.day,
        first_landed=min(landed, default=None),
        least_units=least,
    )


def apis(night: Night) -> tuple[list[str], list[Entry]]:
    """Return what is wrong with the file of connected APIs, and every API that is connected or called."""
    from ratchet import api_catalogue, connected_apis, frames
    from ratchet.errors import SettingsError

    problems: list[str] = []
    try:
        connected = connected_apis.load(config_folder())
    except SettingsError as error:
        connected, problems = {}, [str(error)]
    rows = frames.records(mart(night, "mart_api_endpoints"))
    return problems, api_catalogue.catalogue(night.home, connected, rows, night.day, night.settings.k_anonymity)


def adoption(night: Night, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return how every published API client is used."""
    from ratchet import api_catalogue, connected_apis, frames
    from ratchet.deploy import api_clients, decisions

    since = api_clients.published_since(decisions.read(night.home.decisions, night.day), night.day)
    if not since:
        return []
    rows = frames.records(mart(night, "mart_api_endpoints"))
    return api_catalogue.adopted(entries, connected_apis.load(config_folder()), rows, since, night.day)


def published_clients(night: Night, in_force: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the files of the API clients in force, by API; one that was removed from the home is left out."""
    from ratchet import api_catalogue

    found = {api: api_catalogue.client_texts(night.home, digest) for api, digest in in_force.items()}
    return {api: texts for api, texts in found.items() if texts}
