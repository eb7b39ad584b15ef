"""What `published/flags.json` says: every experiment's and rollout's flag in flagd's format, checked by its schema.

A flag that is under trial splits its units by their bucket, under an explicit key (salt, then targeting key), so that
an audit can compute it again; one that was decided, rolled back or not begun serves one variant to all. Which state a
trial is in is known by `phases.py` and `deploy/rollouts.py`; the switch to a new version belongs to `publish.py`, the
evaluation to `client/`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any

import jsonschema
from referencing import Registry

from ratchet.contracts.buckets import Hash
from ratchet.contracts.experiments import Experiment, TrialKind
from ratchet.contracts.rollouts import FlagState
from ratchet.contracts.splits import FLAGD, of_experiment, percentage_split
from ratchet.errors import SettingsError
from ratchet.phases import Phase, Seen

FLAGS_FILE = "flags.json"
KEY = {"var": "targetingKey"}
_FOLDER = "ratchet.contracts"
_PLACE = "https://flagd.dev/schema/v0/"
_SCHEMAS = ("flags.json", "targeting.json", "flagd.json")


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag as it is to be published.

    Attributes:
        key: its key.
        variants: variant -> value, all values of one type.
        default: the variant of everybody whom nothing else gives one.
        trial_id: the experiment or rollout it belongs to.
        kind: which of them.
        unit_type: what the targeting key is.
        hash: how a unit's bucket is computed.
        salt: what the hash begins with.
        split: (variant, weight), the lowest buckets first; empty where one variant is served to all.
        members: units that get `members_variant` whatever their bucket.
        members_variant: which one.
        metric: the experiment's primary metric, for `record_result`.
    """

    key: str
    variants: Mapping[str, bool | str]
    default: str
    trial_id: str
    kind: TrialKind
    unit_type: str
    hash: Hash
    salt: str
    split: tuple[tuple[str, int], ...] = ()
    members: tuple[str, ...] = ()
    members_variant: str = ""
    metric: str = ""

    @property
    def is_live(self) -> bool:
        """Return whether it does not serve one variant to all."""
        return bool(self.split or self.members)

    def as_record(self) -> dict[str, Any]:
        """Return the flag in flagd's format."""
        metadata = {"trial_id": self.trial_id, "kind": self.kind.value, "unit_type": self.unit_type}
        metadata |= {"hash": self.hash.value} | ({"metric": self.metric} if self.metric else {})
        record = {"state": "ENABLED", "variants": dict(self.variants), "defaultVariant": self.default}
        return record | ({"targeting": self._targeting()} if self.is_live else {}) | {"metadata": metadata}

    def _targeting(self) -> dict[str, Any]:
        rules: list[Any] = []
        if self.members:
            rules += [{"in": [KEY, list(self.members)]}, self.members_variant]
        if self.split:  # without a targeting key all would share one bucket: they get the default instead
            key = {"cat": [self.salt, KEY]}
            rules += [{"!!": [KEY]}, {"fractional": [key, *([variant, weight] for variant, weight in self.split)]}]
        return {"if": rules}


def experiment_flag(experiment: Experiment, day: date, decided: str | None = None) -> Flag | None:
    """Return an experiment's flag, None where another tool serves it.

    Args:
        experiment: its latest version.
        day: the day from which the flag is served; before the start of the experiment all get control.
        decided: the variant that was shipped, or control where it was rolled back.

    Raises:
        SettingsError: if the variant that was decided is no arm.
    """
    if experiment.hash not in FLAGD:
        return None
    names = [arm.name for arm in experiment.arms]
    if decided is not None and decided not in names:
        raise SettingsError(f"{decided} is no arm of this experiment", where=experiment.id)
    is_running = decided is None and (experiment.start is None or experiment.start <= day)
    return Flag(
        key=experiment.flag_key,
        variants={name: name for name in names},
        default=decided or experiment.control,
        trial_id=experiment.id,
        kind=TrialKind.EXPERIMENT,
        unit_type=experiment.unit_type,
        hash=experiment.hash,
        salt=experiment.salt,
        split=of_experiment(experiment).parts if is_running else (),
        metric=experiment.primary.name,
    )


def experiment_flags(phases: Iterable[Phase], decided: Mapping[str, str], day: date) -> list[Flag]:
    """Return the flags of all experiments: the last phase of each, decided where that phase has ended.

    Args:
        phases: of every experiment, as of the day.
        decided: experiment -> the variant that was shipped, or control where it was rolled back.
        day: the day from which the flags are served.
    """
    last = [(p.experiment, p.trial.ends_at is not None) for p in phases if p.is_last]
    found = [experiment_flag(spec, day, decided.get(spec.id) if has_ended else None) for spec, has_ended in last]
    return [flag for flag in found if flag is not None]


def left_behind(experiments: Iterable[Experiment], seen: Iterable[Seen]) -> tuple[Experiment, ...]:
    """Return the last recorded version of experiments whose file is gone or broken, by id.

    Their flags are published as they were: a slip in a file takes what was shipped from nobody.
    """
    known = {experiment.id for experiment in experiments}
    recorded = {s.experiment.id: s.experiment for s in sorted(seen, key=lambda s: s.first_seen)}
    return tuple(recorded[name] for name in sorted(recorded) if name not in known)


def rollout_flag(rollout_id: str, state: FlagState | None) -> Flag | None:
    """Return a rollout's flag, None where another tool or the application itself serves it.

    The feature has the lowest buckets, so that nobody loses it as the percentage grows.
    """
    if state is None or state.hash not in FLAGD:
        return None
    off, on = state.variants
    is_off = not state.percentage and not state.members
    return Flag(
        key=state.flag_key,
        variants={on: True, off: False},
        default=off,
        trial_id=rollout_id,
        kind=TrialKind.ROLLOUT,
        unit_type=state.unit_type,
        hash=state.hash,
        salt=state.salt or state.flag_key,
        split=() if is_off else percentage_split(on, off, state.percentage),
        members=state.members,
        members_variant=on,
    )


def document(flags: Iterable[Flag | None]) -> dict[str, Any]:
    """Return the content of `flags.json`, valid by flagd's schema.

    Of several trials of one flag the one under way counts; of those that serve one variant to all, the last given.

    Raises:
        SettingsError: if two trials under way share a flag, or a flag breaks the schema.
    """
    chosen: dict[str, Flag] = {}
    for flag in flags:
        if flag is not None:
            chosen[flag.key] = _of_two(chosen.get(flag.key), flag)
    content = {
        "flags": {key: chosen[key].as_record() for key in sorted(chosen)},
        "metadata": {"flagSetId": "ratchet"},
    }
    found = problems(content)
    if found:
        raise SettingsError(f"the flags break flagd's schema: {found[0]}", where=FLAGS_FILE)
    return content


def _of_two(before: Flag | None, flag: Flag) -> Flag:
    if before is None or not before.is_live:
        return flag
    if flag.is_live:
        raise SettingsError(
            f"{before.trial_id} and {flag.trial_id} are both under way on the flag {flag.key}",
            where=FLAGS_FILE,
            way_out="end one of them, or give it a flag of its own",
        )
    return before


def problems(content: Any, schema: str = "flags.json") -> list[str]:
    """Return what breaks flagd's schema, each with its place.

    Args:
        content: a flag configuration.
        schema: `flags.json` for what a provider reads, `flagd.json` for what the daemon reads.
    """
    errors: Sequence[Any] = sorted(_validator(schema).iter_errors(content), key=lambda e: e.json_path)
    return [f"{error.json_path}: {error.message[:200]}" for error in errors]


@functools.cache
def _validator(schema: str) -> jsonschema.Draft7Validator:
    folder = resources.files(_FOLDER) / "schemas" / "flagd"
    read = {name: json.loads((folder / name).read_text("utf-8")) for name in _SCHEMAS}
    # Beside a `$ref` draft 7 ignores the `$id`, so that their references to each other have no base.
    names = ((place + name, content) for name, content in read.items() for place in ("", "./", _PLACE))
    return jsonschema.Draft7Validator(read[schema], registry=Registry().with_contents(names))
