"""The filter of system calls, calculated step by step as the kernel does it, for both machines."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ratchet.validate.sandbox.child import kernel, seccomp

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
OTHER = {  # calls that must not pass: open or openat, execve, clone, kill, connect, ptrace, mount, unshare, prlimit64
    "x86_64": (2, 257, 437, 59, 322, 56, 57, 58, 435, 62, 200, 234, 42, 41, 49, 46, 101, 165, 272, 302, 425, 434, 424),
    "aarch64": (56, 437, 221, 281, 220, 435, 129, 130, 131, 203, 198, 200, 211, 117, 40, 97, 261, 425, 434, 424),
}


def verdict(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """Return what the filter answers to a call."""
    own = seccomp.ARCHITECTURES[machine] if architecture is None else architecture
    data = {seccomp.NUMBER_AT: number, seccomp.ARCHITECTURE_AT: own}
    data |= {seccomp.ARGUMENTS_AT + 8 * n: value & 0xFFFFFFFF for n, value in enumerate((*arguments, 0, 0))}
    lines, at, held = seccomp.program(machine), 0, 0
    while True:
        code, if_true, if_false, operand = lines[at]
        at += 1
        if code == seccomp.RETURN:
            return operand
        if code == seccomp.LOAD:
            held = data[operand]
        elif code == seccomp.AND:
            held &= operand
        else:
            at += if_true if held == operand else if_false


@pytest.fixture(params=list(seccomp.ARCHITECTURES))
def machine(request: pytest.FixtureRequest) -> str:
    return request.param


def test_only_what_is_named_passes(machine: str) -> None:
    own = list(seccomp.ARCHITECTURES).index(machine)
    conditional = {numbers[own] for numbers in (seccomp.IOCTL, seccomp.FCNTL, seccomp.SOCKETPAIR)}
    passing = {number for number in range(600) if verdict(machine, number) == seccomp.ALLOW}
    assert passing == {numbers[own] for numbers in seccomp.ALLOWED.values()}
    assert not passing & ({*OTHER[machine]} | conditional)
    assert verdict(machine, OTHER[machine][0]) == seccomp.REFUSE


def test_calls_of_another_machine_are_refused(machine: str) -> None:
    write = seccomp.ALLOWED["write"][list(seccomp.ARCHITECTURES).index(machine)]
    assert verdict(machine, write) == seccomp.ALLOW
    assert verdict(machine, write, architecture=0x40000003) == seccomp.REFUSE  # 32 bits on the same processor
    assert verdict(machine, write | 0x40000000) == seccomp.REFUSE  # x32


@pytest.mark.parametrize(
    ("call", "arguments", "passes"),
    [
        ("IOCTL", (0, 0x5421), True),
        ("IOCTL", (0, 0x8901), False),  # FIOSETOWN
        ("FCNTL", (0, 3), True),
        ("FCNTL", (0, 8), False),  # F_SETOWN
        ("SOCKETPAIR", (1, 1), True),
        ("SOCKETPAIR", (1, 1 | 0o2000000), True),  # SOCK_CLOEXEC
        ("SOCKETPAIR", (1, 2), False),  # SOCK_DGRAM, which can be sent anywhere
        ("SOCKETPAIR", (2, 1), False),
    ],
)
def test_some_calls_pass_with_harmless_arguments_only(
    machine: str, call: str, arguments: tuple[int, int], passes: bool
) -> None:
    number = getattr(seccomp, call)[list(seccomp.ARCHITECTURES).index(machine)]
    assert (verdict(machine, number, *arguments) == seccomp.ALLOW) is passes


def test_numbers_are_those_of_the_kernel(machine: str) -> None:
    header = HEADERS[machine]
    if not header.is_file():
        pytest.skip(f"no {header}: apt-get install linux-libc-dev")
    defined = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text()))
    own = list(seccomp.ARCHITECTURES).index(machine)
    named = {**seccomp.ALLOWED, "ioctl": seccomp.IOCTL, "fcntl": seccomp.FCNTL, "socketpair": seccomp.SOCKETPAIR}
    assert {name: numbers[own] for name, numbers in named.items()} == {name: int(defined[name]) for name in named}


def test_an_unknown_machine_has_no_filter() -> None:
    with pytest.raises(kernel.NotIsolatedError, match="riscv64"):
        seccomp.program("riscv64")
