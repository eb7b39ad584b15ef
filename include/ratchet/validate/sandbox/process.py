"""One process from start to end: a task in, an answer and what it printed out, all of it bounded."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ratchet.validate.sandbox.levels import Limits, Reason

PRINTED_BYTES = 8_000
"""How much of what is printed is kept: the end of it."""
ENVIRONMENT = {"PYTHONHASHSEED": "0"}  # sets iterate in the same order in every run


@dataclass(slots=True)
class Ended:
    """How a process ended.

    Attributes:
        answer: what it wrote where the answer belongs.
        printed: the end of what it printed.
        stopped: which of the outer limits ended it, None where it ended by itself or by the kernel.
        signal: which signal ended it, 0 where none did.
        cpu_s: processor time of it and of its children.
    """

    answer: bytes = b""
    printed: str = ""
    stopped: Reason | None = None
    signal: int = 0
    cpu_s: float = 0.0


@dataclass(slots=True)
class _Pipes:
    answer: int
    printed: int
    data: dict[int, bytearray] = field(default_factory=dict)
    printed_bytes: int = 0

    def read(self, pipe: int) -> bool:
        """Take what is there; return whether more may come."""
        try:
            piece = os.read(pipe, 65_536)
        except BlockingIOError:
            return True
        kept = self.data.setdefault(pipe, bytearray())
        kept += piece
        if pipe == self.printed:
            self.printed_bytes += len(piece)
            del kept[:-PRINTED_BYTES]
        return bool(piece)

    def too_much(self, limit: int) -> bool:
        return len(self.data.get(self.answer, b"")) > limit or self.printed_bytes > limit


def end_to_end(command: Sequence[str], task: Mapping[str, Any], folder: str, limits: Limits) -> Ended:
    """Start a command in a folder, hand it the task as JSON on standard input, and see it end."""
    answer, answer_in = os.pipe()
    printed, printed_in = os.pipe()
    try:
        try:
            process = _start(command, {**task, "answer": answer_in}, folder, answer_in, printed_in)
        except OSError as error:
            return Ended(stopped=Reason.NOT_ISOLATED, printed=f"{command[0]}: {error.strerror}")
        finally:
            os.close(answer_in)
            os.close(printed_in)
        pipes = _Pipes(answer, printed)
        return _end(process, pipes, _watch(process.pid, pipes, limits))
    finally:
        os.close(answer)
        os.close(printed)


def _start(
    command: Sequence[str], task: Mapping[str, Any], folder: str, answer: int, printed: int
) -> subprocess.Popen[bytes]:
    with tempfile.TemporaryFile() as task_file:
        task_file.write(json.dumps(task).encode())
        task_file.seek(0)
        return subprocess.Popen(  # noqa: S603 the command is ours; the code in the task runs where it is locked
            command,
            stdin=task_file,
            stdout=printed,
            stderr=printed,
            cwd=folder,
            env=ENVIRONMENT,
            pass_fds=(answer,),
            start_new_session=True,
        )


def _watch(pid: int, pipes: _Pipes, limits: Limits) -> Reason | None:
    """Read until the process has ended; return which limit ended the watch before."""
    deadline = time.monotonic() + limits.wall_s
    ended = os.pidfd_open(pid)
    try:
        with selectors.DefaultSelector() as selector:
            for pipe in (ended, pipes.answer, pipes.printed):
                os.set_blocking(pipe, False)
                selector.register(pipe, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                ready = {key.fd for key, _ in selector.select(left)}
                for pipe in ready - {ended}:
                    if not pipes.read(pipe):
                        selector.unregister(pipe)
                if pipes.too_much(limits.output_bytes):
                    return Reason.OUTPUT_LIMIT
                if ready == {ended}:
                    return None
    finally:
        os.close(ended)
    return Reason.WALL_LIMIT


def _end(process: subprocess.Popen[bytes], pipes: _Pipes, stopped: Reason | None) -> Ended:
    """End the process with all that it started, and account for it."""
    os.killpg(process.pid, signal.SIGKILL)  # it is not reaped yet: the number is still its own
    _, status, used = os.wait4(process.pid, 0)
    code = process.returncode = os.waitstatus_to_exitcode(status)
    return Ended(
        answer=bytes(pipes.data.get(pipes.answer, b"")),
        printed=pipes.data.get(pipes.printed, bytearray()).decode("utf-8", "replace"),
        stopped=stopped,
        signal=-code if code < 0 else max(code - 128, 0),
        cpu_s=used.ru_utime + used.ru_stime,
    )
