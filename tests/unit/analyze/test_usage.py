import json
from datetime import date

from ratchet.analyze.usage import tabulate

DAY = date(2026, 11, 20)


def test_a_table_is_ordered_by_use_and_its_shares_are_those_of_its_window(usage):
    found = tabulate(
        usage(
            {"requests": 40, "successes": 30, "failures": 5, "unknown": 5},
            {"dimension": "intent", "value": "b", "requests": 10, "failures": 5},
            {"dimension": "intent", "value": "a", "requests": 30, "successes": 30},
            {"dimension": "intent", "value": "a", "window_days": 30, "requests": 3},
        ),
        DAY,
    )
    assert [(r.window_days, r.value, r.share) for r in found.usage] == [
        (7, "all", 1.0), (7, "a", 0.75), (7, "b", 0.25), (30, "a", None)
    ]  # fmt: skip
    assert found.usage[0].success_rate.n == 35


def test_what_was_not_logged_is_empty_and_not_zero(usage):
    (row,) = tabulate(usage({"requests": 1}), DAY).usage
    assert (row.cost_usd, row.input_tokens, row.duration_p95_ms, row.success_rate.number) == (None,) * 4
    (row,) = tabulate(usage({"requests": 1, "cost_n": 1, "cost_usd": 0.2, "token_n": 1, "input_tokens": 9}), DAY).usage
    assert (row.cost_usd, row.input_tokens, row.output_tokens) == (0.2, 9, 0)


def test_no_interaction_is_said(usage):
    assert tabulate(usage(), DAY).reason == "no interaction was logged in the last 30 days"


def test_order_does_not_matter_and_hostile_values_stay_data(usage):
    values = ["<script>", "=1+1", "ü" * 999, "\x00", ""]
    made = usage(*({"dimension": "intent", "value": v, "requests": 3} for v in values))
    found = tabulate(made, DAY)
    assert tabulate(made.iloc[::-1], DAY) == found
    assert len(json.loads(json.dumps(found.as_artifact()))["usage"]) == 5


def test_the_artifact_holds_to_its_schema(usage, conforms):
    conforms("usage", tabulate(usage(), DAY).as_artifact())
    rows = ({"requests": 4, "successes": 4, "cost_usd": 0.2}, {"dimension": "intent", "value": "a"})
    conforms("usage", tabulate(usage(*rows), DAY).as_artifact())
