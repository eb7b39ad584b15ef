"""The command line of bubblewrap; nothing is started here."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

SYSTEM = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib64")
"""Where the interpreter's shared libraries are; read-only, and gone when generated code runs."""


def command() -> list[str]:
    """Return bubblewrap with its options, to stand before the interpreter's command.

    Root keeps the right to change its uid and its root folder until the interpreter has done both.
    """
    rights = ["CAP_SYS_CHROOT", *(["CAP_SETUID", "CAP_SETGID"] if os.geteuid() == 0 else [])]
    kept = [option for right in rights for option in ("--cap-add", right)]
    shown = [option for folder in _shown() for option in ("--ro-bind-try", folder, folder)]
    return [
        *(shutil.which("bwrap") or "bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"),
        *("--unshare-cgroup-try", "--die-with-parent", "--clearenv", "--setenv", "PYTHONHASHSEED", "0"),
        *("--cap-drop", "ALL", *kept, *shown, "--dir", "/empty", "--chdir", "/empty", "--remount-ro", "/"),
    ]


def _shown() -> list[str]:
    """Return the folders that an interpreter needs to start: its own, and the system's libraries."""
    own = {sys.base_prefix, sys.base_exec_prefix, str(Path(sys.executable).parent)}
    real = str(Path(sys.executable).resolve().parent)
    return [*SYSTEM, *sorted(own | {real})]
