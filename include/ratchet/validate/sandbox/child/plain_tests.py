"""Runs the `test_...` functions of a module one after the other, as pytest would: plain asserts, no fixtures."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import Any


def main(payload: dict[str, str]) -> list[dict[str, str]]:
    """Return each test's name with its error, empty where it passed, in the order of the file."""
    module = importlib.import_module(payload["module"])
    tests = {name: test for name, test in vars(module).items() if name.startswith("test_") and inspect.isfunction(test)}
    return [{"test": name, "error": _error(test)} for name, test in tests.items()]


def _error(test: Callable[[], Any]) -> str:
    try:
        test()
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 a test may fail in any way
        return f"{type(error).__name__}: {error}"
    return ""
