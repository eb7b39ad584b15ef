"""Says what a generated source does that generated code may not do, from its syntax alone; nothing is run.

What is not named in `allowed_names` is refused. This is a first fence, the sandbox the second: neither trusts the
other.
"""

from __future__ import annotations

import ast
import builtins
import warnings
from collections.abc import Iterable, Iterator

from ratchet.validate.allowed_names import BUILTINS, METHODS, MODULES, REFUSED_ATTRIBUTES

MOST_CHARACTERS = 64 * 1024
LOOK_UPS = {"getattr": (2, 3), "hasattr": (2, 2)}
"""Built-ins that take an attribute's name, with how many arguments; the name has to be a literal."""

Breach = tuple[int, str]


def check(source: str, own: Iterable[str] = ()) -> list[str]:
    """Return what a source does against the rules, one line each in the source's order; empty means it may run.

    Args:
        source: of a module.
        own: further modules that may be imported with all of their public names, such as `fix` in its own test.
    """
    if len(source) > MOST_CHARACTERS:
        return [f"more than {MOST_CHARACTERS} characters"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # what the parser warns of is not good enough
            tree = ast.parse(source)
        found = {*_Imports(tree, frozenset(own)).breaches(), *_names(tree), *_attributes(tree), *_definitions(tree)}
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [f"cannot be read: {type(error).__name__}"]
    return [f"line {line}: {what}" for line, what in sorted(found)]


class _Imports:
    """What a module imports, and that it uses modules only to take allowed names from them."""

    def __init__(self, tree: ast.Module, own: frozenset[str]) -> None:
        self._tree, self._own = tree, own
        self._modules: dict[str, str] = {}

    def breaches(self) -> Iterator[Breach]:
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Import):
                yield from self._import(node)
            elif isinstance(node, ast.ImportFrom):
                yield from self._import_from(node)
        yield from self._uses()

    def _import(self, node: ast.Import) -> Iterator[Breach]:
        for alias in node.names:
            if alias.name not in MODULES and alias.name not in self._own:
                yield node.lineno, f"imports {alias.name!r}"
            elif "." in alias.name and not alias.asname:
                yield node.lineno, f"imports {alias.name!r} without a name of its own"
            else:
                self._modules[alias.asname or alias.name] = alias.name

    def _import_from(self, node: ast.ImportFrom) -> Iterator[Breach]:
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if not self._allowed(module, alias.name):
                yield node.lineno, f"imports {alias.name!r} from {module!r}"

    def _allowed(self, module: str, name: str) -> bool:
        if module in self._own:
            return name.isidentifier() and not name.startswith("_")
        return name in MODULES.get(module, frozenset())

    def _uses(self) -> Iterator[Breach]:
        """A module is only the left side of a dot: it is neither handed on nor given another meaning."""
        taken = set()
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self._modules:
                taken.add(node.value)
                module = self._modules[node.value.id]
                if not isinstance(node.ctx, ast.Load) or not self._allowed(module, node.attr):
                    yield node.lineno, f"uses {module}.{node.attr}"
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Name) and node.id in self._modules and node not in taken:
                yield node.lineno, f"uses the module {node.id!r} as a value"


def _names(tree: ast.Module) -> Iterator[Breach]:
    """Names are the module's own or allowed built-ins; `type`, `getattr` and `hasattr` in one harmless form."""
    called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            name, harmless = node.id, id(node) in called and _looks_up_safely(node.id, called[id(node)])
            if name.startswith("__") or (hasattr(builtins, name) and name not in BUILTINS and not harmless):
                yield node.lineno, f"uses {name!r}"


def _looks_up_safely(name: str, call: ast.Call) -> bool:
    if call.keywords or any(isinstance(argument, ast.Starred) for argument in call.args):
        return False
    if name == "type":
        return len(call.args) == 1
    least, most = LOOK_UPS.get(name, (1, 0))
    if not least <= len(call.args) <= most:
        return False
    attribute = call.args[1]
    return isinstance(attribute, ast.Constant) and isinstance(attribute.value, str) and _harmless(attribute.value)


def _harmless(attribute: str) -> bool:
    return not attribute.startswith("_") and attribute not in REFUSED_ATTRIBUTES


def _attributes(tree: ast.Module) -> Iterator[Breach]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not _harmless(node.attr) and not _own_attribute(node):
            yield node.lineno, f"uses the attribute {node.attr!r}"
        elif isinstance(node, ast.MatchClass):
            yield from (
                (node.lineno, f"matches the attribute {name!r}") for name in node.kwd_attrs if not _harmless(name)
            )


def _own_attribute(node: ast.Attribute) -> bool:
    """Return whether it is `self._name`, or the name of a type."""
    if node.attr == "__name__":
        return (
            isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Name) and node.value.func.id == "type"
        )
    private = node.attr.startswith("_") and not node.attr.startswith("__")
    return private and isinstance(node.value, ast.Name) and node.value.id == "self"


def _definitions(tree: ast.Module) -> Iterator[Breach]:
    """What is defined or bound under a special name: few methods of a class, nothing else."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names, line = [node.name], node.lineno
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names, line = [alias.asname or "" for alias in node.names], node.lineno
        elif isinstance(node, ast.arg | ast.keyword):
            names, line = [node.arg or ""], node.lineno
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar):
            names, line = [node.name or ""], node.lineno
        else:
            continue
        yield from ((line, f"defines {name!r}") for name in names if name.startswith("__") and name not in METHODS)
