"""Loads the libraries of a night ahead of time, for processes that fork one process a task.

Importing them takes a task longer than its work. A scheduler with the LocalExecutor forks its workers, and they fork
each task: what was imported before is there at once, and its memory is shared.
"""

from __future__ import annotations

import gc
import importlib
import os
import warnings

LIBRARIES = (
    "pandas",
    "pyarrow.parquet",
    "duckdb",
    "scipy.stats",
    "sklearn.cluster",
    "sklearn.decomposition",
    "sklearn.feature_extraction.text",
    "dbt.cli.main",
    "dbt.adapters.duckdb",
    "great_expectations.expectations",
    "evidently.presets",
    "ratchet.nights",
)


def load() -> None:
    """Import what the steps of a night import when they run; starts no thread and opens nothing."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in LIBRARIES:
            importlib.import_module(name)
    gc.freeze()  # a collection in a task would copy every shared page it looks at
