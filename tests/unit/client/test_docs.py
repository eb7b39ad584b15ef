"""docs/client.md: its code runs as it stands there, and its tables name what there is."""

import inspect
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ratchet.client import Client
from ratchet.contracts.buckets import Hash
from ratchet.contracts.experiments import TrialKind
from ratchet.deploy import flags, publish
from ratchet.home import Home
from ratchet.log.validate import validate

from .conftest import read

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "client.md").read_text("utf-8")
CODE = re.findall(r"(?ms)^```python\n(.*?)^```$", PAGE)
EXPERIMENT = flags.Flag(
    key="summary_prompt",
    variants={"control": "control", "structured": "structured"},
    default="control",
    trial_id="summary-1",
    kind=TrialKind.EXPERIMENT,
    unit_type="user",
    hash=Hash.FLAGD,
    salt="summary_prompt",
    split=(("structured", 1), ("control", 1)),
    metric="summary_accepted",
)
ROLLOUT = flags.Flag(
    key="smart_search",
    variants={"on": True, "off": False},
    default="off",
    trial_id="smart-search",
    kind=TrialKind.ROLLOUT,
    unit_type="user",
    hash=Hash.FLAGD,
    salt="smart_search",
    split=(("on", 1), ("off", 3)),
)


def test_the_code_of_the_page_runs_and_its_log_is_valid(tmp_path):
    pytest.importorskip("openfeature", reason="pip install 'ratchet[client]'")
    home = Home(tmp_path / "ratchet")
    publish.publish(home, date(2026, 11, 19), {"flags.json": flags.document([EXPERIMENT, ROLLOUT])})
    names = {}
    for block in CODE:
        exec(compile(block.replace("/srv/ratchet", str(home.root)), "docs/client.md", "exec"), names)
    names["api"].shutdown()
    names["client"].close()
    assert names["client"].counts == names["private"].counts == {}
    verdict = validate(home.landing, today=datetime.now(UTC).date())
    assert (verdict.totals["loaded"], verdict.totals["quarantined"]) == (12, 0), verdict.in_words()
    metrics = [event["metric"] for event in read(home.landing) if event["event_type"] == "outcome"]
    assert metrics == ["summary_accepted", "seconds_to_answer"]


def test_the_tables_name_what_there_is():
    methods = {name for name, _ in inspect.getmembers(Client, inspect.isfunction) if not name.startswith("_")}
    assert methods - {"close", "evaluate", "flag"} == {name for name in methods if re.search(f"`{name}[`(]", PAGE)}
    sources = "".join(path.read_text("utf-8") for path in Path(inspect.getfile(Client)).parent.glob("*.py"))
    counts = set(re.findall(r'\.note\(\s*"(\w+)"', sources))
    table = PAGE[PAGE.index("| count |") : PAGE.index("- **Files.**")]
    assert counts == set(
        re.findall(r"`([a-z_]+)`", table.replace("`attributes.invalid_fields`", "").replace("`id_key`", ""))
    )
    for hash_ in Hash:
        assert f"`{hash_}`" in PAGE
