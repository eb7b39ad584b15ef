"""Asks a person about every improvement that waits for a decision, and records the answer.

### Does
After each night, and whenever it is triggered by hand, it puts one question per improvement under *Required Actions*:
title, why, evidence, expected effect, and the diff where there is one. *Approve*, *Reject* or *Snooze* it there, or say
`ratchet approve`, `reject` or `snooze`: whoever is first settles it. Each revision of an improvement is asked about
once, and again when a snooze has ended. What is approved is deployed by the next live night that passes its gates.

### Reads
`$RATCHET_HOME/decisions/`, the settings (`approvers`: who may answer), and which questions of its other runs are open.

### Writes
One line in `$RATCHET_HOME/decisions/<day>.jsonl` per answer, in force from the first day that is not yet reported.

### Running it again
Safe at any time: what is asked already is not asked again. A run ends when all its questions are answered; one that
was settled elsewhere closes by itself within half an hour. Mark a run as failed, and the next one asks again.

### When it fails
Nothing is lost: the log of `record` says why (a full disk, or a process that kept the home); clear that task. An
answer of somebody who may not decide is not taken, and the question stays. More in docs/approvals.md.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Asset, Param, PartitionedAssetTimetable, dag, get_current_context, task, task_group
from airflow.sdk.exceptions import AirflowSkipException, TaskAwaitingInput

NIGHT = Asset("ratchet_night")  # a night has published; dags/nightly_improvement.py says so
LOOK_AGAIN = timedelta(minutes=30)
REASON = Param(None, type=["null", "string"], title="Reason", description="Why; it is kept with the decision.")
DAYS = Param(7, type="integer", minimum=1, maximum=365, title="Days", description="Of a snooze: nights to wait.")


class Question(HITLOperator):
    """A required action that is open until somebody has answered it, here or on the command line."""

    template_fields = ("key",)  # never subject or body: words from a log are no templates

    def __init__(self, *, key: str, **options: Any) -> None:
        """Ask about the improvement of a key; the words come from the home when it is asked."""
        super().__init__(subject="", response_timeout=LOOK_AGAIN, **options)
        self.key = key

    def execute(self, context: Any) -> None:
        """Put the question, unless it was settled in between."""
        from ratchet import asking

        found = asking.question(self.key)
        if found is None:
            raise AirflowSkipException(f"{self.key} does not wait for an answer any more")
        self.subject, self.body = found.subject, found.body
        super().execute(context)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        """Return an answer that can be taken; go on waiting without one."""
        from ratchet import asking, errors

        if "error" in event and asking.question(self.key) is not None:
            raise TaskAwaitingInput(method_name="execute_complete", timeout=LOOK_AGAIN)
        if "error" in event:
            raise AirflowSkipException(f"{self.key} was settled elsewhere")
        try:
            return asking.reply(self.key, event)
        except errors.SettledError as error:
            raise AirflowSkipException(str(error)) from error
        except errors.AnswerError as error:
            self.log.warning("The answer was not taken, the question stays: %s", error)
            return self.execute(context)


@task(max_active_tis_per_dag=1, execution_timeout=timedelta(minutes=5))
def waiting() -> list[str]:
    """Return the keys of what waits for a person and is not asked about yet; one run at a time looks."""
    from ratchet import asking

    context = get_current_context()
    ti, mine = context["ti"], context["run_id"]
    states = ti.get_task_states(dag_id="deploy_improvements")
    runs = {run: left for run, left in asking.unanswered(states, "question.ask").items() if run != mine}
    asked = [(ti.xcom_pull(task_ids="waiting", run_id=run) or [], left) for run, left in runs.items()]
    return asking.new_questions(asking.open_keys(asked))


@task(execution_timeout=timedelta(minutes=30), multiple_outputs=False)
def record(answer: dict[str, Any]) -> dict[str, Any]:
    """Record an answer under the home's lock; one that came second changes nothing."""
    from ratchet import asking

    return asking.record(answer)


@dag(
    schedule=PartitionedAssetTimetable(assets=NIGHT),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1000,  # a run is open as long as one of its questions
    default_args={"owner": "ratchet", "retries": 3, "retry_delay": timedelta(seconds=20)},
    doc_md=__doc__,
    tags=["ratchet", "people"],
)
def deploy_improvements() -> None:
    """Ask about each improvement by itself, so that no answer waits for another."""

    @task_group(tooltip="One improvement: the question and its answer")
    def question(key: str) -> None:
        ask = Question(
            task_id="ask",
            key=key,
            options=["Approve", "Reject", "Snooze"],
            params={"reason": REASON, "days": DAYS},
            map_index_template="{{ task.key }}",
            retries=20,  # Airflow may lose an answer that comes in the second in which it asks: it asks again
            doc_md="Waits for a person, or for the command line.",
        )
        record.override(doc_md="Records the answer.")(ask.output)

    question.expand(key=waiting.override(doc_md="Finds what nobody was asked about yet.")())


deploy_improvements()
