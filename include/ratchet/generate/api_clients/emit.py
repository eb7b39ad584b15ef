"""Writes the Python of a client from its plan: one class, one method an operation, one module of models.

What stands in it is a name that `names.py` made, an annotation that `types.py` made, a literal or a docstring that
`text.py` made; `validate/api_clients.py` reads the result again by its syntax tree.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Iterator
from typing import Any

from ratchet.contracts.api_references import is_http
from ratchet.contracts.apis import Media, Operation
from ratchet.generate.api_clients.plan import Argument, Method, Plan
from ratchet.generate.api_clients.text import docstring, literal, plain, sentence
from ratchet.generate.api_clients.types import RESERVED, Model

_KINDS = {Media.JSON: "json", Media.FORM: "form", Media.MULTIPART: "multipart"}
_ANSWERS = {Media.JSON: "json", Media.TEXT: "text", Media.BYTES: "bytes"}
_IMPORTS = (
    ("Iterator", "from collections.abc import Iterator"),
    ("Any", "from typing import Any"),
    ("Literal", "from typing import Literal"),
    ("models", "from . import models"),
    ("BaseClient", "from .http import BaseClient"),
    ("_Paging", "from .http import Paging as _Paging"),
    ("_Body", "from .wire import Body as _Body"),
    ("_Part", "from .wire import Part as _Part"),
)


def package_module(plan: Plan) -> str:
    """Return `__init__.py`: the names that an application uses."""
    about = f"Client of {_title(plan)}. Written by Ratchet; it needs nothing but Python 3.11."
    errors = ["ApiError", "ApiFormatError", "ApiStatusError", "ApiUnreachableError"]
    names = ", ".join(f'"{name}"' for name in [*errors, "Client"])
    return (
        f"{docstring([about], '')}\n\nfrom .client import Client\n"
        f"from .http import {', '.join(errors)}\n\n__all__ = [{names}]\n"
    )


def client_module(plan: Plan) -> str:
    """Return `client.py`: the class whose methods are the operations."""
    body = "\n\n".join([_head(plan), *(_methods(plan))])
    about = f"The operations of {_title(plan)}, one method each."
    used = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
    lines = [line for name, line in _IMPORTS if name in used]
    groups = [[line for line in lines if line.startswith("from .") is own] for own in (False, True)]
    imports = "\n\n".join("\n".join(group) for group in groups if group)
    head = f"{docstring([about], '')}\n\nfrom __future__ import annotations\n\n{imports}"
    return f'{head}\n\n__all__ = ["Client"]\n\n\n{body}\n'


def _title(plan: Plan) -> str:
    return f"{plain(plan.api.title, 120) or plan.name} {plain(plan.api.version, 40)}".strip()


def _head(plan: Plan) -> str:
    server = next((s for s in plan.api.servers if is_http(s)), None)
    schemes = {name: (scheme.kind, scheme.name) for name, scheme in plan.api.schemes.items()}
    lines = [
        "class Client(BaseClient):",
        docstring([f"Calls {_title(plan)}."], "    "),
        "",
        f"    _default_server = {literal(server)}",
        f"    _schemes = {literal(schemes)}",
    ]
    return "\n".join(lines)


def _methods(plan: Plan) -> Iterator[str]:
    for method in plan.methods:
        yield _method(method)
        if method.pages is not None:
            yield _pages(method)


def _method(method: Method) -> str:
    call = f"self._call({', '.join(_call(method))})"
    lines = [_signature(method.name, method.arguments, method.returns), _docs(method)]
    if method.returns == "None":
        return "\n".join([*lines, f"        {call}"])
    return "\n".join([*lines, f"        _answer: {method.returns} = {call}", "        return _answer"])


def _signature(name: str, arguments: tuple[Argument, ...], returns: str, more: str = "") -> str:
    first = [a for a in arguments if a.parameter is not None and a.parameter.place == "path"]
    rest = [f"{a.name}: {_optional(a)}" for a in arguments if a not in first]
    named = [*rest, more] if more else rest
    parts = ["self", *(f"{a.name}: {a.annotation}" for a in first), *(["*", *named] if named else [])]
    return f"    def {name}({', '.join(parts)}) -> {returns}:"


def _optional(argument: Argument) -> str:
    if argument.required:
        return argument.annotation
    already = argument.annotation == "Any" or argument.annotation.endswith("| None") or argument.annotation == "None"
    return f"{argument.annotation}{'' if already else ' | None'} = None"


def _docs(method: Method) -> str:
    operation = method.operation
    said = plain(operation.summary, 200) or plain(operation.description, 200) or f"Call {plain(operation.path, 160)}"
    longer = plain(operation.description)
    gone = "Deprecated: the API says that it will go away." if operation.deprecated else ""
    first = sentence(said)
    more = sentence(longer) if longer and sentence(longer) != first else ""
    label = f"{operation.method.upper()} {plain(operation.path, 200)}"
    return docstring([first, more, gone, label, _described(method.arguments)], "        ")


def _described(arguments: tuple[Argument, ...]) -> str:
    lines = [f"    {a.name}: {sentence(plain(a.description, 300))}" for a in arguments if plain(a.description, 300)]
    return "\n".join(["Args:", *lines]) if lines else ""


def _call(method: Method) -> Iterator[str]:
    operation = method.operation
    yield literal(operation.method.upper())
    yield literal(operation.path)
    yield f"[{', '.join(_part(a) for a in method.arguments if a.parameter is not None)}]"
    if operation.body is not None:
        yield _body(operation)
    if operation.answer.media is not None and method.returns != "None":
        yield f"answer={literal(_ANSWERS.get(operation.answer.media, 'bytes'))}"
    if operation.security:
        yield f"security={literal(operation.security)}"
    if operation.fixed_query:
        yield f"fixed_query={literal(operation.fixed_query)}"
    if operation.server is not None:
        yield f"server={literal(operation.server)}"


def _part(argument: Argument) -> str:
    p = argument.parameter
    assert p is not None
    said = [literal(p.place.value), literal(p.name), argument.name, literal(p.style)]
    if p.explode or p.keep_reserved:
        said.append(literal(p.explode))
    return f"_Part({', '.join(said)}{', True' if p.keep_reserved else ''})"


def _body(operation: Operation) -> str:
    body = operation.body
    assert body is not None
    said = [literal(_KINDS.get(body.media, "raw")), literal(body.media_type), "body"]
    if body.required:
        said.append("required=True")
    if body.styles:
        said.append(f"styles={literal(dict(body.styles))}")
    return f"_Body({', '.join(said)})"


def _pages(method: Method) -> str:
    pages = method.pages
    assert pages is not None
    kept = tuple(a for a in method.arguments if a.parameter != pages.parameter)
    given = [a.name if _by_place(a) else f"{a.name}={a.name}" for a in method.arguments if a in kept]
    at = next(a.name for a in method.arguments if a.parameter == pages.parameter)
    how: dict[str, Any] = {"items": pages.items, "next": pages.next, "first": pages.first}
    said = ", ".join([literal(pages.kind), *(f"{k}={literal(v)}" for k, v in how.items() if v)])
    about = f"Yield what `{method.name}` answers, over all pages, at most `max_pages`."
    call = f"self.{method.name}({', '.join([*given, f'{at}=_at'])})"
    return "\n".join(
        [
            _signature(method.pages_name, kept, f"Iterator[{method.item}]", "max_pages: int = 1000"),
            docstring([about], "        "),
            f"        return self._pages(lambda _at: {call}, _Paging({said}), max_pages)",
        ]
    )


def _by_place(argument: Argument) -> bool:
    return argument.parameter is not None and argument.parameter.place == "path"


def models_module(plan: Plan) -> str:
    """Return `models.py`: what the API's requests and answers look like."""
    taken = frozenset([*RESERVED, *(model.name for model in plan.models)])
    parts = [_model(model, taken) for model in plan.models]
    body = "\n\n\n".join(parts)
    about = f"What requests and answers of {_title(plan)} look like."
    names = "Any, Literal, NotRequired, TypeAlias, TypedDict"
    used = [name for name in names.split(", ") if f"{name}" in body]
    line = f"from typing import {', '.join(used)}\n\n\n" if used else ""
    return f"{docstring([about], '')}\n\nfrom __future__ import annotations\n\n{line}{body}\n"


def _model(model: Model, taken: frozenset[str]) -> str:
    """Return a model; a field that is called like a type could not stand in a class beside that type."""
    if model.fields is None:
        return f"{model.name}: TypeAlias = {literal(model.alias)}"
    fields = {k: a if required else f"NotRequired[{a}]" for k, (a, required) in model.fields.items()}
    if not all(_is_plain_name(key) and key not in taken for key in fields):
        entries = ", ".join(f"{literal(key)}: {literal(annotation)}" for key, annotation in fields.items())
        return f"{model.name} = TypedDict({literal(model.name)}, {{{entries}}})"
    said = sentence(plain(model.description, 300)) or "An object of the API."
    lines = [f"    {key}: {annotation}" for key, annotation in fields.items()]
    return "\n".join([f"class {model.name}(TypedDict):", docstring([said], "    "), "", *lines])


def _is_plain_name(key: str) -> bool:
    return key.isascii() and key.isidentifier() and not keyword.iskeyword(key) and not key.startswith("_")
