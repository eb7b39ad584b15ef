"""The last resort: the interpreter itself refuses what leaves it, by an audit hook that cannot be taken back.

A hook hears what Python's own functions do, not what the kernel is asked: it is no wall against code that knows the
interpreter well. docs/sandbox.md says so; the allow-list stands before it.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from typing import Any

from ratchet.validate.sandbox.child import limits

HARMLESS = frozenset(  # classes, named tuples, event loops and the import of the files need them
    (
        *("builtins.id", "compile", "exec", "import", "sys._getframe", "sys._getframemodulename"),
        *("object.__getattr__", "object.__setattr__", "object.__delattr__"),
        *("sys.set_asyncgen_hook_finalizer", "sys.set_asyncgen_hooks_finalizer"),
        *("sys.set_asyncgen_hook_firstiter", "sys.set_asyncgen_hooks_firstiter"),
    )
)


def lock(task_limits: Mapping[str, Any]) -> bool:
    """Lock this process; return whether it is still root."""
    as_root = limits.leave_root()
    limits.keep(task_limits)
    sys.addaudithook(_hook)
    return as_root


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "import" and arguments[1] is not None:
        raise PermissionError("the sandbox loads no file")
    if event in HARMLESS or (event == "socket.__new__" and arguments[1] == socket.AF_UNIX):
        return
    raise PermissionError(f"the sandbox refuses {event}")
