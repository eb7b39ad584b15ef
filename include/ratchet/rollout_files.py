"""Reads rollouts and groups: `include/config/rollouts/*.yaml`, `include/config/groups.yaml`; validated, frozen.

What a rollout is belongs to `contracts/rollouts.py`; experiments and the catalogue of metrics to `registry.py`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from ratchet.contracts.experiments import Guardrail, Metric, MetricKind
from ratchet.contracts.rollouts import OBJECTIVES, Rollout, Stage
from ratchet.errors import SettingsError

Groups = Mapping[str, tuple[str, ...]]
_WAY_OUT = "see docs/rollouts.md"
_MODELS: dict[str, type[Rollout | Stage]] = {"": Rollout, "stages": Stage}


def load_groups(folder: Path) -> dict[str, tuple[str, ...]]:
    """Read the named groups of units of a settings folder; no file means no group.

    Raises:
        SettingsError: naming the file and the group.
    """
    path = folder / "groups.yaml"
    found = _read(path) if path.exists() else {}
    if not isinstance(found, Mapping):
        raise SettingsError("must map a group's name to a list of unit ids", where=str(path))
    return {str(name): _members(str(name), ids, path) for name, ids in found.items()}


def load_rollouts(folder: Path, metrics: Mapping[str, Metric]) -> tuple[Rollout, ...]:
    """Read the rollouts of a settings folder, one a file, in the order of their ids.

    Args:
        folder: of the settings files.
        metrics: the catalogue that guardrails name.

    Raises:
        SettingsError: naming the file, the key, and the nearest valid name or the allowed values.
    """
    groups = load_groups(folder)
    found: dict[str, tuple[Rollout, Path]] = {}
    for path in sorted((folder / "rollouts").glob("*.yaml")):
        rollout = parse_rollout(_read(path), metrics, groups, str(path))
        _unlike_others(rollout, path, found)
        found[rollout.id] = rollout, path
    return tuple(found[name][0] for name in sorted(found))


def parse_rollout(found: Any, metrics: Mapping[str, Metric], groups: Groups, where: str = "") -> Rollout:
    """Return a rollout from a mapping of its fields.

    Raises:
        SettingsError: as `load_rollouts`.
    """
    if not isinstance(found, Mapping):
        raise SettingsError("must be a mapping of a rollout's fields", where=where, way_out=_WAY_OUT)
    fields = dict(found)
    if "guardrails" in fields:
        fields["guardrails"] = _guardrails(fields["guardrails"], metrics, where)
    try:
        rollout = Rollout.model_validate(fields)
    except ValidationError as error:
        what, way_out = _first_problem(error)
        raise SettingsError(what, where=where, way_out=way_out) from error
    for number, stage in enumerate(rollout.stages):
        _check_names(stage.groups, groups, where, f"stages.{number}.groups: unknown group")
    _check_names(rollout.objectives, OBJECTIVES, where, "objectives: unknown objective by variant")
    return rollout


def _guardrails(found: Any, metrics: Mapping[str, Metric], where: str) -> tuple[Guardrail, ...]:
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise SettingsError("guardrails must be a list of {metric, margin}", where=where, way_out=_WAY_OUT)
    return tuple(_guardrail(each, f"guardrails.{number}", metrics, where) for number, each in enumerate(found))


def _guardrail(found: Mapping[Any, Any], key: str, metrics: Mapping[str, Metric], where: str) -> Guardrail:
    _check_names(found, ("metric", "margin"), where, f"{key}: unknown key")
    for name in ("metric", "margin"):
        if name not in found:
            raise SettingsError(f"{key} needs {name}", where=where, way_out=_WAY_OUT)
    _check_names([found["metric"]], metrics, where, f"{key}.metric: unknown metric")
    metric, margin = metrics[found["metric"]], found["margin"]
    if isinstance(margin, bool) or not isinstance(margin, int | float) or not 0 < margin < float("inf"):
        raise SettingsError(f"{key}.margin must be a number above 0", where=where, way_out="0.1 is 10 % of control")
    if metric.kind is MetricKind.QUANTILE:
        raise SettingsError(
            f"{key}.metric: a quantile cannot guard a rollout", where=where, way_out="use a proportion, mean or ratio"
        )
    return Guardrail(metric, float(margin))


def _unlike_others(rollout: Rollout, path: Path, found: Mapping[str, tuple[Rollout, Path]]) -> None:
    for other, where in found.values():
        for key in ("id", "flag_key"):
            if getattr(other, key) == getattr(rollout, key):
                raise SettingsError(
                    f"{key}: {getattr(rollout, key)!r} is taken by {where.name}",
                    where=str(path),
                    way_out="one rollout a file, one flag a rollout",
                )


def _members(name: str, ids: Any, path: Path) -> tuple[str, ...]:
    if not isinstance(ids, list) or not all(isinstance(each, str) and each for each in ids):
        raise SettingsError(f"{name} must be a list of unit ids, each a text", where=str(path), way_out="quote them")
    if len(set(ids)) < len(ids):
        again = next(each for each in ids if ids.count(each) > 1)
        raise SettingsError(f"{name} names {again[:80]!r} twice", where=str(path))
    return tuple(ids)


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"cannot be read: {error}", where=str(path)) from error


def _check_names(names: Iterable[Any], valid: Iterable[str], where: str, what: str) -> None:
    known = list(valid)
    for name in names:
        if name not in known:
            raise SettingsError(f"{what} {str(name)[:80]!r}", where=where, way_out=_nearest(str(name), known))


def _nearest(name: str, valid: list[str]) -> str:
    near = difflib.get_close_matches(name, valid, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"valid are {', '.join(valid)}"


def _first_problem(error: ValidationError) -> tuple[str, str]:
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        model = _MODELS["stages" if "stages" in problem["loc"] else ""]
        return f"unknown key {place!r}", _nearest(str(problem["loc"][-1]), list(model.model_fields))
    reason = problem["msg"].removeprefix("Value error, ")
    return (f"{place}: {reason}" if place else reason), _WAY_OUT
