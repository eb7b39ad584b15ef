"""The report's words on nights made by hand; rewritten only by `make golden`."""

import pytest

from ratchet import report
from tests.unit.report import fixtures
from tests.unit.report.values import DAY


@pytest.mark.parametrize("name", ["night", "failed_gate", "empty"])
def test_the_report_reads_as_it_did(golden, name):
    view = report.build(getattr(fixtures, name)(), DAY)
    golden(f"report_{name}.md", report.render_markdown(view))
