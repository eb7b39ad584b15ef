"""The C library's calls that Python 3.11 has no function for."""

from __future__ import annotations

import ctypes
import os
import signal
from typing import Any

CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38  # linux/prctl.h


class NotIsolatedError(Exception):
    """Raised where an isolation cannot be had; nothing generated was run."""


def called(name: str, *arguments: Any) -> None:
    """Call a function of the C library; raises `NotIsolatedError` with the kernel's reason."""
    if ctypes.CDLL(None, use_errno=True)[name](*arguments) != 0:
        raise NotIsolatedError(f"{name}: {os.strerror(ctypes.get_errno())}")


def give_up_rights() -> None:
    """Drop every capability, gain none by executing a file, and end with the process that started this one."""
    called("capset", (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)())
    called("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    end_with_starter()


def end_with_starter() -> None:
    """Be killed when the process that started this one is gone."""
    called("prctl", PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def no_files() -> None:
    """Make the working directory, which is empty, the root of the file system; needs CAP_SYS_CHROOT."""
    os.chroot(".")
    os.chdir("/")
