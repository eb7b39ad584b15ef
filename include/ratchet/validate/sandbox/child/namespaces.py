"""Own namespaces for users, network, processes, mounts, IPC and host name, and an empty folder as the root."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from ratchet.validate.sandbox.child import kernel, limits, seccomp

NEW: Final = 0x10000000 | 0x40000000 | 0x20000000 | 0x00020000 | 0x08000000 | 0x04000000
"""CLONE_NEWUSER, NEWNET, NEWPID, NEWNS, NEWIPC and NEWUTS of linux/sched.h."""


def lock(task_limits: Mapping[str, Any]) -> bool:
    """Lock this process; return whether it is still root."""
    as_root = limits.leave_root()
    kernel.called("unshare", NEW)
    _become_first(task_limits)
    kernel.no_files()
    limits.keep(task_limits)
    kernel.give_up_rights()
    if as_root:  # whom the limit on processes does not bind
        seccomp.filter_calls()
    return as_root


def _become_first(task_limits: Mapping[str, Any]) -> None:
    """Go on as the first process of the new namespace; the one before waits for it and ends as it does."""
    child = os.fork()
    if child:
        kernel.end_with_starter()
        limits.ring_after(task_limits)  # the first of a namespace would not hear it
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os._exit(128 - status if status < 0 else status)
