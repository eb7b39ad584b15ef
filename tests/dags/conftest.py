"""Gives Airflow a home of its own before anything imports it, and its tables once a session."""

import os
import sys
import tempfile
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 11, 12)

assert "airflow" not in sys.modules, "Airflow was imported before its home was set"
os.environ.update(
    {
        "AIRFLOW_HOME": tempfile.mkdtemp(prefix="ratchet-airflow-"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
    }
)


# Warnings of what Airflow itself imports and calls; those of our own code stay errors.
OF_AIRFLOW = ("ignore:Using `httpx` with `starlette.testclient`",)


def pytest_collection_modifyitems(items):
    """Let Airflow warn about itself in the tests of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for warning in OF_AIRFLOW:
                item.add_marker(pytest.mark.filterwarnings(warning))


@pytest.fixture(scope="session")
def airflow_tables():
    """Create the metadata database."""
    from airflow.utils import db

    db.initdb()


@pytest.fixture(scope="session")
def bag():
    """Every DAG of the folder."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(ROOT / "dags"))


@pytest.fixture(scope="session")
def nightly(bag):
    """The nightly DAG."""
    return bag.dags["nightly_improvement"]
