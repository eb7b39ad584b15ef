"""Tests that every fix which mends parameters has beside its own."""

from __future__ import annotations

import asyncio
from typing import Any

from ratchet.generate.families.templates import calling as fix


def test_another_error_is_raised_at_once() -> None:
    """An error that is not the logged one is none of this fix's business."""
    calls: list[Any] = []
    raised = ""

    def call(params: dict[str, Any]) -> Any:
        calls.append(params)
        raise LookupError("another")

    try:
        fix.apply(call, {}, lambda: None)
    except LookupError as error:
        raised = str(error)
    assert (raised, len(calls)) == ("another", 1)


def test_a_success_is_left_alone() -> None:
    """What works is called once, with what it was given, and the fix does nothing."""
    acts: list[int] = []
    given = {"example": None}
    assert fix.apply(lambda params: params, given, lambda: acts.append(1)) is given
    assert acts == []


def test_what_is_awaited_is_left_alone_too() -> None:
    """The same holds for an operation that is awaited."""

    async def call(params: dict[str, Any]) -> Any:
        return params

    given = {"example": None}
    assert asyncio.run(fix.apply_async(call, given, lambda: None)) is given
