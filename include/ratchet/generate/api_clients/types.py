"""Turns JSON Schemas into type annotations, and the objects among them into TypedDicts.

References become names once each, so that circular ones need no care; a reference that only leads to itself is `Any`.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ratchet.contracts.api_references import is_pointer, lookup, pointer
from ratchet.contracts.apis import Schema
from ratchet.generate.api_clients.names import Taken, camel
from ratchet.generate.api_clients.schemas import Merged, kinds, merged, variants
from ratchet.generate.api_clients.text import literal

RESERVED = [
    "Any",
    "Literal",
    "NotRequired",
    "TypeAlias",
    "TypedDict",
    "None",
    "True",
    "False",
    "annotations",
    "bool",
    "bytes",
    "dict",
    "float",
    "int",
    "list",
    "str",
    "object",
]
_PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
_MAX_LITERALS = 200


@dataclass(slots=True)
class Model:
    """A named type: fields (key -> annotation, required) of a TypedDict, or the alias of an annotation."""

    name: str
    fields: dict[str, tuple[str, bool]] | None = None
    alias: str = "Any"
    description: str = ""


class Types:
    """Collects the named types that annotations need; `prefix` stands before a name where it is used elsewhere."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Start without any model."""
        self.document = document
        self.models: dict[str, Model] = {}
        self._names = Taken(RESERVED)
        self._by_reference: dict[str, str] = {}
        self._by_schema: dict[int, str] = {}  # an object without a name may contain itself, by way of allOf
        self._waiting: list[tuple[str, Schema]] = []

    def of(self, schema: Any, hint: str, *, files: bool = False) -> str:
        """Return the annotation of a schema, with every model it needs in `models`.

        Args:
            schema: JSON Schema; true and false stand for anything.
            hint: names the object where it has no name of its own.
            files: binary values are `bytes`, as in multipart forms.
        """
        found = self._annotation(schema, hint, files)
        while self._waiting:
            name, target = self._waiting.pop()
            self._define(self.models[name], target)
        return found

    def _annotation(self, schema: Any, hint: str, files: bool = False) -> str:
        if not isinstance(schema, Mapping) or not schema:
            return "Any"
        if isinstance(schema.get("$ref"), str):
            return self._reference(schema["$ref"])
        nullable = schema.get("nullable") is True or schema.get("x-nullable") is True
        return _union([self._bare(schema, hint, files), *(["None"] if nullable else [])])

    def _reference(self, reference: str) -> str:
        if not is_pointer(reference):
            return "Any"
        if reference not in self._by_reference:
            name = self._names.take(camel((pointer(reference) or ["Model"])[-1], "Model"))
            self._by_reference[reference] = name
            self.models[name] = Model(name)
            self._waiting.append((name, lookup(reference, self.document)))
        return self._by_reference[reference]

    def _define(self, model: Model, schema: Any) -> None:
        """Fill a model that a reference has named."""
        found = merged(schema, self.document) if isinstance(schema, Mapping) and "$ref" not in schema else None
        if found is not None and found.is_record and not _is_nullable(schema):
            self._fill(model, found, files=False)
            return
        model.alias = self._annotation(schema, model.name)

    def _bare(self, schema: Schema, hint: str, files: bool) -> str:
        if "const" in schema or isinstance(schema.get("enum"), list):
            return _literals([schema["const"]] if "const" in schema else schema["enum"])
        several = variants(schema)
        if several is not None:
            return _union([self._annotation(entry, f"{hint} {n}") for n, entry in enumerate(several, 1)])
        found = merged(schema, self.document)
        if found is None:
            return "Any"
        if found.only is not None:
            return self._annotation(found.only, hint, files)
        if found.is_record:
            return self._record(schema, found, hint, files)
        return _union([self._kind(kind, found.schema, hint, files) for kind in kinds(found.schema)])

    def _record(self, schema: Schema, found: Merged, hint: str, files: bool) -> str:
        if id(schema) in self._by_schema and not files:
            return self._by_schema[id(schema)]
        name = self._by_schema[id(schema)] = self._names.take(camel(hint, "Model"))
        self.models[name] = Model(name)
        self._fill(self.models[name], found, files)
        return name

    def _fill(self, model: Model, found: Merged, files: bool) -> None:
        model.description = str(found.schema.get("description") or "")
        model.fields = {
            key: (self._annotation(value, f"{model.name} {key}", files), key in found.required)
            for key, value in found.properties.items()
        }

    def _kind(self, kind: str, schema: Schema, hint: str, files: bool) -> str:
        if kind == "array":
            return f"list[{self._annotation(schema.get('items'), f'{hint} Item', files)}]"
        if kind == "object":
            return f"dict[str, {self._annotation(schema.get('additionalProperties'), f'{hint} Value')}]"
        if kind == "string" and files and schema.get("format") == "binary":
            return "bytes"
        return _PLAIN.get(kind, "Any")

    def finished(self) -> list[Model]:
        """Return the models in order of their names; aliases that lead only to themselves have become `Any`."""
        for model in self.models.values():
            if model.fields is None and self._leads_to(model.name, model.alias, set()):
                model.alias = "Any"
        return [self.models[name] for name in sorted(self.models)]

    def _leads_to(self, name: str, alias: str, seen: set[str]) -> bool:
        """Return whether an alias is a member of the union that it stands for."""
        for part in _members(ast.parse(alias, mode="eval").body):
            if part == name:
                return True
            other = self.models.get(part)
            if other is None or other.fields is not None or part in seen:
                continue
            seen.add(part)
            if self._leads_to(name, other.alias, seen):
                return True
        return False


def _members(alias: ast.expr) -> list[str]:
    if isinstance(alias, ast.BinOp):
        return [*_members(alias.left), *_members(alias.right)]
    return [alias.id] if isinstance(alias, ast.Name) else []


def _is_nullable(schema: Schema) -> bool:
    return schema.get("nullable") is True or schema.get("x-nullable") is True or "null" in kinds(schema)


def _union(parts: list[str]) -> str:
    """Return a union without repetition; `Any` swallows the rest."""
    each = list(dict.fromkeys(parts))
    if not each or "Any" in each:
        return "Any"
    return " | ".join(sorted(each, key=lambda part: part == "None"))


def _literals(values: list[Any]) -> str:
    """Return the type of an enumeration; what `Literal` cannot hold is named by its type."""
    parts: list[str] = []
    if len(values) <= _MAX_LITERALS:
        allowed = [v for v in values if isinstance(v, str | bool | int) and not isinstance(v, float)]
        seen = dict.fromkeys(literal(value) for value in allowed)
        parts = [f"Literal[{', '.join(seen)}]"] if seen else []
        values = [v for v in values if not isinstance(v, str | bool | int)]
    return _union([*parts, *(_type_of(value) for value in values)])


def _type_of(value: Any) -> str:
    return {str: "str", bool: "bool", int: "int", float: "float", type(None): "None"}.get(type(value), "Any")
