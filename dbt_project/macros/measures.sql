{#- What each mart sums up, in one place, so that its common table expressions agree. -#}
{% macro interaction_sums() -%}
    {{ return([
        'requests', 'successes', 'failures', 'unknown', 'token_n', 'input_tokens', 'output_tokens', 'cost_n',
        'cost_successes', 'cost_usd',
    ]) }}
{%- endmacro %}

{% macro usage_sums() -%}
    {{ return([
        'requests', 'successes', 'failures', 'unknown', 'timed_out', 'token_n', 'input_tokens', 'output_tokens',
        'cost_n', 'cost_usd', 'quality_n', 'quality_sum',
    ]) }}
{%- endmacro %}

{% macro feedback_sums() -%}
    {{ return([
        'feedback', 'scored', 'low', 'unknown_action', 'rating_n', 'score_sum', 'score_sumsq', 'rating_sum',
    ]) }}
{%- endmacro %}

{% macro health_sums() -%}
    {{ return([
        'requests', 'successes', 'failures', 'unknown', 'errors', 'api_calls', 'api_failures', 'heartbeats',
        'heartbeats_up', 'scored', 'low', 'input_tokens', 'output_tokens', 'cost_usd',
    ]) }}
{%- endmacro %}

{% macro kpi_sums() -%}
    {{ return(interaction_sums() + [
        'errors', 'api_calls', 'api_failures', 'heartbeats', 'heartbeats_up', 'scored', 'low', 'score_sum', 'answered',
        'comparable', 'rephrased', 'followed_failures', 'abandoned', 'escalated', 'asked', 'tickets', 'minutes_saved',
        'minutes_saved_n',
    ]) }}
{%- endmacro %}

{#- Every key figure as metric, numerator, denominator, n: its value is numerator / denominator over n observations. -#}
{% macro kpis() -%}
    {{ return([
        ('requests', 'requests', '1', 'requests'),
        ('active_users', 'units', '1', 'units'),
        ('success_rate', 'successes', 'known', 'known'),
        ('unknown_rate', 'unknown', 'requests', 'requests'),
        ('error_rate', 'errors', 'requests', 'requests'),
        ('feedback_rate', 'answered', 'requests', 'requests'),
        ('satisfaction', 'score_sum', 'scored', 'scored'),
        ('low_satisfaction_rate', 'low', 'scored', 'scored'),
        ('p50_ms', 'p50_ms', '1', 'duration_n'),
        ('p95_ms', 'p95_ms', '1', 'duration_n'),
        ('p99_ms', 'p99_ms', '1', 'duration_n'),
        ('api_failure_rate', 'api_failures', 'api_calls', 'api_calls'),
        ('uptime_heartbeat', 'heartbeats_up', 'heartbeats', 'heartbeats'),
        ('cost_per_success_usd', 'cost_usd', 'cost_successes', 'cost_n'),
        ('tokens_per_request', 'input_tokens + output_tokens', 'token_n', 'token_n'),
        ('retry_rate', 'rephrased', 'comparable', 'comparable'),
        ('abandonment_rate', 'abandoned', 'followed_failures', 'followed_failures'),
        ('escalation_rate', 'escalated', 'asked', 'asked'),
        ('feature_utilisation', 'feature_units', 'feature_of_units', 'feature_of_units'),
        ('tickets_per_request', 'tickets', 'case when has_tickets then requests else 0 end',
            'case when has_tickets then requests else 0 end'),
        ('minutes_saved', 'greatest(minutes_saved, 0)', 'case when minutes_saved_n > 0 then 1 else 0 end', 'minutes_saved_n'),
        ('retention_7', 'returned_7', 'cohort_7', 'cohort_7'),
        ('retention_30', 'returned_30', 'cohort_30', 'cohort_30'),
    ]) }}
{%- endmacro %}

{#- The key figures that are quantiles, which have limits that only the histogram knows. -#}
{% macro kpi_quantiles() -%}
    {{ return({'p50_ms': 0.50, 'p95_ms': 0.95, 'p99_ms': 0.99}) }}
{%- endmacro %}

{#- What experiments can measure of a unit's requests: names as in contracts/metrics.py, and how each is read. -#}
{% macro request_measures() -%}
    {{ return([
        ('requests', '1'),
        ('success', 'case when success then 1 when not success then 0 end'),
        ('failure', 'case when success then 0 when not success then 1 end'),
        ('timed_out', 'case when timed_out then 1 when not timed_out then 0 end'),
        ('duration_ms', "case when clock = 'real' then duration_ms end"),
        ('ttft_ms', "case when clock = 'real' then ttft_ms end"),
        ('cost_usd', 'cost_usd'),
        ('input_tokens', 'input_tokens'),
        ('output_tokens', 'output_tokens'),
        ('quality_score', 'quality_score'),
    ]) }}
{%- endmacro %}

{#- What of an interaction is kept as histograms, by measure; scores of feedback about it come beside them. -#}
{% macro histogram_measures() -%}
    {{ return({
        'duration_ms': "case when clock = 'real' then duration_ms end",
        'tokens': 'coalesce(input_tokens + output_tokens, input_tokens, output_tokens)',
        'cost_usd': 'cost_usd',
        'quality': 'quality_score',
    }) }}
{%- endmacro %}

{#- The quantiles that usage shows of each measure: where more is worse the high ones, of scores the low one too. -#}
{% macro usage_quantiles() -%}
    {{ return([
        ('duration_ms', 'duration_p', '_ms', ['50', '95', '99']),
        ('tokens', 'tokens_p', '', ['50', '95', '99']),
        ('cost_usd', 'cost_p', '_usd', ['50', '95', '99']),
        ('quality', 'quality_p', '', ['05', '50', '95']),
        ('satisfaction', 'satisfaction_p', '', ['05', '50', '95']),
    ]) }}
{%- endmacro %}

{#- What stands for a bucket may lie half a bucket above the scale that scores have. -#}
{% macro within_scale(measure, value) -%}
    {%- set top = {'quality': 100, 'satisfaction': 10}.get(measure) -%}
    {{ 'case when ' ~ value ~ ' > ' ~ top ~ ' then ' ~ top ~ ' else ' ~ value ~ ' end' if top else value }}
{%- endmacro %}
