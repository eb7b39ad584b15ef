"""Runs every escape at a level and says what got through; `python escapes.py` does so for all levels, as JSON.

It needs only the standard library and `ratchet.validate`, so that it can be run as somebody else.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

from ratchet.validate import allowed_names, sandbox
from ratchet.validate.sandbox import Level, Limits, Reason, launch

ATTEMPTS = (Path(__file__).parent / "escape_attempts.py").read_text("utf-8")

ENDINGS = {  # what never ends well: source, limits, how the run has to end
    "memory_bomb": ("def main(world):\n    return len([bytearray(2**24) for _ in range(10**4)])", {}, "memory_limit"),
    "endless_loop": ("def main(world):\n    while True:\n        pass", {"cpu_s": 1}, "cpu_limit"),
    "endless_wait": ("import select\ndef main(world):\n    select.select([], [], [])", {"wall_s": 0.7}, "wall_limit"),
    "endless_output": (
        "import os\ndef main(world):\n    while True:\n        os.write(2, b'x' * 65536)",
        {"output_bytes": 10**6},
        "output_limit",
    ),
    "huge_answer": ("def main(world):\n    return 'x' * 10**7", {"output_bytes": 10**6}, "output_limit"),
    "garbage_for_an_answer": (
        "import os\ndef main(world):\n    for n in range(3, 1024):\n        try:\n            os.write(n, b'{}')\n"
        "        except OSError:\n            pass\n    os._exit(0)",
        {},
        "forged",
    ),
}
LIE = """
import os, sys

def main(world):
    frame = sys._getframe()
    while "nonce" not in frame.f_locals:
        frame = frame.f_back
    found = frame.f_locals
    answer = b'{"reason": "done", "result": "a lie", "as_root": false, "cpu_s": 0}'
    os.write(found["descriptor"], found["nonce"].encode() + answer)
    os._exit(0)
"""


ALONE = (*ENDINGS, "lie_about_its_answer")
AT_ONCE = 3  # of those: two wait or are watched while one calculates
NAMES = (*re.findall(r"^    (\w+),$", ATTEMPTS.partition("\nATTEMPTS = (")[2], re.MULTILINE), *ALONE)

YES, NO, ONLY_FROM_ROOT = "yes", "no", "only from root"
STOPPED = {  # what docs/sandbox.md promises, by escape; what is not named is stopped everywhere
    "make_a_pipe_node": {Level.REFUSAL: NO},
    "signal_by_process_descriptor": {Level.REFUSAL: ONLY_FROM_ROOT},
    "lie_about_its_answer": dict.fromkeys(Level, NO),
}


def promised(escape: str, level: Level, root: bool) -> bool:
    """Return whether a level stops an escape when the sandbox is started by root, or by somebody else."""
    said = STOPPED.get(escape, {}).get(level, YES)
    return said == YES or (said == ONLY_FROM_ROOT and root)


class World:
    """What is worth reaching: a secret, open folders, servers, a process that notices signals."""

    def __enter__(self) -> World:
        self.root = Path(tempfile.mkdtemp(prefix="escapes-"))
        self.root.chmod(0o755)
        self.secret, self.mark = secrets.token_hex(8), f"escaped-{secrets.token_hex(8)}"
        (self.root / "secret").write_text(self.secret)
        for name in ("open", "home"):
            (self.root / name).mkdir()
            (self.root / name).chmod(0o777)
        for name in ("file", "other"):
            (self.root / "open" / name).write_text("untouched")
            (self.root / "open" / name).chmod(0o666)
        self.left_open = os.open(self.root / "secret", os.O_RDONLY)
        os.set_inheritable(self.left_open, True)
        self.signals: list[int] = []
        self.before = signal.signal(signal.SIGUSR1, lambda number, _: self.signals.append(number))
        self._serve()
        os.environ["SECRET"] = self.secret
        return self

    def _serve(self) -> None:
        tcp, udp = (socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM))
        unix, abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        datagram = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.servers = {"tcp": tcp, "udp": udp, "unix": unix, "abstract": abstract, "datagram": datagram}
        for server, address in (
            (tcp, ("127.0.0.1", 0)),
            (udp, ("127.0.0.1", 0)),
            (unix, str(self.root / "socket")),
            (abstract, f"\0{self.mark}"),
            (datagram, f"\0{self.mark}-datagram"),
        ):
            server.bind(address)
            server.setblocking(False)
            if server.type == socket.SOCK_STREAM:
                server.listen()
        (self.root / "socket").chmod(0o777)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGUSR1, self.before)
        for server in self.servers.values():
            server.close()
        os.close(self.left_open)
        del os.environ["SECRET"]
        shutil.rmtree(self.root)

    @property
    def writable(self) -> list[Path]:
        return [self.root / "open", self.root / "home", Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path.cwd()]

    def told(self) -> dict[str, Any]:
        """Return what the hostile code is told, so that it need not guess."""
        return {
            "unlocked": False,
            "secret": self.secret,
            "mark": self.mark,
            "pid": os.getpid(),
            "file": str(self.root / "secret"),
            "folder": str(self.root / "open"),
            "open_file": str(self.root / "open" / "file"),
            "other_file": str(self.root / "open" / "other"),
            "writable": [str(folder) for folder in self.writable],
            "tcp_port": self.servers["tcp"].getsockname()[1],
            "udp_port": self.servers["udp"].getsockname()[1],
            "unix": str(self.root / "socket"),
            "abstract": f"\0{self.mark}",
            "abstract_datagram": f"\0{self.mark}-datagram",
            "stdlib": [sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), _dynload()],
        }

    def marks(self) -> dict[str, list[str]]:
        """Return what was done to the world, by attempt."""
        arrived = [name for name, server in self.servers.items() if _arrived(server)]
        made = [str(folder) for folder in self.writable if (folder / self.mark).exists()]
        left = sorted(path.name for path in (self.root / "open").iterdir() if not _whole(path))
        left += [name for name in ("file", "other") if not (self.root / "open" / name).exists()]
        return {
            "connect": arrived,
            "write_a_file": made + [name for name in left if name != "fifo"],
            "make_a_pipe_node": [name for name in left if name == "fifo"],
            "signal_a_process": [str(number) for number in self.signals],
        }


def _whole(path: Path) -> bool:
    known = path.name in ("file", "other") and path.is_file()
    return known and (path.read_text(), path.stat().st_mode & 0o777) == ("untouched", 0o666)


def _dynload() -> str:
    return f"{sysconfig.get_path('platstdlib')}/lib-dynload"


def _arrived(server: socket.socket) -> bool:
    try:
        return bool(server.recv(1) if server.type == socket.SOCK_DGRAM else server.accept())
    except BlockingIOError:
        return False


def attempted(level: Level) -> dict[str, list[str]]:
    """Return by escape what got through at a level."""
    found = _attempts(level)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return found | dict(zip(ALONE, pool.map(lambda name: _alone(name, level), ALONE), strict=True))


def _alone(name: str, level: Level) -> list[str]:
    """Return what got through of an escape that has a sandbox to itself, because nothing comes after it."""
    source, limits, expected = ENDINGS.get(name, (LIE, {}, None))
    outcome = sandbox.run({"case.py": source}, "case.py", None, Limits(**{"wall_s": 60.0, **limits}), level)
    if expected is None:
        return [word for word in [outcome.result] if word]
    return [] if outcome.reason == expected else [f"{outcome.reason} {outcome.said}"]


def unlocked() -> dict[str, list[str]]:
    """Return by attempt what fails even where nothing is locked: it would prove nothing."""
    open_door = {**launch._trusted(), "ratchet/validate/sandbox/child/refusal.py": "def lock(_):\n    return False"}
    with World() as world, mock.patch.object(launch, "_trusted", return_value=open_door):
        told = {**world.told(), "unlocked": True}
        outcome = sandbox.run({"case.py": ATTEMPTS}, "case.py", told, Limits(wall_s=60.0), Level.REFUSAL)
        _clean(world)
    return outcome.result


def _clean(world: World) -> None:
    for folder in world.writable:
        (folder / world.mark).unlink(missing_ok=True)


def _attempts(level: Level) -> dict[str, list[str]]:
    held_by_kernel = ("multiprocessing.sharedctypes",) if level is not Level.REFUSAL else ()
    with World() as world, mock.patch.object(allowed_names, "PRELOADED", (*allowed_names.PRELOADED, *held_by_kernel)):
        outcome = sandbox.run({"case.py": ATTEMPTS}, "case.py", world.told(), Limits(wall_s=60.0), level)
        marks = world.marks()
        _clean(world)
    if outcome.reason is not Reason.DONE:
        raise AssertionError(f"{level}: {outcome}")
    seen = {name: ways + marks.get(name, []) for name, ways in outcome.result.items()}
    if seen["signal_by_process_descriptor"] and len(world.signals) == 1:
        seen["signal_a_process"] = [way for way in seen["signal_a_process"] if not way.isdigit()]
    return seen


if __name__ == "__main__":
    lacking = {level: sandbox.lacks(level) for level in Level}
    found = {level: {} if why else attempted(level) for level, why in lacking.items()}
    sys.stdout.write(json.dumps({"lacking": lacking, "found": found, "unlocked": unlocked()}))
