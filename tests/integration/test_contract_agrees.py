"""The contract is read twice, as JSON Schema and as the SQL of ingestion: both must judge every value alike."""

import json
from datetime import date
from itertools import count

import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from ratchet.contracts.schema import stream_schema
from ratchet.contracts.streams import STREAMS, Kind, field_specs
from ratchet.home import Home
from ratchet.log.ingest import IngestOptions, ingest_until
from ratchet.log.sources import LandedSource

DAY = date(2026, 11, 19)
MOMENT = "2026-11-19T10:00:00Z"
GOOD = {
    Kind.STRING: "x",
    Kind.INTEGER: 1,
    Kind.NUMBER: 1.5,
    Kind.BOOLEAN: True,
    Kind.TIMESTAMP: MOMENT,
    Kind.JSON: [],
    Kind.OBJECT: {},
}
ODD = (
    None,
    "",
    "x",
    "7",
    "y" * 128,
    "y" * 129,
    0,
    -1,
    1,
    7,
    1.0,
    1.5,
    100,
    599.5,
    600,
    10**15,
    10**15 + 1,
    -(10**15) - 1,
    10**30,
    1e300,
    True,
    [],
    ["x"],
    [{"category": "c", "field": None}],
    [{"category": 1}],
    {},
    {"a": [1]},
    MOMENT,
    "2026-11-19 10:00:00+01:00",
    "2026-11-19T10:00:60z",
    "2026-11-19T10:00:00",
    "2026-11-19T25:00:00Z",
    "2026-11-19",
    "real",
    "ERROR",
    "up",
)


def _events():
    """Yield each stream's plain event once for each of its fields and each odd value."""
    number = count()
    for stream in STREAMS:
        specs = field_specs(stream)
        plain = {spec.name: spec.choices[0] if spec.choices else GOOD[spec.kind] for spec in specs if spec.required}
        for spec in specs:
            for value in ODD:
                yield {"event_type": stream, **plain, "event_id": f"e{next(number)}", spec.name: value}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Every event with the reason for which ingestion refused it, None where it did not."""
    folder = tmp_path_factory.mktemp("contract")
    events = list(_events())
    file = folder / "landing" / f"dt={DAY}" / "odd.jsonl"
    file.parent.mkdir(parents=True)
    file.write_text("".join(json.dumps(event) + "\n" for event in events), "utf-8")
    home = Home(folder / "home")
    ingest_until(home, [LandedSource("native", folder / "landing")], DAY, IngestOptions(), date(2026, 11, 21))
    refused = pd.read_parquet(home.quarantine / f"landed={DAY}.parquet", partitioning=None)
    reasons = dict(zip(refused["source_line"], refused["reason"] + ": " + refused["detail"], strict=True))
    return [(event, reasons.get(line)) for line, event in enumerate(events, start=1)]


@pytest.mark.parametrize("stream", STREAMS)
def test_ingestion_refuses_exactly_what_the_schema_refuses(judged, stream):
    validator = Draft202012Validator(stream_schema(stream))
    own = [(event, reason) for event, reason in judged if event["event_type"] == stream]
    assert len(own) == len(field_specs(stream)) * len(ODD)
    apart = [(event, reason) for event, reason in own if validator.is_valid(event) != (reason is None)]
    assert apart == []


def test_both_verdicts_are_common(judged):
    refused = sum(reason is not None for _, reason in judged)
    assert len(judged) / 4 < refused < len(judged) * 3 / 4
