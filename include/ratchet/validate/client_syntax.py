"""Reads a generated client by its syntax tree: anything that the emitter cannot have meant is named.

This is what makes a hostile specification harmless: besides names, literals and annotations, a client may hold calls of
four helpers and nothing else. It sees text only; running and typing belong to `api_clients.py`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping

_CLIENT_IMPORTS = frozenset(
    [
        "from __future__ import annotations",
        "from collections.abc import Iterator",
        "from typing import Any",
        "from typing import Literal",
        "from . import models",
        "from .http import BaseClient",
        "from .http import Paging as _Paging",
        "from .wire import Body as _Body",
        "from .wire import Part as _Part",
    ]
)
_PACKAGE_IMPORTS = frozenset(
    [
        "from .client import Client",
        "from .http import ApiError, ApiFormatError, ApiStatusError, ApiUnreachableError",
    ]
)
_MODEL_NAMES = frozenset({"Any", "Literal", "NotRequired", "TypeAlias", "TypedDict"})
_TYPES = frozenset({"Any", "bool", "bytes", "dict", "float", "int", "list", "str"})
_GENERIC = frozenset({"list", "dict", "Iterator", "NotRequired"})
_HELPERS = frozenset({"_Part", "_Body", "_Paging"})


def problems(files: Mapping[str, str]) -> list[str]:
    """Return what stands in a client's Python that must not, in words; empty for a sound one."""
    readers: dict[str, Callable[[ast.Module], Iterator[tuple[ast.AST, str]]]] = {
        "__init__.py": _package,
        "client.py": _client,
        "models.py": _models,
    }
    return [problem for name, read in readers.items() for problem in _read(name, files.get(name), read)]


def _read(name: str, source: str | None, read: Callable[[ast.Module], Iterator[tuple[ast.AST, str]]]) -> list[str]:
    if source is None:
        return [f"{name} is missing"]
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [f"{name} is not Python: {type(error).__name__}"]
    return [f"{name}:{getattr(node, 'lineno', 0)} {why}" for node, why in read(tree)]


def _package(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for node in tree.body:
        if not (_is_text(node) or _imports(node, _PACKAGE_IMPORTS) or _assigns(node, "__all__", _is_literal)):
            yield node, "holds a statement that no client has"


def _client(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == "Client" and _is_plain_class(node, "BaseClient"):
            yield from _class(node)
        elif not (_is_text(node) or _imports(node, _CLIENT_IMPORTS) or _assigns(node, "__all__", _is_literal)):
            yield node, "holds a statement that no client has"


def _class(tree: ast.ClassDef) -> Iterator[tuple[ast.AST, str]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield from _method(node)
        elif not (_is_text(node) or any(_assigns(node, name, _is_literal) for name in ("_default_server", "_schemes"))):
            yield node, "the class holds a statement that no client has"


def _method(node: ast.FunctionDef) -> Iterator[tuple[ast.AST, str]]:
    arguments = [*node.args.args, *node.args.kwonlyargs]
    names = {argument.arg for argument in arguments}
    if node.decorator_list or node.args.vararg or node.args.kwarg or node.args.posonlyargs or node.name.startswith("_"):
        yield node, "a method of another shape"
    for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
        if not (isinstance(default, ast.Constant) and default.value in (None, 1000)):
            yield default, "a default value of another kind"
    for annotation in [*(a.annotation for a in arguments if a.arg != "self"), node.returns]:
        if annotation is None or not _is_annotation(annotation):
            yield annotation or node, "an annotation of another kind"
    for statement in node.body:
        if not _is_step(statement, names):
            yield statement, "a statement of another kind in a method"


def _is_step(node: ast.stmt, names: set[str]) -> bool:
    if isinstance(node, ast.AnnAssign):
        named = isinstance(node.target, ast.Name) and node.target.id == "_answer" and _is_annotation(node.annotation)
        return named and _is_call(node.value, names)
    if isinstance(node, ast.Return):
        return (isinstance(node.value, ast.Name) and node.value.id == "_answer") or _is_paging(node.value, names)
    return _is_text(node) or (isinstance(node, ast.Expr) and _is_call(node.value, names))


def _is_call(node: ast.expr | None, names: set[str]) -> bool:
    return (
        isinstance(node, ast.Call) and _is_own(node.func, "_call") and _takes(node, lambda part: _is_value(part, names))
    )


def _takes(node: ast.Call, allowed: Callable[[ast.expr], bool]) -> bool:
    return all(allowed(a) for a in node.args) and all(k.arg is not None and allowed(k.value) for k in node.keywords)


def _is_value(node: ast.expr, names: set[str]) -> bool:
    """Return whether an expression is an argument, a literal, or a helper with such."""
    if isinstance(node, ast.Name):
        return node.id in names and node.id != "self"
    if isinstance(node, ast.Call):
        helper = isinstance(node.func, ast.Name) and node.func.id in _HELPERS
        return helper and _takes(node, lambda part: _is_value(part, names))
    if isinstance(node, ast.List):
        return all(_is_value(entry, names) for entry in node.elts)
    return _is_literal(node)


def _is_paging(node: ast.expr | None, names: set[str]) -> bool:
    if not (isinstance(node, ast.Call) and _is_own(node.func, "_pages") and len(node.args) == 3 and not node.keywords):
        return False
    again, how, most = node.args
    return (
        isinstance(again, ast.Lambda)
        and [a.arg for a in again.args.args] == ["_at"]
        and isinstance(again.body, ast.Call)
        and _is_own(again.body.func)
        and _takes(again.body, lambda part: _is_value(part, names | {"_at"}))
        and _is_value(how, names)
        and isinstance(most, ast.Name)
    )


def _is_own(node: ast.expr, name: str | None = None) -> bool:
    """Return whether an expression is a method of the client itself: the named one, or a public one."""
    own = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"
    assert not own or isinstance(node, ast.Attribute)
    return own and (node.attr == name if name else not node.attr.startswith("_"))  # type: ignore[attr-defined]


def _models(tree: ast.Module) -> Iterator[tuple[ast.AST, str]]:
    for node in tree.body:
        if not (_is_text(node) or _is_model_import(node) or _is_model(node)):
            yield node, "holds a statement that no model has"


def _is_model_import(node: ast.stmt) -> bool:
    if _imports(node, _CLIENT_IMPORTS):
        return True
    known = isinstance(node, ast.ImportFrom) and node.module == "typing" and not node.level
    return known and all(a.name in _MODEL_NAMES and not a.asname for a in node.names)  # type: ignore[attr-defined]


def _is_model(node: ast.stmt) -> bool:
    if isinstance(node, ast.ClassDef):
        return _is_plain_class(node, "TypedDict") and all(_is_text(field) or _is_field(field) for field in node.body)
    if isinstance(node, ast.AnnAssign):
        alias = isinstance(node.annotation, ast.Name) and node.annotation.id == "TypeAlias"
        return alias and node.value is not None and _is_quoted(node.value)
    if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.value, ast.Call)):
        return False
    call, target = node.value, node.targets[0]
    return (
        isinstance(target, ast.Name)
        and isinstance(call.func, ast.Name)
        and call.func.id == "TypedDict"
        and len(call.args) == 2
        and not call.keywords
        and isinstance(call.args[0], ast.Constant)
        and call.args[0].value == target.id
        and isinstance(call.args[1], ast.Dict)
        and all(isinstance(key, ast.Constant) and isinstance(key.value, str) for key in call.args[1].keys)
        and all(_is_quoted(value) for value in call.args[1].values)
    )


def _is_field(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and node.value is None and _is_annotation(node.annotation)


def _is_quoted(node: ast.expr) -> bool:
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return False
    try:
        return _is_annotation(ast.parse(node.value, mode="eval").body)
    except (SyntaxError, ValueError):
        return False


def _is_annotation(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None
    if isinstance(node, ast.Name):
        return node.id in _TYPES or node.id[:1].isupper()
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, ast.Name) and node.value.id == "models" and not node.attr.startswith("_")
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitOr) and _is_annotation(node.left) and _is_annotation(node.right)
    if not (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)):
        return False
    inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if node.value.id == "Literal":
        return all(_is_literal(part) for part in inner)
    return node.value.id in _GENERIC and all(_is_annotation(part) for part in inner)


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant)
    if isinstance(node, ast.Tuple | ast.List):
        return all(_is_literal(entry) for entry in node.elts)
    if isinstance(node, ast.Dict):
        return all(key is not None and _is_literal(key) for key in node.keys) and all(map(_is_literal, node.values))
    return isinstance(node, ast.Constant)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _imports(node: ast.stmt, allowed: frozenset[str]) -> bool:
    return isinstance(node, ast.ImportFrom) and ast.unparse(node) in allowed


def _assigns(node: ast.stmt, name: str, allowed: Callable[[ast.expr], bool]) -> bool:
    if not (isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)):
        return False
    return node.targets[0].id == name and allowed(node.value)


def _is_plain_class(node: ast.ClassDef, base: str) -> bool:
    bases = [b.id for b in node.bases if isinstance(b, ast.Name)]
    return bases == [base] and len(node.bases) == 1 and not node.keywords and not node.decorator_list
