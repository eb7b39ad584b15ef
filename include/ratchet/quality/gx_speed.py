"""Spares Great Expectations from doing the same work again and again while a gate runs.

Two places take a third of a gate's time: an expectation builds its configuration anew for every key that is read of it,
and every page compiles every template. Both are remembered here, for the length of a gate; the results are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from jinja2 import Environment
from jinja2.bccache import Bucket, BytecodeCache


class _Compiled(BytecodeCache):
    """Templates that were compiled in this process, by name and content."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._known[bucket.key] = bucket.bytecode_to_string()


_compiled = _Compiled()


@contextmanager
def remembering() -> Iterator[None]:
    """Remember configurations of expectations until the end, and compiled templates for good."""
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.render.view import view

    build = Expectation.configuration.fget
    known: dict[int, tuple[Any, dict[str, Any], Any]] = {}

    def configuration(expectation: Any) -> Any:
        held = known.get(id(expectation))
        if held is None or held[1] != expectation.__dict__:
            held = known[id(expectation)] = expectation, dict(expectation.__dict__), build(expectation)
        return held[2]

    with (
        patch.object(Expectation, "configuration", property(configuration)),
        patch.object(view, "Environment", partial(Environment, bytecode_cache=_compiled)),
    ):
        yield
