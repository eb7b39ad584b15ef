"""What holds for every DAG: it imports, explains itself, and asks for nothing that is not there."""

import json
import subprocess
import sys
import time

import pytest

from .conftest import ROOT

pytestmark = pytest.mark.airflow
EXPECTED = {"api_discovery", "deploy_improvements", "hourly_health", "nightly_improvement"}
HEAVY = ("dbt", "duckdb", "evidently", "great_expectations", "pandas", "scipy", "statsmodels")
SECTIONS = ("### Does", "### Reads", "### Writes", "### Running it again", "### When it fails")


def test_the_folder_holds_these_dags_and_no_errors(bag):
    assert bag.import_errors == {}
    assert set(bag.dags) == EXPECTED
    assert {path.stem for path in (ROOT / "dags").glob("*.py")} == EXPECTED


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_a_dag_explains_itself(bag, dag_id):
    dag = bag.dags[dag_id]
    positions = [dag.doc_md.find(section) for section in SECTIONS]
    assert -1 not in positions
    assert positions == sorted(positions)
    assert dag.tags
    assert dag.catchup is False
    assert all(task.doc_md for task in dag.tasks)
    assert all(dag.params.get_param(name).description for name in dag.params)


@pytest.mark.parametrize("dag_id", sorted(EXPECTED))
def test_a_task_has_an_end_and_a_second_chance(bag, dag_id):
    for task in bag.dags[dag_id].tasks:
        assert task.execution_timeout or task.operator_class.__name__ == "Question", task.task_id  # it waits for people
        assert task.retries or task.task_id == "verdict", task.task_id


def test_every_pool_that_a_task_asks_for_is_imported(bag):
    pools = json.loads((ROOT / "include" / "config" / "pools.json").read_text())
    asked = {task.pool for dag in bag.dags.values() for task in dag.tasks} - {"default_pool"}
    assert "warehouse" in asked
    assert asked <= set(pools)
    assert {name: pool["slots"] for name, pool in pools.items()} == {"warehouse": 1, "fold": 1}


def test_parsing_a_dag_file_is_quick_and_imports_nothing_heavy():
    program = f"""
import sys, time, importlib.util
import airflow.plugins_manager, airflow.sdk
from airflow.sdk import BaseHook, BaseNotifier
from airflow.sdk import CronPartitionTimetable, ExceptionRetryPolicy, Param, TaskGroup, TriggerRule, dag, task
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.decorators.python import _PythonDecoratedOperator
before = set(sys.modules)
for name in {[*(f"dags/{name}" for name in sorted(EXPECTED)), "plugins/report_shelf"]!r}:
    start = time.process_time()
    spec = importlib.util.spec_from_file_location(name.rpartition("/")[2], name + ".py")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    took = time.process_time() - start
    assert took < 1, (name, took)
new = {{module.split(".")[0] for module in set(sys.modules) - before}}
assert not new & set({(*HEAVY, "fastapi")!r}), new
"""
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert time.monotonic() - start < 60
