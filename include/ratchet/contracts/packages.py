"""What was read of a user's own package: its public functions, classes and methods, and examples of their use.

Reading belongs to `document/`, what of it is used to `analyze/capabilities.py`, how it looks to `report/`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Argument:
    """One parameter of a function as its author wrote it; `default` is source text, None where it must be given."""

    name: str
    kind: str  # positional, any, keyword, list (*name), mapping (**name)
    annotation: str = ""
    default: str | None = None
    description: str = ""

    @property
    def is_required(self) -> bool:
        """Return whether a caller must give it."""
        return self.default is None and self.kind in ("positional", "any", "keyword")


@dataclass(frozen=True, slots=True)
class Example:
    """A call in a test that passed: the test, where it stands, and the code up to the call."""

    test: str
    file: str
    line: int
    code: str


@dataclass(frozen=True, slots=True)
class Capability:
    """A public function, class or method.

    Attributes:
        name: full, such as `assistant.tools.search`.
        kind: function, class or method.
        signature: as source text, on one line.
        summary: first line of the docstring, '' where there is none.
        description: the rest of its prose.
        arguments: its parameters, self aside.
        returns: what comes back, in the docstring's words.
        file: within the package's folder.
        line: in that file.
        examples: calls in tests that passed.
    """

    name: str
    kind: str
    signature: str
    summary: str = ""
    description: str = ""
    arguments: tuple[Argument, ...] = ()
    returns: str = ""
    file: str = ""
    line: int = 0
    examples: tuple[Example, ...] = ()

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Capability:
        """Return what `as_record` has written."""
        arguments = tuple(Argument(**each) for each in record["arguments"])
        examples = tuple(Example(**each) for each in record["examples"])
        return cls(**{**record, "arguments": arguments, "examples": examples})


@dataclass(frozen=True, slots=True)
class RunOfTests:
    """What a run of tests said: how many passed, failed or were skipped; `unread` names files that do not parse."""

    passed: int
    failed: int
    skipped: int
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Package:
    """One look at one package.

    Attributes:
        name: of the package.
        day: from which night on it counts.
        files: Python files that were read.
        capabilities: by name.
        problems: files that could not be read, each with its reason.
        tests: None where no tests were given.
        before: day of the last look that saw other signatures, None where there is none.
    """

    name: str
    day: date
    files: int
    capabilities: tuple[Capability, ...]
    problems: tuple[str, ...] = ()
    tests: RunOfTests | None = None
    before: date | None = None

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Package:
        """Return what `as_record` has written."""
        found = record["tests"]
        return cls(
            name=record["name"],
            day=date.fromisoformat(record["day"]),
            files=record["files"],
            capabilities=tuple(Capability.from_record(each) for each in record["capabilities"]),
            problems=tuple(record["problems"]),
            tests=RunOfTests(**{**found, "unread": tuple(found["unread"])}) if found else None,
            before=date.fromisoformat(record["before"]) if record["before"] else None,
        )
