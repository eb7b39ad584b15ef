-- What `sound` says of each mart, for tonight's rows: one query for a night instead of one a mart.
-- Returns one row per broken rule.
{%- set marts = [
    'mart_actions',
    'mart_agents',
    'mart_api_endpoints',
    'mart_error_impact',
    'mart_errors',
    'mart_executions',
    'mart_experiment_assignments',
    'mart_experiment_units',
    'mart_experiments',
    'mart_failures_hourly',
    'mart_feature_gap_errors',
    'mart_feature_gaps',
    'mart_feedback',
    'mart_feedback_calibration',
    'mart_feedback_comments',
    'mart_feedback_response',
    'mart_fingerprints',
    'mart_first_steps',
    'mart_fix_cases',
    'mart_health_daily',
    'mart_health_hourly',
    'mart_impact_days',
    'mart_improvements',
    'mart_kpis_daily',
    'mart_pattern_days',
    'mart_rater_agreement',
    'mart_request_texts',
    'mart_sequences',
    'mart_tuning',
    'mart_usage',
    'mart_workflows',
] %}
{%- set relations = {} %}
{%- for mart in marts %}{% do relations.update({mart: ref(mart)}) %}{% endfor %}

{%- if execute %}
{%- for test in graph.nodes.values() if test.test_metadata and test.test_metadata.name == 'sound' %}
{%- set mart = graph.nodes[test.attached_node].name %}
{%- if mart in relations %}
{%- set told = test.test_metadata.kwargs %}
select '{{ mart }}: ' || rule as rule, broken
from ({{ soundness(relations[mart], told['key'], 'tonight', told.get('accepted', {}), told.get('holds', {})) }})
where broken > 0
union all
{%- endif %}
{%- endfor %}
{%- endif %}
select 'nothing' as rule, 0 as broken where false
