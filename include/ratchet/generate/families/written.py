"""Writes a fix: the source of templates with another docstring and other values of their constants.

Nothing else of them changes, so that what a log says can only ever become a literal. The layout is one that
`ruff format` keeps whatever the values: texts hold no quote and no backslash but in escapes, and a list stands one
entry a line with a comma at the end.
"""

from __future__ import annotations

import ast
import inspect
import json
import math
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from ratchet.contracts.fix_cases import is_class_name
from ratchet.generate.families import templates as all_templates

EXAMPLE = "ExampleError"
_TEMPLATES = all_templates.__name__
_WIDTH = 88
_RAW = frozenset(chr(code) for code in range(0x20, 0x7F)) - frozenset("\"'\\")


def written(
    templates: Sequence[ModuleType], docstring: Sequence[str], values: Mapping[str, Any], error_name: str = EXAMPLE
) -> str:
    """Return the source of templates, one behind the other, with these values.

    Args:
        templates: modules of `templates/`.
        docstring: its paragraphs, of our own words and checked names alone; the first becomes the summary line.
        values: by the name of the constant; constants that are not named keep the template's value.
        error_name: what the templates' `ExampleError` is called.

    Raises:
        ValueError: for a value that is not plain, a text that cannot stand in a docstring, an unknown constant, or a
            class name that is no identifier or taken.
    """
    source = _joined([inspect.getsource(template) for template in templates])
    lines, tree = source.splitlines(), ast.parse(source)
    places = _constants(tree)
    if unknown := sorted(set(values) - set(places)):
        raise ValueError(f"the template has no constant {unknown[0]}")
    edits: list[tuple[ast.stmt, list[str]]] = [(tree.body[0], _docstring(docstring))]
    edits += [(places[name], _assigned(places[name], lines, value)) for name, value in values.items()]
    for node, text in sorted(edits, key=lambda edit: -edit[0].lineno):
        lines[node.lineno - 1 : node.end_lineno] = text
    return _renamed("\n".join(lines) + "\n", tree, error_name)


def literal(value: Any) -> str:
    """Return Python for a plain value; `ast.literal_eval` gives it back.

    Raises:
        ValueError: for anything but texts, finite numbers, booleans, None, and lists of those or of tuples of them.
    """
    return "\n".join(_literal(value))


def _literal(value: Any) -> list[str]:
    if value is None or type(value) in (bool, int):
        return [repr(value)]
    if type(value) is float and math.isfinite(value):
        return [repr(value)]
    if type(value) is str:
        return [_text(value)]
    if type(value) is list:
        return _entries("[", value, "]") if value else ["[]"]
    if type(value) is tuple and len(value) > 1 and not any(isinstance(entry, list | tuple) for entry in value):
        return _entries("(", value, ")")
    raise ValueError(f"a {type(value).__name__} like this is no plain value")


def _entries(begin: str, value: Sequence[Any], end: str) -> list[str]:
    """Return an entry a line; a tuple of one would lose its comma, so there are none."""
    found = [begin]
    for entry in value:
        if isinstance(entry, list):
            raise ValueError("a list in a list is no plain value")
        *inner, last = _literal(entry)
        found += [f"    {line}" for line in (*inner, f"{last},")]
    return [*found, end]


def _text(value: str) -> str:
    return '"' + "".join(char if char in _RAW else _escaped(char) for char in value) + '"'


def _escaped(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _constants(tree: ast.Module) -> dict[str, ast.AnnAssign]:
    found = [node for node in tree.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]
    return {node.target.id: node for node in found if isinstance(node.target, ast.Name)}


def _joined(sources: Sequence[str]) -> str:
    """Return what stands below the imports of each source, behind the imports of all."""
    trees = [ast.parse(source) for source in sources]
    text, before = '"""Example."""\n\nfrom __future__ import annotations\n\n' + "\n".join(_imports(trees)), None
    for source, tree in zip(sources, trees, strict=True):
        own = [node for node in tree.body[1:] if not _is_import(node)]
        near = _is_constant(own[0]) and (before is None or _is_constant(before))
        text += "\n\n" if near else "\n\n\n"
        text += "\n".join(source.splitlines()[own[0].lineno - 1 :])
        before = own[-1]
    return text + "\n"


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign | ast.AnnAssign)


def _imports(trees: Sequence[ast.Module]) -> list[str]:
    """Return the lines of all imports, sorted as the tools want them: Python's own, those of packages, the fix."""
    nodes = [node for tree in trees for node in tree.body]
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    taken: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith(("__future__", "ratchet")):
            taken.setdefault(node.module, set()).update(alias.name for alias in node.names)
    own = sys.stdlib_module_names
    found = [f"import {module}" for module in sorted(modules & own)]
    found += [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(taken.items())]
    for block in (sorted(modules - own), ["fix"] if any(map(_is_template, nodes)) else []):
        found += ["", *(f"import {module}" for module in block)] if block else []
    return found


def _renamed(source: str, tree: ast.Module, error_name: str) -> str:
    if error_name == EXAMPLE or EXAMPLE not in {node.name for node in tree.body if isinstance(node, ast.ClassDef)}:
        return source
    taken = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - {EXAMPLE}
    if not is_class_name(error_name) or error_name in taken:
        raise ValueError(f"{json.dumps(error_name)} cannot be the name of a class here")
    return re.sub(rf"\b{EXAMPLE}\b", error_name, source)


def _is_template(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == _TEMPLATES and node.names[0].asname == "fix"


def _assigned(node: ast.AnnAssign, lines: Sequence[str], value: Any) -> list[str]:
    head = lines[node.lineno - 1].split(" = ", 1)[0]
    first, *rest = _literal(value)
    return [f"{head} = {first}", *rest]


def _docstring(paragraphs: Sequence[str]) -> list[str]:
    for text in paragraphs:
        if not all(char in _RAW or char == "\n" for char in text):
            raise ValueError(f"{json.dumps(text)} cannot stand in a docstring")
    first, *rest = paragraphs
    if len(first) > _WIDTH - 3:
        raise ValueError("a summary stands on one line")
    if not rest:
        return [f'"""{first}"""']
    found = [f'"""{first}']
    for text in rest:
        found += ["", *_wrapped(text)]
    return [*found, '"""']


def _wrapped(text: str) -> list[str]:
    return [line for part in text.split("\n") for line in textwrap.wrap(part, _WIDTH, break_on_hyphens=False) or [""]]
