"""Locks and files after `os.fork`: what another thread held in the parent would never be released in the child."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forkable(Protocol):
    """Something that a forked child cannot use as it is."""

    def after_fork(self) -> None:
        """Make it usable in the child."""


_WATCHED: weakref.WeakSet[Forkable] = weakref.WeakSet()


def watch(each: Forkable) -> None:
    """Call `after_fork` in every child that is forked from now on, as long as the object lives."""
    _WATCHED.add(each)


def _in_child() -> None:
    for each in list(_WATCHED):
        each.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
