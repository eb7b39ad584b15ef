"""Reads a YAML file of `include/config/` into a shape, with errors of one line that name file and key.

Which files there are and what they mean belongs to their loaders, such as `registry.py`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ratchet.errors import SettingsError

_UNKNOWN = "extra_forbidden"
_NOT_IN_RE2 = re.compile(r"\(\?(?:<?[=!]|>|\()|\\[1-9]|\(\?P=|[*+?}]\+")


def _linear(value: str) -> str:
    if _NOT_IN_RE2.search(value):
        raise ValueError("look-around, back-references and possessive quantifiers are not known to RE2")
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is not a regular expression: {error}") from error
    return value


LinearRegex = Annotated[str, Field(min_length=1), AfterValidator(_linear)]  # RE2: its time is linear in the text


class Strict(BaseModel):
    """A shape that refuses keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Shape = TypeVar("Shape", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """YAML without the surprises: only true and false are booleans, and no key may come twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        again = next((key for i, key in enumerate(keys) if key in keys[:i]), None)
        if again is not None:
            raise yaml.constructor.ConstructorError(None, None, f"key {again!r} comes twice", node.start_mark)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    first: [rule for rule in rules if rule[0] != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> dict[str, Any]:
    """Return a file's mapping; `on`, `off`, `yes` and `no` are texts, and a key given twice is refused.

    Raises:
        SettingsError: if it cannot be read or holds no mapping of texts.
    """
    try:
        found = yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506 -- a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError, OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"cannot be read: {error}", where=str(path)) from error
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise SettingsError("must hold a mapping of keys", where=str(path))
    return found


def validated(shape: type[Shape], found: Any, where: str, way_out: str, inside: str = "") -> Shape:
    """Return what a file holds in a shape.

    Args:
        shape: the model it must fit.
        found: what was read.
        where: the file.
        way_out: said where there is no better hint.
        inside: the key that holds it, when it is not the whole file.

    Raises:
        SettingsError: naming file and key, with the nearest valid name of an unknown one.
    """
    try:
        return shape.model_validate(found)
    except ValidationError as error:
        raise _refused(error, shape, where, way_out, inside) from error


def nearest(name: str, valid: Collection[str]) -> str:
    """Return the hint for an unknown name: the nearest valid one, else all of them."""
    near = difflib.get_close_matches(name, valid, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else f"valid are {', '.join(valid) or 'none'}"


def _refused(error: ValidationError, shape: type[BaseModel], where: str, way_out: str, inside: str) -> SettingsError:
    problems = sorted(
        error.errors(), key=lambda problem: problem["type"] != _UNKNOWN
    )  # a typo explains what is missing
    place, why = problems[0]["loc"], problems[0]["msg"].removeprefix("Value error, ")
    outer = ".".join(str(part) for part in ([inside] if inside else []) + list(place[:-1]))
    if problems[0]["type"] == _UNKNOWN:
        what = f"{outer}: unknown key" if outer else "unknown key"
        return SettingsError(f"{what} {str(place[-1])[:80]!r}", where=where, way_out=_hint(shape, place, way_out))
    key = ".".join(str(part) for part in ([inside] if inside else []) + list(place))
    return SettingsError(f"{key}: {why[:1].lower()}{why[1:]}" if key else why, where=where, way_out=way_out)


def _hint(shape: type[BaseModel], place: tuple[int | str, ...], way_out: str) -> str:
    inner = _inner(shape, place[:-1])
    return nearest(str(place[-1]), list(inner.model_fields)) if inner else way_out


def _inner(shape: type[BaseModel], place: tuple[int | str, ...]) -> type[BaseModel] | None:
    """Return the model that a place lies in: fields by name, entries of lists and mappings by their type."""
    found: type[BaseModel] | None = shape
    for part in place:
        if found is not None and part in found.model_fields:
            found = _model_in(found.model_fields[str(part)].annotation)
    return found


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    arguments: Mapping[Any, Any] | tuple[Any, ...] = getattr(annotation, "__args__", ())
    return next((model for argument in arguments if (model := _model_in(argument)) is not None), None)
