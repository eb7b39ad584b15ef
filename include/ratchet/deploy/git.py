"""Runs git in a bare repository of Ratchet's own: no configuration, credentials or hooks of the user, no questions.

What is committed belongs to `git_target.py`. Nothing from a log reaches a command line: arguments are object names,
branches made of ids, and what the settings say.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from ratchet.contracts.names import in_words
from ratchet.errors import RatchetError

TIMEOUT_S = 120.0
_LONGEST = 300
_SECRET = re.compile(r"(?<=://)[^/@\s]+@")
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",  # answers with nothing
    "GIT_SSH_COMMAND": "ssh -oBatchMode=yes",
    "GIT_ALLOW_PROTOCOL": "file:https:http:ssh",
    "GIT_AUTHOR_NAME": "Ratchet",
    "GIT_AUTHOR_EMAIL": "ratchet@localhost",
    "GIT_COMMITTER_NAME": "Ratchet",
    "GIT_COMMITTER_EMAIL": "ratchet@localhost",
    "LC_ALL": "C",
}
_KEPT = ("PATH", "HOME", "SSH_AUTH_SOCK", "TMPDIR")
_OPTIONS = ("-c", "core.hooksPath=/dev/null", "-c", "core.quotePath=true", "-c", "gc.auto=0")


class GitError(RatchetError):
    """Raised when git is missing, too old, or refuses; `said` is what it said, on one line."""


class Git:
    """A bare repository that mirrors the one that is written to."""

    def __init__(self, folder: Path) -> None:
        """Make the repository if it is not there.

        Raises:
            GitError: if there is no git, or the folder cannot be written.
        """
        self.folder = folder
        if not (folder / "HEAD").exists():
            shutil.rmtree(folder, ignore_errors=True)
            try:
                folder.mkdir(parents=True)
            except OSError as error:
                raise GitError(f"cannot write: {error.strerror}", where=str(folder)) from error
            self.run("init", "--quiet", "--bare", "--template=", ".")

    def run(self, *arguments: str, stdin: str = "", more: Mapping[str, str] | None = None) -> str:
        """Run a command and return what it prints, without the last line end.

        Args:
            arguments: the command's.
            stdin: what it reads.
            more: further environment variables.

        Raises:
            GitError: if it fails.
        """
        code, said, why = self.attempt(arguments, stdin, more)
        if code:
            raise GitError(f"git {arguments[0]}: {_one_line(why) or f'it ended with {code}'}")
        return said

    def attempt(
        self, arguments: Sequence[str], stdin: str = "", more: Mapping[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Run a command and return its exit code, what it prints, and what it says of errors.

        Raises:
            GitError: if it cannot be run or does not end.
        """
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        try:
            done = subprocess.run(  # noqa: S603 -- no shell; see the module's docstring
                ["git", *_OPTIONS, *arguments],  # noqa: S607 -- the git of this machine
                cwd=self.folder,
                env={**kept, **_ENVIRONMENT, "GIT_DIR": str(self.folder), **(more or {})},
                input=stdin.encode("utf-8", "replace"),
                capture_output=True,
                timeout=TIMEOUT_S,
                check=False,
            )
        except FileNotFoundError as error:
            raise GitError("git is not installed", way_out="install it, or set fix_repository to null") from error
        except subprocess.TimeoutExpired as error:
            raise GitError(f"git {arguments[0]} did not end within {TIMEOUT_S:g} s") from error
        except OSError as error:
            raise GitError(f"git cannot be run: {error.strerror}") from error
        return done.returncode, _text(done.stdout).rstrip("\n"), _text(done.stderr)


def without_secret(repository: str) -> str:
    """Return a repository's address without user and password."""
    return _SECRET.sub("", in_words(repository, _LONGEST))


def _one_line(said: str) -> str:
    lines = [line for line in said.splitlines() if line.startswith(("fatal:", "error:", "remote:", " !"))]
    return without_secret(" ".join(lines or said.splitlines()[-1:]))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
