"""Which tests passed, from the XML that test runners write (`pytest --junitxml`); nothing is run."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from ratchet.errors import PackageError

MAX_BYTES = 64_000_000
_PARAMETERS = re.compile(r"\[.*", re.DOTALL)  # `test_it[case]` is a case of `test_it`
_BAD = ("failure", "error")
_WAY_OUT = "write it with: pytest --junitxml=FILE"


@dataclass(frozen=True, slots=True)
class Run:
    """A run of tests: the tests of which a case passed and none failed, by class name and name, and how many cases."""

    passing: frozenset[tuple[str, str]]
    passed: int
    failed: int
    skipped: int


def read(file: Path) -> Run:
    """Return which tests passed.

    Raises:
        PackageError: if it is no such file, or one that defines entities.
    """
    try:
        if file.stat().st_size > MAX_BYTES:
            raise PackageError(f"larger than {MAX_BYTES:,} bytes", where=str(file), way_out=_WAY_OUT)
        content = file.read_bytes()
        if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise PackageError("a result of tests defines no entities", where=str(file), way_out=_WAY_OUT)
        root = ElementTree.fromstring(content)  # noqa: S314 -- without a document type there is nothing to expand
    except OSError as error:
        raise PackageError(f"cannot be read: {error.strerror}", where=str(file), way_out=_WAY_OUT) from error
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise PackageError(f"is no XML: {error}", where=str(file), way_out=_WAY_OUT) from error
    if root.tag not in ("testsuites", "testsuite"):
        raise PackageError(f"begins with <{root.tag[:40]}>, not with test suites", where=str(file), way_out=_WAY_OUT)
    return _run(root)


def _run(root: ElementTree.Element) -> Run:
    states: dict[tuple[str, str], set[str]] = {}
    counts = dict.fromkeys(("passed", "failed", "skipped"), 0)
    for case in root.iter("testcase"):
        tags = {child.tag for child in case}
        state = "failed" if tags & {*_BAD} else "skipped" if "skipped" in tags else "passed"
        counts[state] += 1
        key = (case.get("classname", ""), _PARAMETERS.sub("", case.get("name", "")))
        states.setdefault(key, set()).add(state)
    passing = frozenset(key for key, found in states.items() if "passed" in found and "failed" not in found)
    return Run(passing, **counts)
