from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
UNIT = Path(__file__).parent / "unit"


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files after a wanted change")


def pytest_collection_modifyitems(items):
    """Begin with the file that takes longest, as make test runs two at a time; the next Airflow starts when it ends."""

    def turn(item):
        return 3 if UNIT in item.path.parents else {"test_airflow": 0, "test_airflow_pages": 2}.get(item.path.stem, 1)

    items.sort(key=turn)


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
