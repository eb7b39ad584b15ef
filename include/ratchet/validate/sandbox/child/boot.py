"""The sandbox's interpreter begins here, given to it as `-c`: modules come from memory, then the harness."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import json
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType


class MemoryModules(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds and loads modules from a mapping of file name to source."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module comes from, None for a name that is not among the files."""
        file = self._file(fullname)
        if file is None:
            return None
        return importlib.util.spec_from_loader(fullname, self, origin=file, is_package=file.endswith("__init__.py"))

    def get_source(self, fullname: str) -> str:
        """Return a module's source."""
        return self._files[self._file(fullname) or fullname]

    def get_code(self, fullname: str) -> CodeType:
        """Return a module's code, which says the file's name in tracebacks."""
        return self.source_to_code(self.get_source(fullname), self._file(fullname) or fullname)

    def _file(self, fullname: str) -> str | None:
        base = fullname.replace(".", "/")
        return next((file for file in (f"{base}.py", f"{base}/__init__.py") if file in self._files), None)


def main() -> None:
    """Read the task from standard input and hand it to the harness."""
    task = json.load(sys.stdin.buffer)
    sys.stdin = None
    os.close(0)  # the task can be read only once
    sys.meta_path.insert(0, MemoryModules(task.pop("trusted")))
    harness = importlib.import_module("ratchet.validate.sandbox.child.harness")
    harness.main(task, MemoryModules(task.pop("files")))


if __name__ == "__main__":
    main()
