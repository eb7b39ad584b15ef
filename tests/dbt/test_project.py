"""The dbt project keeps its rules: layers, contracts, documentation, no clock, no chance."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from ratchet import marts
from ratchet.contracts.streams import STREAMS, field_specs
from ratchet.errors import StepFailedError
from ratchet.home import Home
from ratchet.warehouse import Warehouse

MODELS = marts.PROJECT / "models"
PATHS = sorted(MODELS.rglob("*.sql"))
LAYER_BELOW = {"staging": {"staging"}, "intermediate": {"staging", "intermediate"}, "marts": {"intermediate", "marts"}}
RUN = {
    f"source.ratchet.run.{name}"
    for name in ("context", "pending", "trials", "trial_variants", "trial_metrics", "impacts", "improvements")
}
NOT_REPEATABLE = re.compile(
    r"\b(now|today|current_date|current_time|current_timestamp|get_current_\w+|localtime|localtimestamp|getdate|sysdate"
    r"|transaction_timestamp|clock_timestamp|random|rand|setseed|uuid|gen_random_uuid|uuidv[47]|nextval|any_value|first)\b"
    r"\s*(\(|\b)",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def manifest(five_nights: Any) -> dict[str, Any]:
    with Warehouse.open(five_nights.home) as warehouse:
        marts.run_dbt(warehouse, "compile", "--write-json")
    found: dict[str, Any] = json.loads((five_nights.home.root / "dbt" / "target" / "manifest.json").read_text("utf-8"))
    return found


def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}


def layer(node: dict[str, Any]) -> str:
    return str(node["fqn"][1])


def layering_breaches(manifest: dict[str, Any]) -> list[str]:
    """Return every model that reads a layer it must not."""
    nodes, found = models(manifest), []
    for node in nodes.values():
        for parent in node["depends_on"]["nodes"]:
            if parent.startswith("source."):
                allowed = layer(node) == "staging" or parent in RUN
            else:
                allowed = layer(nodes[parent]) in LAYER_BELOW[layer(node)]
            found += [] if allowed else [f"{node['name']} reads {parent}"]
    return found


def test_each_layer_reads_the_one_below_or_itself(manifest: dict[str, Any]) -> None:
    assert layering_breaches(manifest) == []


@pytest.mark.parametrize("parent", ["model.ratchet.stg_error", "source.ratchet.bronze.error"])
def test_the_layering_check_fires(manifest: dict[str, Any], parent: str) -> None:
    broken = json.loads(json.dumps(manifest))
    broken["nodes"]["model.ratchet.mart_errors"]["depends_on"]["nodes"].append(parent)
    assert layering_breaches(broken) == [f"mart_errors reads {parent}"]


def test_models_are_named_after_their_layer(manifest: dict[str, Any]) -> None:
    prefix = {"staging": "stg_", "intermediate": "int_", "marts": "mart_"}
    for node in models(manifest).values():
        assert node["name"].startswith(prefix[layer(node)])
        assert node["schema"] == layer(node)


def test_every_stream_has_its_staging_view(manifest: dict[str, Any]) -> None:
    staged = {node["name"] for node in models(manifest).values() if layer(node) == "staging"}
    assert staged == {f"stg_{stream}" for stream in STREAMS}


@pytest.mark.parametrize("stream", STREAMS)
def test_staging_has_every_field_of_the_contract(five_nights: Any, stream: str) -> None:
    described = five_nights.frame(f"select column_name, column_type from (describe staging.stg_{stream})")
    found = dict(zip(described["column_name"], described["column_type"], strict=True))
    assert {s.name: s.sql_type for s in field_specs(stream)}.items() <= found.items()
    assert {"event_date", "landed_date", "unit", "unit_kind"} <= found.keys()


def sql_breaches(sql: str) -> list[str]:
    """Return what SQL calls that another run would answer differently."""
    code = re.sub(r"'(?:[^']|'')*'|--[^\n]*", "''", sql)
    return [match[1].lower() for match in NOT_REPEATABLE.finditer(code)]


def test_no_model_reads_the_clock_or_rolls_dice(five_nights: Any) -> None:
    compiled = marts.compiled(five_nights.home)
    assert len(compiled) == len(PATHS)
    assert {name: found for name, sql in compiled.items() if (found := sql_breaches(sql))} == {}


@pytest.mark.parametrize(
    "sql", ["select now()", "select current_date", "select CURRENT_TIMESTAMP", "order by random()", "select uuid ()"]
)
def test_the_clock_check_fires(sql: str) -> None:
    assert sql_breaches(sql)


def test_the_clock_check_reads_code_only() -> None:
    assert sql_breaches("select 'now()' as a -- random()\nfrom snow") == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_yml_lies_beside_each_model(path: Path) -> None:
    (model,) = yaml.safe_load(path.with_suffix(".yml").read_text("utf-8"))["models"]
    assert model["name"] == path.stem
    assert re.search(r"\. One row per .+\.$|^One row per .+\.$", model["description"].strip())
    assert all(column["description"] for column in model["columns"])


@pytest.mark.parametrize("path", sorted((MODELS / "marts").glob("*.sql")), ids=lambda path: path.stem)
def test_a_mart_has_a_contract_a_key_and_unit_tests(path: Path, manifest: dict[str, Any]) -> None:
    node = manifest["nodes"][f"model.ratchet.{path.stem}"]
    assert node["contract"]["enforced"]
    text = yaml.safe_load(path.with_suffix(".yml").read_text("utf-8"))
    assert any(test["sound"]["arguments"]["key"][0] == "as_of" for test in text["models"][0]["data_tests"])
    assert {unit["model"] for unit in text["unit_tests"]} == {path.stem}


def test_unit_tests_are_named_as_sentences(manifest: dict[str, Any]) -> None:
    names = [unit["name"] for unit in manifest["unit_tests"].values()]
    assert names
    assert all(len(name.split("_")) >= 4 for name in names), names


def test_there_is_no_python_in_the_project() -> None:
    assert list(marts.PROJECT.rglob("__init__.py")) == []


def test_a_build_leaves_the_project_alone(five_nights: Any) -> None:
    assert {p.name for p in marts.PROJECT.iterdir()} <= {"dbt_project.yml", "profiles.yml", "models", "macros", "tests"}
    assert (five_nights.home.root / "dbt" / "target").is_dir()


def test_what_sql_guarantees_holds(new_lake: Any, events_by_day: dict[Any, Any]) -> None:
    """Unit tests of every model, and the keys of every daily statistic, over five landing days at once."""
    lake = new_lake("thorough")
    for day, events in events_by_day.items():
        lake.land(day, events)
    lake.prepare(max(events_by_day))
    marts.build(lake.home, max(events_by_day))
    with Warehouse.open(lake.home) as warehouse:
        result = marts.run_dbt(warehouse, "test", "--select", "test_name:sound", "test_type:unit")
    assert {r.status for r in result.result.results} == {"pass"}


def test_a_build_without_preparation_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StepFailedError, match="not prepared"):
        marts.build(Home(tmp_path), date(2026, 1, 1))
