"""Calls of a package's capabilities in tests that passed, found in the syntax tree of the tests; nothing is run."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

from ratchet.contracts.packages import Example, RunOfTests
from ratchet.document.code import Source
from ratchet.document.junit import Run
from ratchet.errors import PackageError

MAX_FILES = 5_000
LONGEST_CODE = 1_500  # characters
MOST_LINES = 12
KEPT = 3  # examples of a capability, the shortest
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OSError)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def find(tests: Path, run: Run, source: Source) -> tuple[dict[str, tuple[Example, ...]], RunOfTests]:
    """Return the shortest examples of each capability, and what the run of the tests said.

    Args:
        tests: a folder, or one file.
        run: which tests passed.
        source: whose capabilities are looked for.

    Raises:
        PackageError: if there are no tests, too many, or none that the run knows.
    """
    root = tests.resolve()
    files = [root] if root.is_file() else sorted(root.rglob("*.py")) if root.is_dir() else []
    if not files or len(files) > MAX_FILES:
        why = f"{len(files):,} Python files, at most {MAX_FILES:,} are read" if files else "there are no tests"
        raise PackageError(why, where=str(tests), way_out="name the folder of the tests")
    trees, unread = _trees(files)
    base = _base(root, trees, run)
    if base is None and run.passing:
        way_out = "name the tests that it was written by"
        raise PackageError("the result of the tests knows none of these tests", where=str(tests), way_out=way_out)
    found: dict[str, list[Example]] = {}
    for file, (text, tree) in trees.items():
        shown = _of_file(file.relative_to(base), text, tree, run, source) if base is not None else ()
        for name, example in shown:
            found.setdefault(name, []).append(example)
    examples = {name: tuple(sorted(each, key=_order)[:KEPT]) for name, each in found.items()}
    return examples, RunOfTests(run.passed, run.failed, run.skipped, tuple(f.name for f in unread))


def _order(example: Example) -> tuple[int, str, int]:
    return len(example.code), example.file, example.line


def _trees(files: list[Path]) -> tuple[dict[Path, tuple[str, ast.Module]], list[Path]]:
    trees, unread = {}, []
    for file in files:
        try:
            text = file.read_text("utf-8-sig")
            trees[file] = (text, ast.parse(text))
        except _UNREADABLE:
            unread.append(file)
    return trees, unread


def _base(root: Path, files: Mapping[Path, object], run: Run) -> Path | None:
    """Return the folder that the run's class names are counted from: the one from which most of them are found."""
    modules = {name for name, _ in run.passing}
    folders = [*([] if root.is_file() else [root]), *root.parents]

    def known(folder: Path) -> int:
        names = [_dotted(file.relative_to(folder)) for file in files if file.is_relative_to(folder)]
        return sum(any(module == name or module.startswith(f"{name}.") for module in modules) for name in names)

    best = max(folders, key=known)
    return best if known(best) else None


def _dotted(file: Path) -> str:
    return ".".join(file.with_suffix("").parts)


def _of_file(file: Path, text: str, tree: ast.Module, run: Run, source: Source) -> Iterator[tuple[str, Example]]:
    names = _imported(tree, source)
    if not names:
        return
    for owner, function in _functions(tree):
        where = ".".join([_dotted(file), *owner])
        if (where, function.name) in run.passing:
            yield from _of_test(file, text, function, names | _local(function, source), source)


def _functions(tree: ast.Module) -> Iterator[tuple[tuple[str, ...], Function]]:
    for node in tree.body:
        if isinstance(node, Function):
            yield (), node
        elif isinstance(node, ast.ClassDef):
            yield from (((node.name,), each) for each in node.body if isinstance(each, Function))


def _imported(tree: ast.AST, source: Source) -> dict[str, str]:
    """Return what the names of a file stand for, where it is of the package."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    inside = f"{source.name}."
    return {name: full for name, full in names.items() if full == source.name or full.startswith(inside)}


def _local(function: Function, source: Source) -> dict[str, str]:
    return _imported(function, source)


def _of_test(
    file: Path, text: str, function: Function, names: Mapping[str, str], source: Source
) -> Iterator[tuple[str, Example]]:
    known = dict(names)
    seen: set[str] = set()
    for statement in function.body:
        for call in _calls(statement):
            capability = _called(call, known, source)
            if capability is not None and capability not in seen:
                seen.add(capability)
                code = _code(text, function, statement)
                yield capability, Example(function.name, file.as_posix(), call.lineno, code)
        _remember(statement, known, source)


def _calls(statement: ast.stmt) -> Iterator[ast.Call]:
    """Yield the calls of a statement, but for what is expected to raise."""
    if isinstance(statement, ast.With | ast.AsyncWith) and any("raises" in ast.dump(i) for i in statement.items):
        return
    for node in ast.iter_child_nodes(statement):
        if isinstance(node, ast.stmt):
            yield from _calls(node)
        else:
            yield from (each for each in ast.walk(node) if isinstance(each, ast.Call))


def _called(call: ast.Call, names: Mapping[str, str], source: Source) -> str | None:
    """Return the capability that a call is of; a method is known where its object was made in the same test."""
    target = call.func
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Call):
        made = _called(target.value, names, source)
        full = f"{made}.{target.attr}" if made else ""
    else:
        parts: list[str] = []
        while isinstance(target, ast.Attribute):
            parts.insert(0, target.attr)
            target = target.value
        if not isinstance(target, ast.Name) or target.id not in names:
            return None
        full = ".".join([names[target.id], *parts])
    for _ in range(3):  # a method's class may have another name too
        if full in source.capabilities:
            return full
        owner, _, last = full.rpartition(".")
        full = source.aliases.get(full) or f"{source.aliases.get(owner, owner)}.{last}"
    return None


def _remember(statement: ast.stmt, known: dict[str, str], source: Source) -> None:
    """Note a variable that holds an object of one of the package's classes."""
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
        made = _called(statement.value, known, source)
        for target in statement.targets:
            if isinstance(target, ast.Name):
                known.pop(target.id, None)
                if made is not None and source.capabilities[made].kind == "class":
                    known[target.id] = made


def _code(text: str, function: Function, statement: ast.stmt) -> str:
    """Return the test up to the statement where that is short, else the statement alone."""
    lines, last = text.splitlines(), statement.end_lineno or statement.lineno
    first = function.body[0].lineno
    begin = first if last - first < MOST_LINES else statement.lineno
    code = textwrap.dedent("\n".join(lines[begin - 1 : last][: 2 * MOST_LINES]))
    return code if len(code) <= LONGEST_CODE else f"{code[:LONGEST_CODE]}…"
