"""Reads a specification's bytes as JSON or YAML 1.2 into plain values, within limits.

The YAML tree is built from libyaml's events without recursion: its own composer crashes the process on deep nesting.
Whether the values are a specification belongs to `check.py`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import yaml

from ratchet.errors import SpecError

MAX_BYTES = 32 << 20
MAX_DEPTH = 100
MAX_VALUES = 2_000_000  # once every alias is written out
_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_INTEGER = re.compile(r"[-+]?[0-9]{1,300}\Z")
_BASED = re.compile(r"0(o[0-7]{1,80}|x[0-9a-fA-F]{1,80})\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?\Z")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def read(content: bytes) -> tuple[Any, list[str]]:
    """Return the values of a JSON or YAML document, and what was odd about it in words; keys are texts.

    Raises:
        SpecError: if it is too large, nested too deeply, refers to itself, or is neither JSON nor YAML.
    """
    if len(content) > MAX_BYTES:
        raise SpecError(f"the specification has {len(content):,} bytes", way_out=f"at most {MAX_BYTES:,} are read")
    text = _text(content)
    if not text.strip():
        raise SpecError("the specification is empty")
    if text.lstrip().startswith("<"):
        raise SpecError("this is HTML or XML, not an API specification", way_out="name the address of the JSON or YAML")
    notes: list[str] = []
    try:
        value = _json(text) if text.lstrip()[0] in "{[" else _yaml(text, notes)
    except RecursionError as error:
        raise SpecError("the specification is nested too deeply") from error
    _require_bounded(value)
    return value, notes


def _text(content: bytes) -> str:
    encoding = next((name for mark, name in _BOMS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise SpecError("the specification is not UTF-8 text") from error


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except ValueError as problem:
        try:  # YAML allows what JSON does not: comments, trailing commas, unquoted keys
            return _yaml(text, [])
        except SpecError:
            raise SpecError(f"neither JSON nor YAML: {str(problem)[:120]}") from problem


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _yaml(text: str, notes: list[str]) -> Any:
    try:
        return _Builder(notes).build(yaml.parse(text, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError) as error:
        problem = getattr(error, "problem", None) or str(error)
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        raise SpecError(f"neither JSON nor YAML: {problem[:120]}", where=where) from error


class _Builder:
    """Builds the tree with a stack of open collections; an alias shares the value it names."""

    def __init__(self, notes: list[str]) -> None:
        self.notes = notes
        self.open: list[tuple[Any, list[Any]]] = []  # collection, and the key that waits for its value
        self.anchors: dict[str, Any] = {}
        self.documents: list[Any] = []

    def build(self, events: Iterator[Any]) -> Any:
        for event in events:
            if isinstance(event, yaml.ScalarEvent):
                self._add(_scalar(event), event.anchor)
            elif isinstance(event, yaml.AliasEvent):
                self._alias(str(event.anchor))
            elif isinstance(event, yaml.CollectionStartEvent):
                self._enter({} if isinstance(event, yaml.MappingStartEvent) else [], event.anchor)
            elif isinstance(event, yaml.CollectionEndEvent):
                self.open.pop()
        return self.documents[0] if self.documents else None

    def _enter(self, collection: Any, anchor: str | None) -> None:
        self._add(collection, anchor)
        self.open.append((collection, []))
        if len(self.open) > MAX_DEPTH:
            raise SpecError("the specification is nested too deeply", way_out=f"at most {MAX_DEPTH} levels are read")

    def _alias(self, name: str) -> None:
        if name not in self.anchors:
            raise SpecError(f"alias {name[:40]!r} names nothing")
        value = self.anchors[name]
        if any(collection is value for collection, _ in self.open):
            raise SpecError(f"alias {name[:40]!r} contains itself")
        self._add(value, None)

    def _add(self, value: Any, anchor: str | None) -> None:
        if anchor:
            self.anchors[anchor] = value
        if not self.open:
            self.documents.append(value)
            return
        collection, waiting = self.open[-1]
        if isinstance(collection, list):
            collection.append(value)
        elif waiting:
            self._set(collection, waiting.pop(), value)
        else:
            waiting.append(_key(value))

    def _set(self, collection: dict[str, Any], key: str, value: Any) -> None:
        if key == "<<" and isinstance(value, dict):
            collection.update({k: v for k, v in value.items() if k not in collection})
            return
        if key in collection:
            self.notes.append(f"key {key[:40]!r} comes twice, the last one counts")
        collection[key] = value


def _scalar(event: yaml.ScalarEvent) -> Any:
    """Return a scalar by the core schema of YAML 1.2, in which `no`, `on` and dates are texts."""
    text = str(event.value)
    if event.tag == "tag:yaml.org,2002:str" or (not event.implicit[0] and event.tag in (None, "!")):
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.match(text):
        return int(text)
    if _BASED.match(text):
        return int(text, 0)
    if _FLOAT.match(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def _key(value: Any) -> str:
    if isinstance(value, dict | list):
        raise SpecError("a key of a mapping is itself a mapping or a list")
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    return str(value)


def _require_bounded(value: Any) -> None:
    """Refuse what becomes too large or too deep once every alias is written out."""
    sizes: dict[int, tuple[int, int]] = {}
    stack = [(value, False)]
    while stack:
        node, done = stack.pop()
        children = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
        if done:
            known = [sizes.get(id(child), (1, 0)) for child in children]
            sizes[id(node)] = (1 + sum(n for n, _ in known), 1 + max((d for _, d in known), default=0))
        elif id(node) not in sizes and isinstance(node, dict | list):
            stack += [(node, True), *((child, False) for child in children if isinstance(child, dict | list))]
    count, depth = sizes.get(id(value), (1, 0))
    if count > MAX_VALUES:
        raise SpecError(f"the specification has {count:,} values", way_out=f"at most {MAX_VALUES:,} are read")
    if depth > MAX_DEPTH:
        raise SpecError("the specification is nested too deeply", way_out=f"at most {MAX_DEPTH} levels are read")
