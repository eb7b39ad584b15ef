"""A package's public functions, classes and methods, from its source text (griffe, static)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path

import griffe

from ratchet.contracts.packages import Argument, Capability
from ratchet.errors import PackageError

logging.getLogger("griffe").setLevel(logging.CRITICAL)  # it complains of style in every docstring, to the terminal
MAX_FILES = 5_000
MAX_BYTES = 2_000_000  # of one file
LONGEST = {"name": 200, "annotation": 200, "default": 200, "signature": 1000, "summary": 400, "text": 4000}
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OSError)
_KINDS = {
    griffe.ParameterKind.positional_only: "positional",
    griffe.ParameterKind.positional_or_keyword: "any",
    griffe.ParameterKind.keyword_only: "keyword",
    griffe.ParameterKind.var_positional: "list",
    griffe.ParameterKind.var_keyword: "mapping",
}


class Source:
    """A package as its source text says it is: capabilities by name, other names for them, files that do not parse.

    Attributes:
        name: of the package.
        files: how many files were read.
        capabilities: public ones, by full name.
        aliases: other full names under which they can be imported.
        problems: files that could not be read, with the reason.
    """

    def __init__(self, name: str, modules: Mapping[str, griffe.Module], root: Path, problems: list[str]) -> None:
        """Collect what is public in parsed modules."""
        self.name, self.files, self.problems = name, len(modules), tuple(problems)
        self.capabilities: dict[str, Capability] = {}
        self.aliases: dict[str, str] = {}
        self._modules, self._root = modules, root
        for path, module in sorted(modules.items()):
            if not _is_private(path):
                self._own(module)
        for path, module in sorted(modules.items()):
            self._imported(path, module)

    def _own(self, module: griffe.Module) -> None:
        for member in module.members.values():
            if not member.is_alias and member.is_public:
                self._add(member, member.path)

    def _imported(self, path: str, module: griffe.Module) -> None:
        """Note names that a module imports from the package; what is defined in private modules is public there."""
        for name, member in module.members.items():
            if not isinstance(member, griffe.Alias) or not member.target_path.startswith(f"{self.name}."):
                continue
            target = self._target(member.target_path)
            if target is None:
                continue
            exported = not _is_private(path) and module.exports is not None and name in module.exports
            if target.path not in self.capabilities and exported:
                self._add(target, f"{path}.{name}")
                self.aliases[target.path] = f"{path}.{name}"
            self.aliases[f"{path}.{name}"] = self.aliases.get(target.path, target.path)

    def _target(self, path: str, depth: int = 8) -> griffe.Object | None:
        """Return the function or class that a name stands for, through imports of imports."""
        module, _, name = path.rpartition(".")
        found = self._modules[module].members.get(name) if module in self._modules else None
        if isinstance(found, griffe.Alias):
            return self._target(found.target_path, depth - 1) if depth else None
        return found if isinstance(found, griffe.Function | griffe.Class) else None

    def _add(self, found: griffe.Object | griffe.Alias, name: str) -> None:
        if isinstance(found, griffe.Function):
            self.capabilities[name] = self._capability(found, found, name, "function")
        elif isinstance(found, griffe.Class):
            maker = found.members.get("__init__")
            called = maker if isinstance(maker, griffe.Function) else None
            self.capabilities[name] = self._capability(found, called, name, "class")
            for method in found.members.values():
                if isinstance(method, griffe.Function) and method.is_public and not method.name.startswith("_"):
                    full = f"{name}.{method.name}"
                    self.capabilities[full] = self._capability(method, method, full, "method")

    def _capability(
        self, found: griffe.Function | griffe.Class, called: griffe.Function | None, name: str, kind: str
    ) -> Capability:
        said = _said(found)
        described = said.arguments | (_said(called).arguments if called is not None else {})
        taken = tuple(_arguments(called, kind, described)) if called is not None else _fields(found)
        returns = str(called.returns) if called is not None and called.returns is not None and kind != "class" else ""
        is_async = called is not None and "async" in called.labels
        path = found.filepath
        return Capability(
            name=_cut(name, "name"),
            kind=kind,
            signature=_cut(_signature(name.rpartition(".")[2], taken, returns, is_async=is_async), "signature"),
            summary=_cut(said.summary, "summary"),
            description=_cut(said.description, "text"),
            arguments=taken,
            returns=_cut(said.returns, "summary"),
            file=path.relative_to(self._root).as_posix() if isinstance(path, Path) else "",
            line=found.lineno or 0,
        )


def read(package: Path) -> Source:
    """Return what is public in a package, a folder or a single file; files that do not parse are named and left out.

    Raises:
        PackageError: if there is no such package, it holds no Python file, too many, or none that parses.
    """
    root = package.resolve()
    if not root.exists():
        raise PackageError("there is no such package", where=str(package), way_out="name its folder, or a .py file")
    name = root.stem if root.is_file() else root.name
    if not name.isidentifier():
        way_out = "name the folder that is imported, such as src/assistant"
        raise PackageError(f"{name[:60]!r} cannot be imported as a package", where=str(package), way_out=way_out)
    files = (
        [file for file in [root] if file.suffix == ".py"]
        if root.is_file()
        else sorted(_files(root), key=lambda file: (file.parent, file.name != "__init__.py"))
    )
    if not files:
        raise PackageError("there is no Python file in it", where=str(package), way_out="name the folder of its code")
    if len(files) > MAX_FILES:
        way_out = f"at most {MAX_FILES:,} are read: name a package inside it"
        raise PackageError(f"{len(files):,} Python files", where=str(package), way_out=way_out)
    modules, problems = _parsed(name, root.parent, files)
    if not modules:
        raise PackageError(
            f"nothing in it parses: {problems[0]}", where=str(package), way_out="mend it, then run again"
        )
    return Source(name, modules, root.parent, problems)


def _files(root: Path) -> Iterator[Path]:
    """Yield a package's files; links, hidden folders and caches are left alone."""
    for path in sorted(root.iterdir()):
        if path.is_symlink() or path.name.startswith((".", "__pycache__")):
            continue
        if path.is_dir():
            yield from _files(path)
        elif path.suffix == ".py" and path.stem.isidentifier():
            yield path


def _parsed(name: str, base: Path, files: list[Path]) -> tuple[dict[str, griffe.Module], list[str]]:
    modules: dict[str, griffe.Module] = {}
    problems: list[str] = []
    for file in files:
        parts = file.relative_to(base).with_suffix("").parts
        path = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        try:
            modules[path] = _module(path, file, modules)
        except _UNREADABLE as error:
            place = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            reason = error.msg if isinstance(error, SyntaxError) else str(error) or type(error).__name__
            problems.append(f"{file.relative_to(base)}{place}: {reason}"[:400])
    return modules, problems


def _module(path: str, file: Path, modules: Mapping[str, griffe.Module]) -> griffe.Module:
    if file.stat().st_size > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES:,} bytes")
    above, _, last = path.rpartition(".")
    parent = modules.get(above)
    return griffe.visit(
        last if parent is not None else path,
        filepath=file,
        code=file.read_text("utf-8-sig"),
        parent=parent,
        docstring_parser=griffe.Parser.auto,
    )


class _Said:
    """What a docstring says, in parts."""

    def __init__(self) -> None:
        self.summary, self.description, self.returns = "", "", ""
        self.arguments: dict[str, str] = {}


def _said(found: griffe.Object) -> _Said:
    said = _Said()
    if found.docstring is None:
        return said
    texts: list[str] = []
    for section in found.docstring.parse("auto", method="max_sections"):
        if section.kind is griffe.DocstringSectionKind.text:
            texts.append(str(section.value))
        elif section.kind is griffe.DocstringSectionKind.parameters:
            said.arguments |= {str(each.name): " ".join(str(each.description).split()) for each in section.value}
        elif section.kind is griffe.DocstringSectionKind.returns:
            said.returns = " ".join(" ".join(str(each.description) for each in section.value).split())
    summary, _, rest = "\n\n".join(texts).strip().partition("\n\n")
    said.summary, said.description = " ".join(summary.split()), rest.strip()
    return said


def _arguments(called: griffe.Function, kind: str, described: Mapping[str, str]) -> Iterator[Argument]:
    bound = kind in ("class", "method") and "staticmethod" not in called.labels
    for place, each in enumerate(called.parameters):
        if bound and place == 0 and each.kind is not griffe.ParameterKind.var_positional:
            continue  # self
        how = _KINDS.get(each.kind or griffe.ParameterKind.positional_or_keyword, "any")
        has_default = each.default is not None and how not in ("list", "mapping")
        yield Argument(
            name=_cut(each.name, "name"),
            kind=how,
            annotation=_cut(str(each.annotation), "annotation") if each.annotation is not None else "",
            default=_cut(str(each.default), "default") if has_default else None,
            description=_cut(described.get(each.name, ""), "summary"),
        )


def _fields(found: griffe.Function | griffe.Class) -> tuple[Argument, ...]:
    """Return the fields of a dataclass, which are what it is called with."""
    decorators = [str(each.value) for each in getattr(found, "decorators", ())]
    if not any("dataclass" in each for each in decorators):
        return ()
    fields = [a for a in found.members.values() if isinstance(a, griffe.Attribute) and a.annotation is not None]
    return tuple(
        Argument(
            name=_cut(each.name, "name"),
            kind="any",
            annotation=_cut(str(each.annotation), "annotation"),
            default=None if each.value is None else _cut(str(each.value), "default"),
        )
        for each in fields
    )


def _signature(name: str, arguments: tuple[Argument, ...], returns: str, *, is_async: bool) -> str:
    """Return a signature as Python writes it."""
    parts: list[str] = []
    kinds = [argument.kind for argument in arguments]
    for place, argument in enumerate(arguments):
        if argument.kind == "keyword" and "list" not in kinds and "keyword" not in kinds[:place]:
            parts.append("*")
        stars = {"list": "*", "mapping": "**"}.get(argument.kind, "")
        typed = f": {argument.annotation}" if argument.annotation else ""
        equals = " = " if typed else "="
        parts.append(f"{stars}{argument.name}{typed}{'' if argument.default is None else equals + argument.default}")
        if argument.kind == "positional" and kinds[place + 1 : place + 2] != ["positional"]:
            parts.append("/")
    result = f" -> {returns}" if returns else ""
    return " ".join(f"{'async ' if is_async else ''}{name}({', '.join(parts)}){result}".split())


def _is_private(path: str) -> bool:
    return any(part.startswith("_") for part in path.split("."))


def _cut(text: str, what: str) -> str:
    limit = LONGEST[what]
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
