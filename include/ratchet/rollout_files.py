"""Reads rollouts and groups: `include/config/rollouts/*.yaml` and `include/config/groups.yaml`, validated and frozen.

What a rollout is belongs to `contracts/rollouts.py`; experiments and the catalogue of metrics to `registry.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratchet import yaml_files
from ratchet.contracts.experiments import Guardrail
from ratchet.contracts.metrics import REQUEST_UNITS, Metric, MetricKind, require_units
from ratchet.contracts.rollouts import OBJECTIVES, Rollout
from ratchet.errors import SettingsError

FOLDER = "rollouts"
GROUPS_FILE = "groups.yaml"
Groups = Mapping[str, tuple[str, ...]]
_WAY_OUT = "see docs/rollouts.md"


class _GuardrailFields(yaml_files.Strict):
    metric: str
    margin: float


@dataclass(frozen=True, slots=True)
class RolloutFiles:
    """The rollouts that can be used, by id, and one error for each file that cannot."""

    rollouts: tuple[Rollout, ...]
    problems: tuple[SettingsError, ...] = ()

    def require(self) -> tuple[Rollout, ...]:
        """Return the rollouts.

        Raises:
            SettingsError: the first problem, if there is one.
        """
        for problem in self.problems:
            raise problem
        return self.rollouts


def load_groups(folder: Path) -> dict[str, tuple[str, ...]]:
    """Read the named groups of units of a settings folder; no file means no group.

    Raises:
        SettingsError: naming the file and the group.
    """
    path = folder / GROUPS_FILE
    found = yaml_files.read(path) if path.exists() else {}
    return {name: _members(name, ids, path) for name, ids in found.items()}


def load_rollouts(folder: Path, metrics: Mapping[str, Metric]) -> RolloutFiles:
    """Read the rollouts of a settings folder, one a file; none is needed.

    Args:
        folder: of the settings files.
        metrics: the catalogue that guardrails name.
    """
    found: dict[Path, Rollout] = {}
    problems: list[SettingsError] = []
    try:
        groups = load_groups(folder)
    except SettingsError as error:
        groups, problems = {}, [error]
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        try:
            found[path] = parse_rollout(yaml_files.read(path), metrics, groups, str(path))
        except SettingsError as error:
            problems.append(error)
    twins = _twins(found)
    usable = [rollout for path, rollout in found.items() if path not in twins]
    return RolloutFiles(tuple(sorted(usable, key=lambda r: r.id)), (*problems, *twins.values()))


def parse_rollout(found: Any, metrics: Mapping[str, Metric], groups: Groups, where: str = "") -> Rollout:
    """Return a rollout from a mapping of its fields.

    Raises:
        SettingsError: naming the file, the key, and the nearest valid name or the allowed values.
    """
    if not isinstance(found, Mapping):
        raise SettingsError("must be a mapping of a rollout's fields", where=where, way_out=_WAY_OUT)
    fields = dict(found)
    if isinstance(fields.get("guardrails"), list):
        blocks = enumerate(fields["guardrails"])
        fields["guardrails"] = tuple(_guardrail(each, f"guardrails.{i}", metrics, where) for i, each in blocks)
    rollout = yaml_files.validated(Rollout, fields, where, _WAY_OUT)
    for number, guardrail in enumerate(rollout.guardrails):
        require_units(guardrail.metric, rollout.unit_type, where, f"guardrails.{number}.metric")
    if rollout.objectives and rollout.unit_type not in REQUEST_UNITS:
        what = f"objectives: they are about requests, which name their user and session but no {rollout.unit_type}"
        raise SettingsError(what, where=where, way_out="leave them out")
    for number, stage in enumerate(rollout.stages):
        _check_names(stage.groups, groups, where, f"stages.{number}.groups: unknown group")
    _check_names(rollout.objectives, OBJECTIVES, where, "objectives: not measured by variant:")
    return rollout


def _guardrail(found: Any, key: str, metrics: Mapping[str, Metric], where: str) -> Guardrail:
    fields = yaml_files.validated(_GuardrailFields, found, where, _WAY_OUT, key)
    _check_names([fields.metric], metrics, where, f"{key}.metric: unknown metric")
    metric = metrics[fields.metric]
    if isinstance(found["margin"], bool) or not 0 < fields.margin < float("inf"):
        raise SettingsError(f"{key}.margin must be a number above 0", where=where, way_out="0.1 is 10 % of control")
    if metric.kind is MetricKind.QUANTILE:
        way_out = "use a proportion, mean or ratio"
        raise SettingsError(f"{key}.metric: a quantile cannot guard a rollout", where=where, way_out=way_out)
    return Guardrail(metric, fields.margin)


def _twins(found: Mapping[Path, Rollout]) -> dict[Path, SettingsError]:
    """Return the files whose id or flag another file names too: none of them can be trusted."""
    problems: dict[Path, SettingsError] = {}
    for key in ("id", "flag_key"):
        files: dict[str, list[Path]] = {}
        for path, rollout in found.items():
            files.setdefault(getattr(rollout, key), []).append(path)
        for name, paths in files.items():
            for path in paths if len(paths) > 1 else ():
                others = ", ".join(p.name for p in paths if p != path)
                what = f"{key}: {name[:80]!r} stands in {others} too"
                problems[path] = SettingsError(what, where=str(path), way_out="one rollout a file, one flag a rollout")
    return problems


def _members(name: str, ids: Any, path: Path) -> tuple[str, ...]:
    if not isinstance(ids, list) or not all(isinstance(each, str) and each for each in ids):
        raise SettingsError(f"{name} must be a list of unit ids, each a text", where=str(path), way_out="quote them")
    again = next((each for i, each in enumerate(ids) if each in ids[:i]), None)
    if again is not None:
        raise SettingsError(f"{name} names {again[:80]!r} twice", where=str(path), way_out="name it once")
    return tuple(ids)


def _check_names(names: Iterable[str], valid: Collection[str], where: str, what: str) -> None:
    for name in names:
        if name not in valid:
            raise SettingsError(f"{what} {name[:80]!r}", where=where, way_out=yaml_files.nearest(name, valid))
