-- Nothing is lost or counted twice between layers, for the landing days just built and for tonight's marts.
-- Returns one row per identity that does not hold.
{% set asked = {} %}
{% set identities = [
    ('interactions arrive in daily statistics',
        landed(asked, 'stg_interaction'), landed(asked, 'int_interactions_daily', 'sum(requests)')),
    ('events of all streams arrive in daily statistics',
        landed(asked, 'stg_interaction') ~ ' + ' ~ landed(asked, 'stg_error') ~ ' + ' ~ landed(asked, 'stg_feedback'),
        landed(asked, 'int_events_daily', "sum(events) filter (where stream in ('interaction', 'error', 'feedback'))")),
    ('what users asked arrives by intent',
        landed(asked, 'stg_interaction', 'count(*) filter (where parent_id is null)'),
        landed(asked, 'int_requests_daily', 'sum(requests)')),
    ('failed requests arrive by kind of error',
        landed(asked, 'int_requests_daily', 'sum(failures)'), landed(asked, 'int_request_errors_daily', 'sum(failures)')),
    ('errors arrive by unit', landed(asked, 'stg_error'), landed(asked, 'int_errors_daily', 'sum(occurrences)')),
    ('errors arrive by kind', landed(asked, 'stg_error'), landed(asked, 'int_error_kinds_daily', 'sum(occurrences)')),
    ('feedback arrives, and what finds its interaction later is moved, not added',
        landed(asked, 'stg_feedback'), landed(asked, 'int_feedback_daily', 'sum(feedback)')),
    ('durations are counted once',
        landed(asked, 'stg_interaction', "count(duration_ms) filter (where clock = 'real')"),
        landed(asked, 'int_values_daily', "sum(n) filter (where dimension = 'all' and measure = 'duration_ms')")),
    ('tokens, costs and scores are counted once',
        landed(asked, 'int_interactions_daily', 'sum(token_n + cost_n + quality_n)') ~ ' + ' ~
        landed(asked, 'int_feedback_matches', "count(score_10) filter (where rater <> 'evaluator')"),
        landed(asked, 'int_values_daily', "sum(n) filter (where dimension = 'all' and measure <> 'duration_ms')")),
    ('requests and failures arrive by the hour',
        landed(asked, 'stg_interaction', "count(*) filter (where parent_id is null and clock = 'real')") ~ ' + ' ~
        landed(asked, 'int_health_hourly', 'sum(failures)'),
        landed(asked, 'int_health_hourly', 'sum(requests)') ~ ' + ' ~ landed(asked, 'int_failures_hourly', 'sum(failures)')),
    ('durations of requests are counted once by the hour',
        landed(asked, 'stg_interaction', "count(duration_ms) filter (where parent_id is null and clock = 'real')"),
        landed(asked, 'int_durations_hourly', 'sum(n)')),
    ('every combination has its name',
        landed(asked, 'int_interactions_daily', 'count(distinct combination_id)'),
        landed(asked, 'int_interactions_daily',
            'count(distinct combination_id) filter (where combination_id in (select combination_id from '
            ~ ref('int_combinations') ~ '))')),
    ('gaps hold all that was asked in their window',
        tonight('mart_feature_gaps', 'sum(requests) filter (where window_days = ' ~ run_context('gap_window_days') ~ ')'),
        in_gap_window('requests')),
    ('gaps hold all that failed in their window',
        tonight('mart_feature_gaps', 'sum(failures) filter (where window_days = ' ~ run_context('gap_window_days') ~ ')'),
        in_gap_window('failures')),
    ('failures by error add up to failures',
        tonight('mart_feature_gap_errors', 'sum(failures)'), tonight('mart_feature_gaps', 'sum(failures)')),
    ('usage by intent adds up to usage',
        tonight('mart_usage', "sum(requests) filter (where dimension = 'intent')"),
        tonight('mart_usage', "sum(requests) filter (where dimension = 'all')")),
    ('requests that could get feedback are all requests',
        tonight('mart_feedback_response', 'sum(requests)'),
        tonight('mart_usage', "sum(requests) filter (where level = 'root' and dimension = 'all' and window_days <> 1)")),
    ('exposures arrive, defaults and errors do not',
        landed(asked, 'stg_flag_evaluation', "count(*) filter (where coalesce(reason, '') not in ('DEFAULT', 'ERROR'))"),
        landed(asked, 'int_exposures_daily', 'sum(evaluations)')),
    ('outcomes arrive by unit', landed(asked, 'stg_outcome'), landed(asked, 'int_outcomes_daily', 'sum(observations) filter (where unit_type = logged_type)')),
    ('what users asked arrives by user',
        landed(asked, 'stg_interaction', "count(nullif(user_id, '')) filter (where parent_id is null)"),
        landed(asked, 'int_unit_requests_daily', "sum(requests_n) filter (where unit_type = 'user')")),
    ('units of trials are counted once',
        computed_tonight('mart_experiment_units', "sum(units) filter (where dimension = 'all')"), number_of('int_trial_units')),
    ('units by day add up to units',
        computed_tonight('mart_experiment_units', "sum(units) filter (where dimension = 'day')"), number_of('int_trial_units')),
    ('units are the same for every metric',
        computed_tonight('mart_experiments', 'sum(units)'), number_of('int_trial_units', 'run.trial_metrics')),
    ('values of units arrive',
        computed_tonight('mart_experiments', 'sum(observations)'), number_of('int_trial_values', number='sum(observations)')),
    ('pairs arrive, and each partner that is missing',
        computed_tonight('mart_experiments', 'sum(pairs + pairs_only_here + pairs_only_control)'), number_of('int_trial_pairs')),
    ('executions are all interactions', landed(asked, 'stg_interaction'), landed(asked, 'int_executions_daily', 'sum(requests)')),
    ('what agents did is what was executed',
        landed(asked, 'int_executions_daily', 'sum(requests + errors + scored + validations)'),
        landed(asked, 'int_agents_daily', 'sum(requests + errors + scored + validations)')),
    ('sessions hold what executions hold', tonight('mart_executions', whole_of('execution')), tonight('mart_executions', whole_of('session'))),
    ('users hold what executions hold', tonight('mart_executions', whole_of('execution')), tonight('mart_executions', whole_of('user'))),
    ('the system holds what executions hold', tonight('mart_executions', whole_of('execution')), tonight('mart_executions', whole_of('system'))),
] %}

with {{ landed_totals(asked) }}
totals as (
    {% for identity, left, right in identities %}
    select '{{ identity }}' as identity, {{ left }} as one, {{ right }} as other
    {% if not loop.last %}union all{% endif %}
    {%- endfor %}

)

select * from totals
where one <> other
