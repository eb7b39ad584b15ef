"""Names everything in a client before a line of it is written: methods, arguments, annotations, pages.

The client, the tools of an agent and the sample requests all follow this one plan.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from ratchet.contracts.apis import Api, Body, Media, Operation, Parameter, Place
from ratchet.generate.api_clients.names import Taken, snake, words
from ratchet.generate.api_clients.paging import Paging, paging
from ratchet.generate.api_clients.schemas import resolved_schema
from ratchet.generate.api_clients.types import Model, Types

_TYPES = ["bool", "bytes", "dict", "float", "int", "list", "object", "str", "models"]  # what annotations are made of
_METHOD_RESERVED = _TYPES
_ARGUMENT_RESERVED = ("self", "max_pages", *_TYPES)
_FILES = (Media.MULTIPART,)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a method: its Python name and annotation, and the parameter it becomes (None: the body)."""

    name: str
    annotation: str
    required: bool
    parameter: Parameter | None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the client: arguments in the order of its signature, what it returns, and its name over all pages."""

    name: str
    operation: Operation
    arguments: tuple[Argument, ...]
    returns: str
    pages: Paging | None = None
    pages_name: str = ""
    item: str = "Any"

    @property
    def body(self) -> Argument | None:
        """Return the argument that is sent as the body."""
        return next((argument for argument in self.arguments if argument.parameter is None), None)


@dataclass(frozen=True, slots=True)
class Plan:
    """A client to be written."""

    name: str
    api: Api
    methods: tuple[Method, ...]
    models: tuple[Model, ...]


def plan(api: Api, name: str) -> Plan:
    """Return the plan of the client of an API; `name` is the name of its package."""
    types, taken = Types(api.document), Taken(_METHOD_RESERVED)
    named = [(taken.take(_method_name(operation)), operation) for operation in api.operations]
    methods = [_method(method, operation, types, api) for method, operation in named]
    paged = [_with_pages(method, types, taken, api) for method in methods]
    return Plan(name, api, tuple(paged), tuple(types.finished()))


def _method_name(operation: Operation) -> str:
    if words(operation.operation_id):
        return snake(operation.operation_id, "call")
    parts = operation.path.replace("{", " by ").replace("}", " ")
    return snake(f"{operation.method} {parts}", operation.method)


def _method(name: str, operation: Operation, types: Types, api: Api) -> Method:
    taken = Taken(_ARGUMENT_RESERVED)
    body = _body(operation.body, name, types, api.document) if operation.body else None
    if body is not None:
        taken.take(body.name)
    found = [_argument(p, name, types, taken) for p in operation.parameters]
    everything = [*found, *([body] if body else [])]
    ordered = sorted(everything, key=lambda a: (not _is_path(a), not a.required))
    answers = [types.of(schema, f"{name} answer") for schema in operation.answer.schemas]
    return Method(name, operation, tuple(ordered), _returned(operation, answers))


def _is_path(argument: Argument) -> bool:
    return argument.parameter is not None and argument.parameter.place is Place.PATH


def _argument(parameter: Parameter, method: str, types: Types, taken: Taken) -> Argument:
    plain = snake(parameter.name, "parameter")
    name = taken.take(f"{plain}_{parameter.place}" if taken.has(plain) else plain)
    annotation = types.of(parameter.schema, f"{method} {parameter.name}")
    return Argument(name, qualified(annotation, types), parameter.required, parameter, parameter.description)


def _body(body: Body, method: str, types: Types, document: Mapping[str, object]) -> Argument:
    if body.media in (Media.TEXT, Media.BYTES):
        annotation = "str | bytes"
    else:
        files = body.media in _FILES
        schema = resolved_schema(body.schema, document) if files else body.schema
        annotation = qualified(types.of(schema, f"{method} body", files=files), types)
    return Argument("body", annotation, body.required, None, body.description)


def _returned(operation: Operation, answers: list[str]) -> str:
    if operation.method == "head" or operation.answer.media is None:
        return "None"
    if operation.answer.media is not Media.JSON:
        return "str" if operation.answer.media is Media.TEXT else "bytes"
    return "Any" if "Any" in answers else " | ".join(dict.fromkeys(answers))


def _with_pages(method: Method, types: Types, taken: Taken, api: Api) -> Method:
    found = paging(method.operation, api.document)
    returns = qualified(method.returns, types) if method.operation.answer.media is Media.JSON else method.returns
    if found is None:
        return Method(method.name, method.operation, method.arguments, returns)
    item = qualified(types.of(found.item, f"{method.name} item"), types)
    pages = taken.take(snake(f"{method.name} pages", "pages"))
    return Method(method.name, method.operation, method.arguments, returns, found, pages, item)


def qualified(annotation: str, types: Types) -> str:
    """Return an annotation as it is written outside of the module of models."""
    tree = ast.parse(annotation, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in types.models:
            node.id = f"models.{node.id}"
    return ast.unparse(tree)
