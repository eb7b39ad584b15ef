"""The registry of experiments: `include/config/experiments/*.yaml` and the metrics they name, resolved.

A file says what it must, its experiment says everything. A file that cannot be used is a problem of its own, in one
line with file and key, and leaves the others alone. Which phase an experiment is in belongs to `phases.py`; rollouts
have a loader of their own; what the evaluations amount to belongs to `measure/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field, StrictInt, StrictStr

from ratchet.contracts.buckets import Hash
from ratchet.contracts.experiments import Arm, Design, Experiment, Guardrail
from ratchet.contracts.metrics import Direction, InteractionColumn, Metric, MetricKind, MetricSource, require_units
from ratchet.errors import SettingsError
from ratchet.yaml_files import Strict, nearest, read, validated

FOLDER = "experiments"
METRICS_FILE = "metrics.yaml"
_WAY_OUT = "see include/config/experiments/README.md"

Text = Annotated[StrictStr, Field(min_length=1, max_length=1000)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Built = TypeVar("Built")


class _MetricFields(Strict):
    kind: MetricKind
    direction: Direction
    source: MetricSource = MetricSource.OUTCOME
    column: InteractionColumn | None = None
    quantile: Number | None = None
    winsor_share: Number | None = None
    covariate_days: StrictInt = 0
    unit_type: Text | None = None
    above: Number | None = None


class _ArmFields(Strict):
    name: Text
    weight: StrictInt


class _GuardrailFields(Strict):
    metric: Text
    margin: Number


class _ExperimentFields(Strict):
    id: Annotated[StrictStr, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,99}$")]
    hypothesis: Text
    flag_key: Text
    unit_type: Text = "user"
    arms: tuple[_ArmFields, ...]
    total_weight: StrictInt = 100
    salt: StrictStr | None = None
    hash: Hash = Hash.NONE
    primary: Text
    guardrails: tuple[_GuardrailFields, ...] = ()
    secondaries: tuple[Text, ...] = ()
    metrics: dict[str, _MetricFields] = Field(default_factory=dict)
    mde: Number
    horizon_days: StrictInt
    start: date | None = None
    conversion_days: StrictInt = 7
    design: Design = Design.PARALLEL
    alpha: Number = 0.05
    power: Number = 0.8
    planned_units: StrictInt | None = None
    bucket_order: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Registry:
    """The experiments that can be used, by id, and one error for every file that cannot."""

    experiments: tuple[Experiment, ...]
    problems: tuple[SettingsError, ...] = ()

    def require(self) -> tuple[Experiment, ...]:
        """Return the experiments.

        Raises:
            SettingsError: the first problem, if there is one.
        """
        for problem in self.problems:
            raise problem
        return self.experiments


def load(folder: Path) -> Registry:
    """Read every experiment of a settings folder, such as `include/config`; none is needed."""
    found: dict[str, Experiment] = {}
    problems: list[SettingsError] = []
    catalogue: dict[str, Metric] = {}
    try:
        catalogue = metrics(folder)
    except SettingsError as error:
        problems.append(error)
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        try:
            found[str(path)] = parse(read(path), catalogue, str(path))
        except SettingsError as error:
            problems.append(error)
    twins = _twins(found)
    usable = [experiment for path, experiment in found.items() if path not in twins]
    return Registry(tuple(sorted(usable, key=lambda e: e.id)), (*problems, *twins.values()))


def metrics(folder: Path) -> dict[str, Metric]:
    """Return the metrics of `metrics.yaml` by name, none where there is no such file.

    Raises:
        SettingsError: naming the file, the key and the nearest valid name or the allowed values.
    """
    path = folder / METRICS_FILE
    found = read(path) if path.exists() else {}
    shapes = {name: validated(_MetricFields, block, str(path), _WAY_OUT, name) for name, block in found.items()}
    return {name: _metric(name, shape, str(path), name) for name, shape in shapes.items()}


def metric_named(name: str, catalogue: Mapping[str, Metric], where: str, key: str) -> Metric:
    """Return a metric by name.

    Raises:
        SettingsError: naming file and key, with the nearest metric there is.
    """
    if name not in catalogue:
        hint = nearest(name, list(catalogue))
        raise SettingsError(f"{key}: unknown metric {name[:80]!r}", where=where, way_out=hint)
    return catalogue[name]


def parse(found: Mapping[str, Any], catalogue: Mapping[str, Metric], where: str = "") -> Experiment:
    """Resolve what a file holds to an experiment.

    Args:
        found: the file's mapping.
        catalogue: the metrics it may name besides its own.
        where: the file, for errors.

    Raises:
        SettingsError: naming the file, the key and the nearest valid name or the allowed values.
    """
    fields = validated(_ExperimentFields, found, where, _WAY_OUT)
    known = {**catalogue, **_own_metrics(fields, catalogue, where)}
    plain = fields.model_dump(
        exclude={"arms", "total_weight", "primary", "guardrails", "secondaries", "metrics", "salt"}
    )
    resolved = {
        "arms": _arms(fields, where),
        "salt": fields.flag_key if fields.salt is None else fields.salt,
        "primary": metric_named(fields.primary, known, where, "primary"),
        "guardrails": tuple(_guardrail(i, g, known, where) for i, g in enumerate(fields.guardrails)),
        "secondaries": tuple(metric_named(name, known, where, "secondaries") for name in fields.secondaries),
    }
    experiment = _built(Experiment, where, "", plain | resolved)
    for key, metric in _measured(experiment):
        require_units(metric, experiment.unit_type, where, key)
    return experiment


def _measured(experiment: Experiment) -> list[tuple[str, Metric]]:
    guardrails = [(f"guardrails.{i}.metric", g.metric) for i, g in enumerate(experiment.guardrails)]
    return [("primary", experiment.primary), *guardrails, *(("secondaries", m) for m in experiment.secondaries)]


def _own_metrics(fields: _ExperimentFields, catalogue: Mapping[str, Metric], where: str) -> dict[str, Metric]:
    for name in fields.metrics:
        if name in catalogue:
            raise SettingsError(f"metrics: {name!r} is in {METRICS_FILE} already", where=where, way_out="name it anew")
    return {name: _metric(name, shape, where, f"metrics.{name}") for name, shape in fields.metrics.items()}


def _arms(fields: _ExperimentFields, where: str) -> tuple[Arm, ...]:
    arms = tuple(_built(Arm, where, f"arms.{i}.", arm.model_dump()) for i, arm in enumerate(fields.arms))
    total = sum(arm.weight for arm in arms)
    if total != fields.total_weight:
        hint = f"make them {fields.total_weight}, or say total_weight: {total}"
        raise SettingsError(f"arms: the weights sum to {total}", where=where, way_out=hint)
    return arms


def _guardrail(index: int, fields: _GuardrailFields, known: Mapping[str, Metric], where: str) -> Guardrail:
    key = f"guardrails.{index}."
    metric = metric_named(fields.metric, known, where, f"{key}metric")
    return _built(Guardrail, where, key, {"metric": metric, "margin": fields.margin})


def _metric(name: str, fields: _MetricFields, where: str, key: str) -> Metric:
    return _built(Metric, where, f"{key}.", {"name": name} | fields.model_dump())


def _built(kind: type[Built], where: str, key: str, fields: Mapping[str, Any]) -> Built:
    try:
        return kind(**fields)
    except ValueError as error:
        raise SettingsError(f"{key}{error}", where=where, way_out=_WAY_OUT) from error


def _twins(found: Mapping[str, Experiment]) -> dict[str, SettingsError]:
    """Return an error for every file whose experiment's id is another file's too: nobody knows which is meant."""
    problems = {}
    for path, experiment in found.items():
        others = [other for other, each in found.items() if each.id == experiment.id and other != path]
        if others:
            what = f"id: {experiment.id!r} is also in {Path(others[0]).name}"
            problems[path] = SettingsError(what, where=path, way_out="give each experiment an id of its own")
    return problems
