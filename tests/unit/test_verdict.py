from datetime import date

import pytest

from ratchet.errors import StepFailedError
from ratchet.night import Night
from ratchet.verdict import verdict

DAY = date(2026, 11, 12)


@pytest.fixture
def night(tmp_path):
    found = Night.from_environment(DAY, home=tmp_path)
    report = found.home.artifacts(DAY) / "report.html"
    report.parent.mkdir(parents=True)
    report.write_text("the report")
    return found


def test_a_good_night_says_where_its_report_lies(night, tmp_path):
    found = verdict(night, {"ingest": "success", "report": "success", "verdict": "running"})
    assert found == {"day": "2026-11-12", "report": str(tmp_path / "artifacts/2026-11-12/report.html")}


def test_every_failed_step_is_named_with_its_reason(night, caplog):
    night.mark("gaps", "failed", "the column was gone")
    night.mark("errors", "done")
    with pytest.raises(StepFailedError) as caught:
        verdict(night, {"gaps": "failed", "errors": "failed", "improvements": "upstream_failed", "report": "success"})
    assert str(caught.value) == (
        "gaps failed: the column was gone; errors failed, see its log; not run: improvements (2026-11-12) — the report "
        f"says what is missing: {night.home.artifacts(DAY) / 'report.html'}"
    )
    assert [record.message for record in caplog.records] == [
        "gaps failed: the column was gone",
        "errors failed, see its log",
        "not run: improvements",
    ]


def test_without_a_report_it_promises_none(night):
    (night.home.artifacts(DAY) / "report.html").unlink()
    with pytest.raises(StepFailedError, match="see the log of the failed task"):
        verdict(night, {"report": "failed"})
