"""The prompt store: `include/config/prompts/*.yaml`, one file a prompt with all its versions (R77).

A file that cannot be used is a problem of its own, in one line with file and key, and leaves the others alone. What the
application reads of them belongs to `deploy/prompts.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field, StrictInt, StrictStr

from ratchet.contracts.prompts import Prompt, PromptVersion
from ratchet.errors import SettingsError
from ratchet.yaml_files import Strict, read, validated

FOLDER = "prompts"
_WAY_OUT = "see docs/prompts.md"
_Name = Annotated[StrictStr, Field(min_length=1, max_length=200)]
_Number = Annotated[StrictInt, Field(ge=1)]


class _Version(Strict):
    version: _Number
    text: Annotated[StrictStr, Field(min_length=1, max_length=100_000)]
    note: StrictStr = ""


class _Trial(Strict):
    flag_key: _Name
    arms: dict[_Name, _Number]


class _File(Strict):
    id: _Name
    serve: _Number
    versions: Annotated[tuple[_Version, ...], Field(min_length=1)]
    experiment: _Trial | None = None


@dataclass(frozen=True, slots=True)
class Store:
    """The prompts that can be used, by id, and one line for every file that cannot."""

    prompts: tuple[Prompt, ...]
    problems: tuple[str, ...] = ()


def load(folder: Path) -> Store:
    """Read every prompt of a settings folder, such as `include/config`; none is needed."""
    found: dict[str, Prompt] = {}
    problems: list[str] = []
    for path in sorted((folder / FOLDER).glob("*.yaml")):
        try:
            prompt = _prompt(path)
            if prompt.prompt_id in found:
                raise SettingsError(f"id: {prompt.prompt_id!r} is in another file too", where=str(path))
            found[prompt.prompt_id] = prompt
        except SettingsError as error:
            problems.append(str(error))
    return Store(tuple(found[name] for name in sorted(found)), tuple(problems))


def _prompt(path: Path) -> Prompt:
    shape = validated(_File, read(path), str(path), _WAY_OUT)
    versions = tuple(PromptVersion(v.version, v.text, v.note) for v in sorted(shape.versions, key=lambda v: v.version))
    known = [v.version for v in versions]
    if len(set(known)) < len(known):
        raise SettingsError(
            "versions: a version is there twice", where=str(path), way_out="give each a number of its own"
        )
    arms = shape.experiment.arms if shape.experiment else {}
    for key, wanted in (("serve", shape.serve), *((f"experiment.arms.{arm}", n) for arm, n in arms.items())):
        if wanted not in known:
            numbers = ", ".join(map(str, known))
            raise SettingsError(
                f"{key}: there is no version {wanted}", where=str(path), way_out=f"versions are {numbers}"
            )
    flag_key = shape.experiment.flag_key if shape.experiment else ""
    return Prompt(shape.id, shape.serve, versions, flag_key, dict(arms))
