"""The isolations a sandbox may have, its limits, and what a run in it may come to; no process is started here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How generated code is kept apart, strongest first; docs/sandbox.md says what each stops."""

    BUBBLEWRAP = "bubblewrap"
    NAMESPACES = "namespaces"
    SECCOMP = "seccomp"
    REFUSAL = "refusal"


class Reason(StrEnum):
    """How a run ended."""

    DONE = "done"
    RAISED = "raised"  # the code raised, or what it returned is no JSON
    CPU_LIMIT = "cpu_limit"
    MEMORY_LIMIT = "memory_limit"
    OUTPUT_LIMIT = "output_limit"
    WALL_LIMIT = "wall_limit"  # the last guard: it waited for something that never came
    DIED = "died"  # ended by a signal or an exit of its own
    FORGED = "forged"  # it wrote something else where the answer belongs
    NOT_ISOLATED = "not_isolated"  # no isolation could be had: nothing was run


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use; threads, processes and written bytes are always none.

    Attributes:
        cpu_s: seconds of processor time, the interpreter's own start of about 0.2 s included.
        memory_bytes: address space, of which the interpreter itself takes about 60 MB.
        open_files: numbers of descriptors, as `RLIMIT_NOFILE` counts them.
        output_bytes: of the answer, and of what is printed.
        wall_s: seconds on the wall clock until a run that does nothing is ended; no result may depend on it.
    """

    cpu_s: int = 10
    memory_bytes: int = 512 * 2**20
    open_files: int = 16
    output_bytes: int = 16 * 2**20
    wall_s: float = 120.0


USUAL = Limits()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run.

    Attributes:
        result: what `main` returned, as JSON holds it; None unless `reason` is `done`.
        reason: how the run ended.
        level: which isolation held; None where none did.
        as_root: whether the code ran with root's uid, because there was no other to be had.
        cpu_s: processor time used, in seconds; differs from run to run, so it belongs in no artifact.
        said: the error in one line, or the tail of what was printed; printable characters only, still hostile.
    """

    result: Any
    reason: Reason
    level: Level | None
    as_root: bool = False
    cpu_s: float = 0.0
    said: str = ""

    @property
    def held(self) -> str:
        """Return the isolation in words, for a proof and for the manifest."""
        if self.level is None:
            return "none"
        return f"{self.level} (as root)" if self.as_root else str(self.level)
