"""Suites are data: this reads `suites/*.yaml`, refuses what it does not know, and resolves bounds that are settings.

How a suite is run belongs to `runner.py`; the columns it derives are made in `frames.py`.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from ratchet.errors import SettingsError
from ratchet.quality.expected import KNOWN_EXPECTATIONS
from ratchet.quality.frames import DERIVATIONS
from ratchet.quality.results import Severity, Stage

SUITES = Path(__file__).parent / "suites"
_DATED = re.compile(r"^20\d\d-\d\d-\d\d: \S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One expectation on one frame.

    `kwargs` are those of the Great Expectations type; a bound may be `{setting: name}` instead of a number. `why`
    starts with the date on which the bound was set.
    """

    name: str
    expect: str
    severity: Severity
    why: str
    kwargs: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The checks of one frame.

    Attributes:
        key: columns that name a row to a reader.
        missing: what it means that the frame was not made at all; None where another suite already says so.
        empty: what it means that the frame has no rows; None where that is a good day or another suite says so.
        derive: columns computed before the checks, see `frames.py`.
        cure: what to do when a check of the suite is broken.
    """

    name: str
    stage: Stage
    frame: str
    title: str
    key: tuple[str, ...]
    missing: Severity | None
    empty: Severity | None
    cure: str
    checks: tuple[Check, ...]
    derive: Mapping[str, Mapping[str, Any]]


@functools.cache
def load_suites(stage: Stage, folder: Path = SUITES) -> tuple[Suite, ...]:
    """Return the suites of a stage in the order of their names.

    Raises:
        SettingsError: if a suite has unknown or missing keys, an unknown expectation or derivation, or no dated reason.
    """
    suites = (_suite(path) for path in sorted(folder.glob("*.yaml")))
    return tuple(suite for suite in suites if suite.stage is stage)


def resolve(kwargs: Mapping[str, Any], settings: object) -> dict[str, Any]:
    """Return an expectation's arguments with every `{setting: name}` replaced by that setting's value.

    Raises:
        SettingsError: if there is no such setting.
    """
    return {name: _resolved(value, settings) for name, value in kwargs.items()}


def _resolved(value: Any, settings: object) -> Any:
    if isinstance(value, Mapping):
        return _setting(str(value["setting"]), settings)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_resolved(item, settings) for item in value]
    return value


def _setting(name: str, settings: object) -> Any:
    try:
        return getattr(settings, name)
    except AttributeError:
        raise SettingsError(
            f"a suite names the setting {name}, which does not exist",
            where=str(SUITES),
            way_out="use a name from include/ratchet/settings.py",
        ) from None


def _suite(path: Path) -> Suite:
    raw = yaml.safe_load(path.read_text("utf-8"))
    _known_keys(raw, {f.name for f in fields(Suite)}, {"derive"}, path)
    _known_values(raw, path)
    return Suite(
        name=raw["name"],
        stage=Stage(raw["stage"]),
        frame=raw["frame"],
        title=raw["title"],
        key=tuple(raw["key"]),
        missing=_presence_rule(raw["missing"]),
        empty=_presence_rule(raw["empty"]),
        cure=raw["cure"],
        checks=tuple(_check(item, path) for item in raw["checks"]),
        derive=raw.get("derive", {}),
    )


def _presence_rule(value: str) -> Severity | None:
    return None if value == "allowed" else Severity(value)


def _check(raw: Mapping[str, Any], path: Path) -> Check:
    where = path.with_name(f"{path.name}: {raw.get('name', '?')}")
    _known_keys(raw, {f.name for f in fields(Check)}, set(), where)
    _one_of("expectation", raw["expect"], KNOWN_EXPECTATIONS, where)
    _one_of("severity", raw["severity"], list(Severity), where)
    if not _DATED.match(raw["why"]):
        raise SettingsError("a check has no dated reason", where=str(where), way_out="start `why` with YYYY-MM-DD:")
    return Check(
        name=raw["name"],
        expect=raw["expect"],
        severity=Severity(raw["severity"]),
        why=raw["why"],
        kwargs=raw["kwargs"],
    )


def _known_values(raw: Mapping[str, Any], path: Path) -> None:
    if raw["name"] != path.stem:
        raise SettingsError(f"the suite {raw['name']} is not named like its file", where=str(path))
    _one_of("stage", raw["stage"], list(Stage), path)
    for name in ("missing", "empty"):
        _one_of(f"value of `{name}`", raw[name], [*Severity, "allowed"], path)
    names = [check.get("name") for check in raw["checks"]]
    if len(set(names)) < len(names):
        raise SettingsError("two checks of a suite have one name", where=str(path))
    for rule in raw.get("derive", {}).values():
        _one_of("derivation", next(iter(rule)), DERIVATIONS, path)


def _known_keys(raw: Mapping[str, Any], known: set[str], optional: set[str], where: Path) -> None:
    for key in raw:
        _one_of("key", key, known, where)
    missing = sorted(known - optional - set(raw))
    if missing:
        raise SettingsError(f"the key {missing[0]} is missing", where=str(where), way_out="see docs/quality.md")


def _one_of(what: str, value: str, known: Sequence[str] | set[str] | Mapping[str, Any], where: Path) -> None:
    if value in known:
        return
    near = difflib.get_close_matches(str(value), sorted(known), 1)
    raise SettingsError(
        f"unknown {what} {value}",
        where=str(where),
        way_out=f"did you mean {near[0]}?" if near else "see docs/quality.md",
    )
