"""A filter of system calls in the kernel's own small language (classic BPF), set by prctl; needs no library.

Calculating, memory, answering over open descriptors and a connected pair of sockets (an event loop has one) are
allowed. Every other call is answered with EPERM: opening, creating, executing, connecting, signalling, tracing.
Layout: linux/filter.h, linux/seccomp.h; numbers: asm/unistd_64.h and asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import platform
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

from ratchet.validate.sandbox.child import kernel, limits

ALLOWED: Final = {  # number on x86_64, on aarch64
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "brk": (12, 214),
    "madvise": (28, 233),
    "futex": (202, 98),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "restart_syscall": (219, 128),
    "sched_yield": (24, 124),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "times": (100, 153),
    "getrusage": (98, 165),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "pselect6": (270, 72),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "shutdown": (48, 210),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
IOCTL, FCNTL, SOCKETPAIR = (16, 29), (72, 25), (53, 199)
ARCHITECTURES: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}  # in the order of the numbers above
NON_BLOCKING: Final = (0x5421, 0x5451)  # FIONBIO, FIOCLEX; never FIOSETOWN, which sends signals
FLAGS_ONLY: Final = (1, 2, 3, 4)  # F_GETFD, F_SETFD, F_GETFL, F_SETFL; never F_SETOWN, which sends signals
AF_UNIX, SOCK_STREAM, TYPE_BITS = 1, 1, 0xF

LOAD, EQUAL, AND, RETURN = 0x20, 0x15, 0x54, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 1  # SECCOMP_RET_ALLOW; SECCOMP_RET_ERRNO with EPERM
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16  # struct seccomp_data
PR_SET_SECCOMP, MODE_FILTER = 22, 2

Instruction = tuple[int, int, int, int]  # code, how many to skip if true, if false, operand


def program(machine: str) -> list[Instruction]:
    """Return the filter for a machine; raises `NotIsolatedError` for one whose numbers are not known."""
    if machine not in ARCHITECTURES:
        raise kernel.NotIsolatedError(f"seccomp: no numbers of system calls for {machine}")
    own = list(ARCHITECTURES).index(machine)
    lines: list[Instruction] = [
        (LOAD, 0, 0, ARCHITECTURE_AT),
        (EQUAL, 1, 0, ARCHITECTURES[machine]),
        (RETURN, 0, 0, REFUSE),
        (LOAD, 0, 0, NUMBER_AT),
    ]
    for numbers in ALLOWED.values():
        lines += [(EQUAL, 0, 1, numbers[own]), (RETURN, 0, 0, ALLOW)]
    lines += _with_argument(IOCTL[own], 1, NON_BLOCKING) + _with_argument(FCNTL[own], 1, FLAGS_ONLY)
    return [*lines, *_connected_pair(SOCKETPAIR[own]), (RETURN, 0, 0, REFUSE)]


def _with_argument(number: int, argument: int, values: Sequence[int]) -> list[Instruction]:
    """Allow a call whose argument, of which the kernel reads 32 bits, is one of the values."""
    block: list[Instruction] = [(LOAD, 0, 0, ARGUMENTS_AT + 8 * argument)]
    for value in values:
        block += [(EQUAL, 0, 1, value), (RETURN, 0, 0, ALLOW)]
    block.append((RETURN, 0, 0, REFUSE))
    return [(EQUAL, 0, len(block), number), *block]


def _connected_pair(number: int) -> list[Instruction]:
    """Allow socketpair(AF_UNIX, SOCK_STREAM): it is connected to itself and can reach nothing else."""
    block: list[Instruction] = [
        (LOAD, 0, 0, ARGUMENTS_AT),
        (EQUAL, 0, 4, AF_UNIX),
        (LOAD, 0, 0, ARGUMENTS_AT + 8),
        (AND, 0, 0, TYPE_BITS),
        (EQUAL, 0, 1, SOCK_STREAM),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    ]
    return [(EQUAL, 0, len(block), number), *block]


def lock(task_limits: Mapping[str, Any]) -> bool:
    """Lock this process; return whether it is still root."""
    as_root = limits.leave_root()
    limits.keep(task_limits)
    kernel.give_up_rights()
    filter_calls()
    return as_root


def filter_calls() -> None:
    """Set the filter, which can only be made stricter; needs PR_SET_NO_NEW_PRIVS."""
    lines = program(platform.machine())
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in lines))
    head = ctypes.create_string_buffer(struct.pack("@HP", len(lines), ctypes.addressof(code)))
    kernel.called("prctl", PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(head), 0, 0)
