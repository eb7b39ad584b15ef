"""What holds at every level: an unprivileged uid, limits of the kernel, and nothing in the environment."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Mapping
from typing import Any

NOBODY = 65_534


def leave_root() -> bool:
    """Become nobody where the process is root; return whether it had to stay root."""
    if os.getuid() != 0 and os.geteuid() != 0:
        return False
    try:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    except OSError:
        return True
    return False


def keep(limits: Mapping[str, Any]) -> None:
    """Set the kernel's limits, which nobody can raise again; past the CPU limit SIGXCPU ends the process."""
    cpu_s = int(limits["cpu_s"])
    os.environ.clear()
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_NOFILE, int(limits["open_files"])),
        (resource.RLIMIT_AS, int(limits["memory_bytes"])),
    ):
        resource.setrlimit(what, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))  # SIGKILL a second later, should it be ignored
    ring_after(limits)


def ring_after(limits: Mapping[str, Any]) -> None:
    """End this process after the wall limit, should the one that started it be gone."""
    signal.alarm(int(limits["wall_s"]) + 2)
