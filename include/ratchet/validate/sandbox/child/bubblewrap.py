"""Inside bubblewrap, which made the namespaces: an empty root, no rights, the limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.validate.sandbox.child import kernel, limits, seccomp


def lock(task_limits: Mapping[str, Any]) -> bool:
    """Lock this process; return whether it is still root."""
    kernel.no_files()  # while root still may
    as_root = limits.leave_root()
    limits.keep(task_limits)
    kernel.give_up_rights()
    if as_root:  # whom the limit on processes does not bind
        seccomp.filter_calls()
    return as_root
