"""Proves a generated client: its syntax, its types under `mypy --strict`, every operation against a stub of the API.

It runs in a process of its own with an empty environment and a time limit. That is enough here: what was generated has
been read by its syntax tree before (`client_syntax.py`) and holds no statement that it could run by itself; the rest of
the package is Ratchet's own, `client/api_runtime/`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ratchet.validate.client_syntax import problems

LINE_LENGTH = 110
TIME_LIMIT_S = 300.0
_RUNTIME = Path(__file__).parents[1] / "client" / "api_runtime"
_PYTHON = ("client.py", "models.py", "__init__.py")
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a client holds: operations called, requests sent, and what is wrong in words."""

    tested: int
    calls: int
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Return whether nothing is wrong."""
        return not self.problems


def runtime_files() -> dict[str, str]:
    """Return what every client carries with it, file name -> text."""
    return {name: (_RUNTIME / name).read_text("utf-8") for name in ("http.py", "wire.py", "test_client.py")}


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write a client's files into a fresh folder."""
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")


def proven(files: Mapping[str, str], name: str) -> tuple[dict[str, str], Verdict]:
    """Return a client's files, formatted, and whether it holds."""
    with tempfile.TemporaryDirectory(prefix="ratchet-client-") as temporary:
        folder = Path(temporary) / name
        write(folder, files)
        verdict = check_all([folder])[name]
        return {file: (folder / file).read_text("utf-8") for file in files}, verdict


def check_all(folders: Sequence[Path]) -> dict[str, Verdict]:
    """Format and judge clients that lie side by side; package name -> verdict. Types are checked in one go.

    Args:
        folders: packages of one parent folder.
    """
    wrong = {folder.name: _syntax(folder) for folder in folders}
    sound = [folder for folder in folders if not wrong[folder.name]]
    if sound:
        _format(sound)
        for name, said in _mypy(sound).items():
            wrong[name] += said
    return {folder.name: _verdict(folder, wrong[folder.name]) for folder in folders}


def _syntax(folder: Path) -> list[str]:
    files = {name: (folder / name).read_text("utf-8") for name in _PYTHON}
    own = [name for name, text in runtime_files().items() if (folder / name).read_text("utf-8") != text]
    return problems(files) + [f"{name} is not Ratchet's own" for name in own]


def _format(folders: Sequence[Path]) -> None:
    files = [str(folder / name) for folder in folders for name in _PYTHON]
    command = [
        "ruff",
        "format",
        "--isolated",
        "--no-cache",
        "--target-version",
        "py311",
        "--line-length",
        str(LINE_LENGTH),
    ]
    _run([*command, *files], folders[0].parent)


def _mypy(folders: Sequence[Path]) -> dict[str, list[str]]:
    parent = folders[0].parent
    options = [
        "--strict",
        "--config-file",
        os.devnull,
        "--no-error-summary",
        "--hide-error-context",
        "--no-color-output",
    ]
    cache = ["--cache-dir", str(parent / ".mypy_cache"), "--python-version", "3.11"]
    done = _run(["mypy", *options, *cache, *(folder.name for folder in folders)], parent)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    found = {folder.name: [line for line in lines if line.startswith(f"{folder.name}{os.sep}")] for folder in folders}
    if done.returncode and not any(found.values()):
        return {name: [f"mypy failed: {' '.join(lines)[-300:]}"] for name in found}
    return {name: said[:_SHOWN] for name, said in found.items()}


def _verdict(folder: Path, wrong: Sequence[str]) -> Verdict:
    if wrong:
        return Verdict(0, 0, tuple(wrong))
    program = "import runpy, sys; sys.path.insert(0, '.'); runpy.run_module(sys.argv[1], run_name='__main__')"
    try:
        done = subprocess.run(  # noqa: S603 -- our own interpreter and program; the package was read before
            [sys.executable, "-I", "-c", program, f"{folder.name}.test_client"],
            cwd=folder.parent,
            env={},
            capture_output=True,
            text=True,
            timeout=TIME_LIMIT_S,
        )
    except subprocess.TimeoutExpired:
        return Verdict(0, 0, ("the contract test took too long",))
    found = _result(done.stdout)
    if found is None:
        return Verdict(0, 0, (f"the contract test broke off: {done.stderr.strip()[-300:]}",))
    return Verdict(found["tested"], found["calls"], tuple(found["failures"][:_SHOWN]))


def _result(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a tool of Ratchet's own environment."""
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder)}
    return subprocess.run(  # noqa: S603 -- ruff and mypy, with file names that Ratchet made
        [sys.executable, "-P", "-m", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIME_LIMIT_S,
    )
