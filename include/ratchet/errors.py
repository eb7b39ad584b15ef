"""Every error that Ratchet raises on purpose, as one small tree.

    RatchetError                 exit code 2
    ├── SettingsError            a settings file, key or value that cannot be used
    ├── LandingError             a landing zone that is missing or unreadable
    ├── SourceError              a source folder, mapping or table that cannot be used
    ├── UnreachableError         a database or an object store that does not answer (exit code 1)
    ├── RunDayError              a run that names no day, or one that cannot be run
    ├── EventsGoneError          a night whose events are no longer kept (exit code 1)
    ├── HomeMissingError         a home to read that is not there
    ├── HomeBusyError            another process is writing to the same home
    ├── StorageError             the disk is full or read-only
    │   └── OutdatedError        the warehouse is of an older version
    ├── GateFailedError          a data-quality gate stopped the night (exit code 1)
    ├── StepFailedError          a step of the night failed (exit code 1)
    ├── SpecError                an API's specification that cannot be used
    ├── PackageError             a package, or a result of its tests, that cannot be read
    ├── DecisionsError           a recorded decision that cannot be read
    ├── LifecycleError           an improvement was moved against the order of its states
    ├── UnitError                a unit of which nothing is known, or that cannot be erased
    └── AnswerError              a person's answer about an improvement that cannot be taken
        └── SettledError         the improvement was settled before (exit code 1)

A result that cannot be computed is no error: see `NotComputable`.
What an error says is one line: what happened, where, and the way out.
"""

from __future__ import annotations

from dataclasses import dataclass


class RatchetError(Exception):
    """Base of all errors a user is meant to read; `exit_code` is the command line's."""

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", way_out: str = "") -> None:
        """Keep the three parts apart for machines and join them into one line for people."""
        self.what, self.where, self.way_out = what, where, way_out
        place = f" ({where})" if where else ""
        hint = f" — {way_out}" if way_out else ""
        super().__init__(" ".join(f"{what}{place}{hint}".split()))


class SettingsError(RatchetError):
    """Raised at load when a settings file, key or value cannot be used."""


class LandingError(RatchetError):
    """Raised when a landing zone does not exist, is empty, or cannot be read."""


class SourceError(RatchetError):
    """Raised when a source's folder, settings or mapping cannot be used."""


class UnreachableError(RatchetError):
    """Raised when a database or an object store cannot be reached: trying again may help."""

    exit_code = 1


class RunDayError(RatchetError):
    """Raised when a run names no day, two days, or a day in the future."""


class EventsGoneError(RatchetError):
    """Raised when a night cannot be run again because events that it looks at were deleted."""

    exit_code = 1


class HomeMissingError(RatchetError):
    """Raised when a command that only reads or decides is pointed at a home that is not there."""


class HomeBusyError(RatchetError):
    """Raised when another process holds the home's lock."""


class StorageError(RatchetError):
    """Raised when the disk is full or a path cannot be written."""

    exit_code = 1


class OutdatedError(StorageError):
    """Raised when the warehouse was written by an older version; a night builds it again."""


class GateFailedError(RatchetError):
    """Raised when a failing expectation stops the night before it publishes."""

    exit_code = 1


class StepFailedError(RatchetError):
    """Raised when one step of a night failed; the report names it."""

    exit_code = 1


class SpecError(RatchetError):
    """Raised when an API's specification cannot be read or is not valid."""


class PackageError(RatchetError):
    """Raised when a user's own package, its tests or their result cannot be read."""


class DecisionsError(RatchetError):
    """Raised when a decision file holds a line that cannot be read or was altered."""


class LifecycleError(RatchetError):
    """Raised when an improvement is moved to a state its present state does not allow."""


class UnitError(RatchetError):
    """Raised when a unit cannot be erased: nothing of it is in the home, or it has no id."""


class AnswerError(RatchetError):
    """Raised when a person's answer about an improvement cannot be taken."""


class SettledError(AnswerError):
    """Raised when somebody, or the night, settled the improvement before."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class NotComputable:
    """A result that the data cannot give, with the reason in words for the report."""

    reason: str
