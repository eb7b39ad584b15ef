"""One look at a package: its capabilities, with examples where tests and their result were given."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from ratchet.contracts.packages import Package
from ratchet.document import code, examples, junit
from ratchet.errors import PackageError


def look(package: Path, day: date, tests: Path | None = None, result: Path | None = None) -> Package:
    """Return what a package can do, by its source text alone.

    Args:
        package: its folder, or a single file.
        day: from which night on it counts.
        tests: its tests, for examples.
        result: which of them passed, as JUnit XML; both or neither.

    Raises:
        PackageError: if one of them cannot be read.
    """
    if (tests is None) is not (result is None):
        way_out = "give both: --tests PATH --junit FILE, written with pytest --junitxml=FILE"
        raise PackageError("examples need the tests and the result of their run", way_out=way_out)
    source = code.read(package)
    found = dict(sorted(source.capabilities.items()))
    said = None
    if tests is not None and result is not None:
        shown, said = examples.find(tests, junit.read(result), source)
        found = {name: replace(each, examples=shown.get(name, ())) for name, each in found.items()}
    return Package(source.name, day, source.files, tuple(found.values()), source.problems, said)
