from pathlib import Path

import pytest

from tests.asking_airflow import asking  # noqa: F401  one Airflow for the tests over REST and in the browser

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
LONGEST_FIRST = ("airflow", "dbt", "nights")


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files after a wanted change")


def pytest_itemcollected(item):
    """Let tests that share something dear run in one process: make test runs two."""
    item.add_marker(pytest.mark.xdist_group(group(item.path.relative_to(HERE))))


def pytest_collection_modifyitems(items):
    """Begin with what takes longest."""
    groups = [*LONGEST_FIRST, None]
    items.sort(key=lambda i: groups.index(name if (name := group(i.path.relative_to(HERE))) in groups else None))


def group(path):
    """Return the name of what a test file shares: an Airflow, a warehouse, a home of nights, or nothing but itself."""
    if path.stem in ("test_airflow", "test_approvals", "test_approval"):
        return "airflow"
    folders = {"dbt": "dbt", "integration": "nights", "dags": "dags"}
    return folders.get(path.parts[0], str(path))


@pytest.fixture
def golden(request):
    """Compare a text with its golden file, or rewrite the file with --update-golden."""

    def compare(name, text):
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_text(text, "utf-8")
        assert path.exists(), f"no golden file {name}: make golden"
        assert text == path.read_text("utf-8"), (
            f"{name} differs: look at the difference, then make golden if it is wanted"
        )

    return compare
