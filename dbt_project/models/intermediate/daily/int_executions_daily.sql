{%- set named = ['clock', 'level', 'session_id', 'user_id'] + execution_dimensions() -%}
with interactions as (

    select * from {{ ref('int_interactions') }}

),

-- what a signal may be about: more than what has landed just now
known as (

    select
        event_id,
        event_date,
        landed_date,
        case when parent_id is null then 'root' else 'step' end as level,
        * exclude (event_id, event_date, landed_date, intent, prompt_version)
            replace (nullif(session_id, '') as session_id, nullif(user_id, '') as user_id),
        coalesce(intent, '') as intent,
        cast(prompt_version as varchar) as prompt_version,
    from {{ ref('stg_interaction') }}

),

messages as (

    select * from {{ ref('int_messages') }}

),

signals as (

    select
        interaction_id,
        landed_date,
        1 as feedback,
        case when {{ feedback_score() }} is not null then 1 end as scored,
        case when {{ feedback_score() }} < 5 then 1 end as low,
        {{ feedback_score() }} as score_sum,
        {{ feedback_score() }} * {{ feedback_score() }} as score_sq,
    from {{ ref('stg_feedback') }}
    union all by name
    select interaction_id, landed_date, 1 as errors,
    from {{ ref('stg_error') }} where interaction_id is not null
    union all by name
    select
        interaction_id,
        landed_date,
        1 as validations,
        case when syntax_errors is not null then 1 end as syntax_n,
        syntax_errors,
        case when style_issues is not null then 1 end as style_n,
        style_issues,
        case when security_warnings is not null then 1 end as security_n,
        security_warnings,
        case when syntax_errors > 0 or security_warnings > 0 then 1 end as flawed,
        case when test_coverage is not null then 1 end as coverage_n,
        test_coverage as coverage_sum,
        case when doc_score is not null then 1 end as doc_n,
        doc_score as doc_sum,
        case when overall_score is not null then 1 end as validator_n,
        overall_score as validator_sum,
    from {{ ref('stg_validation') }}

),

parts as (

    select
        interactions.event_id as interaction_id,
        interactions.event_date,
        interactions.landed_date,
        {%- for column in named %}
        {{ {'session_id': "nullif(interactions.session_id, '')", 'user_id': "nullif(interactions.user_id, '')",
            'prompt_version': 'cast(interactions.prompt_version as varchar)'}.get(column, 'interactions.' ~ column) }} as {{ column }},
        {%- endfor %}
        case when not success then coalesce(messages.message_template, left(split_part(interactions.error, ':', 1), 80), '') end as error_kind,
        case when not success then left(interactions.error, 200) end as sample_error,
        {{ case_text('interactions.') }} as request_text,
        1 as requests,
        case when success then 1 end as successes,
        case when not success then 1 end as failures,
        case when success is null then 1 end as unknown,
        case when timed_out then 1 end as timed_out,
        case when clock = 'real' and duration_ms is not null then 1 end as duration_n,
        case when clock = 'real' then duration_ms end as duration_ms,
        case when clock = 'real' then {{ log_of('duration_ms') }} end as duration_ln,
        case when clock = 'real' then {{ log_of('duration_ms') }} * {{ log_of('duration_ms') }} end as duration_ln_sq,
        case when input_tokens is not null or output_tokens is not null then 1 end as token_n,
        coalesce(input_tokens, 0) + coalesce(output_tokens, 0) as tokens,
        case when cost_usd is not null then 1 end as cost_n,
        cost_usd,
        cost_usd * cost_usd as cost_sq,
        case when quality_score is not null then 1 end as quality_n,
        quality_score as quality_sum,
        quality_score * quality_score as quality_sq,
    from interactions
    -- messages of steps are in int_messages only where an error says the same
    left join messages on level = 'root' and not success and hash({{ message_key('interactions.error') }}) = messages.message_hash
    union all by name
    select
        known.event_id as interaction_id,
        known.event_date,
        greatest(signals.landed_date, known.landed_date) as landed_date,
        {%- for column in named %}
        known.{{ column }},
        {%- endfor %}
        {{ case_text('known.') }} as request_text,
        signals.* exclude (interaction_id, landed_date),
    from signals
    inner join known on signals.interaction_id = known.event_id
    where
        abs(signals.landed_date - known.landed_date) <= 7
        and {{ is_pending('greatest(signals.landed_date, known.landed_date)') }}

)

select
    event_date,
    landed_date,
    interaction_id,
    {{ named | join(',\n    ') }},
    max(error_kind) as error_kind,
    max(sample_error) as sample_error,
    max(request_text) as request_text,
    {{ execution_sums() }}
from parts
group by event_date, landed_date, interaction_id, {{ named | join(', ') }}
