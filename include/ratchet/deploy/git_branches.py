"""Branches, merges and removals in a repository, made without a working tree.

What they hold belongs to `git_target.py`, how git is run to `git.py`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from ratchet.contracts.names import in_words
from ratchet.deploy.fixes import FOLDER
from ratchet.deploy.git import Git, GitError

TRIES = 3  # merges, where somebody else pushes at the same time
ID = re.compile(r"[0-9a-f]{12}")
_AHEAD = ("fetch first", "non-fast-forward", "stale info", "cannot lock ref", "failed to update ref")
_REMOTE = "refs/ratchet-remote/"


@dataclass(frozen=True, slots=True)
class Patch:
    """One fix as files of a repository.

    Attributes:
        fix_id: of its improvement.
        revision: which coming of it.
        files: name -> text.
        day: when it was validated; the date of its commits.
    """

    fix_id: str
    revision: int
    files: Mapping[str, str]
    day: date

    @property
    def branch(self) -> str:
        """Return the name of its branch."""
        return f"ratchet/{self.fix_id}-r{self.revision}"


@dataclass(frozen=True, slots=True)
class Pushed:
    """What became of a repository: branches pushed, fixes merged and taken out, and one line for each that failed."""

    branches: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def said(error: GitError, place: str) -> str:
    """Return an error as one line, with the repository's name and the way out."""
    way_out = error.way_out or "published/ is not touched by this; the next live night tries again"
    return str(GitError(error.what, where=place, way_out=way_out))


def _gone(paths: str) -> str:
    """Return what tells an index that paths, each ended by NUL, are no longer there."""
    return "".join(f"0 {'0' * 40}\t{path}\0" for path in paths.split("\0") if path)


class Branches:
    """One branch of one repository, as of the last fetch."""

    def __init__(self, git: Git, repository: str, branch: str) -> None:
        self.git, self.repository, self.branch = git, repository, branch

    def bring(self, waiting: list[Patch], deployed: list[Patch], undone: list[str], place: str) -> Pushed:
        """Push, merge and take out what is not yet so; `place` names the repository where one of them fails."""
        problems: list[str] = []

        def done(name: str, change: Callable[[], bool]) -> list[str]:
            try:
                return [name] if change() else []
            except GitError as error:
                problems.append(said(error, place))
                return []

        late = [p for p in deployed if not self._is_merged(p)]
        branches = [n for p in (*waiting, *late) for n in done(p.branch, functools.partial(self._push_branch, p))]
        merged = [n for p in late for n in done(p.fix_id, functools.partial(self._until_pushed, self._merge, p))]
        removed = [n for i in undone for n in done(i, functools.partial(self._until_pushed, self._without, i))]
        return Pushed(tuple(branches), tuple(merged), tuple(removed), tuple(dict.fromkeys(problems)))

    def fetch(self) -> None:
        """Read the branches of the repository as they are now.

        Raises:
            GitError: if it cannot be read.
        """
        self.git.run("fetch", "--quiet", "--prune", "--no-tags", "--", self.repository, f"+refs/heads/*:{_REMOTE}*")

    def _tip(self, branch: str) -> str | None:
        code, said, _ = self.git.attempt(["rev-parse", "--quiet", "--verify", f"{_REMOTE}{branch}^{{commit}}"])
        return None if code else said

    def _push(self, commit: str, branch: str) -> bool:
        """Push a commit; False where the remote is ahead."""
        refspec = f"{commit}:refs/heads/{branch}"
        code, told, why = self.git.attempt(["push", "--quiet", "--porcelain", "--", self.repository, refspec])
        if code and any(sign in told + why for sign in _AHEAD):
            return False
        if code:
            self.git.run("push", "--quiet", "--", self.repository, refspec)  # says why
        return True

    def _push_branch(self, patch: Patch) -> bool:
        tip = self._tip(patch.branch)
        if tip is not None and self._holds(tip, patch):
            return False
        if tip is not None:
            raise GitError(f"somebody else changed the branch {patch.branch}: it is not what was validated")
        parent = self._tip(self.branch)
        commit = self._commit(self._tree(parent, patch), [parent] if parent else [], f"Fix {patch.branch}", patch.day)
        is_pushed = self._push(commit, patch.branch)
        self.fetch()
        return is_pushed

    def _until_pushed(self, change: Callable[[Any, str | None], str | None], about: Any) -> bool:
        """Push what a change makes of the branch's tip, again from a newer tip while the remote is ahead."""
        for _ in range(TRIES):
            commit = change(about, self._tip(self.branch))
            if commit is None:
                return False
            is_pushed = self._push(commit, self.branch)
            self.fetch()
            if is_pushed:
                return True
        raise GitError(f"others went on pushing to {self.branch}")

    def _is_merged(self, patch: Patch) -> bool:
        tip, own = self._tip(self.branch), self._tip(patch.branch)
        if tip is None:
            return False
        is_own = own is not None and self._holds(own, patch)
        is_ancestor = is_own and not self.git.attempt(["merge-base", "--is-ancestor", str(own), tip])[0]
        return is_ancestor or self._holds(tip, patch)

    def _merge(self, patch: Patch, tip: str | None) -> str | None:
        own = self._tip(patch.branch)
        if own is None or not self._holds(own, patch):
            return None  # why is said already
        if tip is None:
            return own
        code, said, why = self.git.attempt(["merge-tree", "--write-tree", "--name-only", "--no-messages", tip, own])
        if code == 1:
            raise GitError(f"the branch {patch.branch} is in conflict with {self.branch}: merge it by hand")
        if code:
            raise GitError(f"git merge-tree: {in_words(why, 200)}", way_out="git 2.38 or newer is needed")
        return self._commit(said.splitlines()[0], [tip, own], f"Deploy fix {patch.branch}", patch.day)

    def _without(self, fix_id: str, tip: str | None) -> str | None:
        if tip is None or not ID.fullmatch(fix_id):
            return None
        found = self.git.run("ls-tree", "-r", "-z", "--name-only", tip, "--", f"{FOLDER}/{fix_id}/")
        if not found:
            return None
        with self._index(tip) as more:
            self.git.run("update-index", "-z", "--index-info", stdin=_gone(found), more=more)
            tree = self.git.run("write-tree", more=more)
        day = self.git.run("show", "--no-patch", "--format=%cs", tip)
        return self._commit(tree, [tip], f"Undo fix {fix_id}", date.fromisoformat(day))

    def _holds(self, commit: str, patch: Patch) -> bool:
        listed = self.git.run("ls-tree", commit, "--", f"{FOLDER}/{patch.fix_id}/")
        found = {line.partition("\t")[2].rpartition("/")[2]: line.split()[2] for line in listed.splitlines()}
        return found == self._blobs(patch)

    def _blobs(self, patch: Patch) -> dict[str, str]:
        write = ("hash-object", "-w", "--stdin")
        return {name: self.git.run(*write, stdin=text) for name, text in patch.files.items()}

    def _tree(self, commit: str | None, patch: Patch) -> str:
        with self._index(commit) as more:
            for name, blob in self._blobs(patch).items():
                entry = f"100644,{blob},{FOLDER}/{patch.fix_id}/{name}"
                self.git.run("update-index", "--add", "--cacheinfo", entry, more=more)
            return self.git.run("write-tree", more=more)

    @contextmanager
    def _index(self, commit: str | None) -> Iterator[dict[str, str]]:
        """Give commands an index of their own, filled with a commit's files."""
        path = self.git.folder / "ratchet-index"
        path.unlink(missing_ok=True)
        more = {"GIT_INDEX_FILE": str(path)}
        self.git.run("read-tree", *([commit] if commit else ["--empty"]), more=more)
        try:
            yield more
        finally:
            path.unlink(missing_ok=True)

    def _commit(self, tree: str, parents: list[str], message: str, day: date) -> str:
        when = f"{day.isoformat()}T00:00:00+00:00"
        more = {"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when}
        ancestors = [part for parent in parents for part in ("-p", parent)]
        return self.git.run("commit-tree", tree, *ancestors, "-F", "-", stdin=f"{message}\n", more=more)
