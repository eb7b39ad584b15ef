"""Tests of `fix.py`; nothing here waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from ratchet.generate.families.templates import repeating as fix

MESSAGE: Final[str] = "example"

Operation = Callable[[dict[str, Any]], Any]


class ExampleError(Exception):
    """Stands for the error in the log."""


class AskingError(Exception):
    """Says when to come back."""

    retry_after = 7


def failing(times: int, error: Exception, calls: list[Any]) -> Operation:
    """Return an operation that fails so many times and then returns its parameters."""

    def call(params: dict[str, Any]) -> Any:
        calls.append(params)
        if len(calls) <= times:
            raise error
        return params

    return call


def test_the_logged_error_is_repeated() -> None:
    """What failed once succeeds, after one wait that is no longer than fitted."""
    calls: list[Any] = []
    acts: list[int] = []
    waits: list[float] = []
    once = failing(1, ExampleError(MESSAGE), calls)
    retrying = fix.retrying(lambda: acts.append(1), waits.append)
    result = retrying(once, {"n": 1})
    assert result == {"n": 1}
    assert (len(calls), len(acts), len(waits)) == (2, 1, 1)
    assert 0 < waits[0] <= fix.LONGEST_WAIT_S + fix.JITTER_S


def test_it_waits_as_long_as_it_is_asked_to() -> None:
    """A service that says when to come back is believed."""
    assert fix.asked_s(ExampleError(MESSAGE)) == 0.0
    assert fix.asked_s(AskingError(MESSAGE)) == 7.0


def test_it_gives_up_and_raises_the_error_as_it_came() -> None:
    """What fails for ever is repeated no more often than fitted."""
    calls: list[Any] = []
    retrying = fix.retrying(lambda: None, lambda seconds: None)
    always = failing(99, ExampleError(MESSAGE), calls)
    raised = ""
    try:
        retrying(always, {})
    except ExampleError as error:
        raised = str(error)
    assert raised == MESSAGE
    assert 1 < len(calls) <= fix.ATTEMPTS


def test_another_error_is_raised_at_once() -> None:
    """An error that is not the logged one is none of this fix's business."""
    calls: list[Any] = []
    raised = ""
    try:
        fix.apply(failing(99, LookupError("another"), calls), {}, lambda: None)
    except LookupError as error:
        raised = str(error)
    assert raised == "another"
    assert len(calls) == 1


def test_a_success_is_left_alone() -> None:
    """What works is called once, and the fix does nothing."""
    calls: list[Any] = []
    acts: list[int] = []
    works = failing(0, ExampleError(MESSAGE), calls)
    assert fix.apply(works, {"n": 1}, lambda: acts.append(1)) == {"n": 1}
    assert (len(calls), acts) == (1, [])


def test_what_is_awaited_is_left_alone_too() -> None:
    """The same holds for an operation that is awaited."""

    async def call(params: dict[str, Any]) -> Any:
        return params

    result = asyncio.run(fix.apply_async(call, {"n": 1}, lambda: None))
    assert result == {"n": 1}
