"""The command line of bubblewrap; nothing is started here."""

from __future__ import annotations

import os
import shutil
import sys

SYSTEM = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib64")
"""Where the interpreter's shared libraries are; read-only, and gone when generated code runs."""


INTERPRETER = str(getattr(sys, "_base_executable", None) or sys.executable)
"""The interpreter itself, not a virtual environment's: what is installed there is nobody's business here."""


def command() -> list[str]:
    """Return bubblewrap with its options, to stand before the interpreter's command.

    Root keeps the right to change its uid and its root folder until the interpreter has done both.
    """
    rights = ["CAP_SYS_CHROOT", *(["CAP_SETUID", "CAP_SETGID"] if os.geteuid() == 0 else [])]
    kept = [option for right in rights for option in ("--cap-add", right)]
    shown = [option for folder in (*SYSTEM, sys.base_prefix) for option in ("--ro-bind-try", folder, folder)]
    return [
        *(shutil.which("bwrap") or "bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"),
        *("--unshare-cgroup-try", "--die-with-parent", "--clearenv", "--setenv", "PYTHONHASHSEED", "0"),
        *("--cap-drop", "ALL", *kept, *shown, "--dir", "/empty", "--chdir", "/empty", "--remount-ro", "/"),
    ]
