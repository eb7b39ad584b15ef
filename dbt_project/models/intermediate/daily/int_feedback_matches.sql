with feedback as (

    select * from {{ ref('stg_feedback') }}

),

interactions as (

    select
        * replace (coalesce(intent, '') as intent),
        case when parent_id is null then 'root' else 'step' end as level,
    from {{ ref('stg_interaction') }}

),

pairs as (

    select
        feedback.event_id as feedback_id,
        feedback.landed_date as feedback_landed_date,
        greatest(feedback.landed_date, interactions.landed_date) as landed_date,
        interactions.landed_date as interaction_landed_date,
        interactions.event_id as interaction_id,
        interactions.event_date as interaction_date,
        interactions.level,
        interactions.intent,
        {{ hash_of(combination_columns(), 'interactions') }} as combination_id,
        coalesce(interactions.agent_tier, '') as agent_tier,
        interactions.service,
        interactions.unit,
        interactions.unit_kind,
        feedback.kind,
        feedback.action,
        coalesce(feedback.rater, '') as rater,
        nullif(feedback.rater_id, '') as rater_id,
        coalesce(feedback.attributes ->> '$.question', '') as question,
        coalesce(feedback.attributes ->> '$.item_id', feedback.interaction_id) as item,
        {{ feedback_score() }} as score_10,
    from feedback
    inner join interactions on feedback.interaction_id = interactions.event_id
    where
        abs(feedback.landed_date - interactions.landed_date) <= 7
        and {{ is_pending('greatest(feedback.landed_date, interactions.landed_date)') }}
        {%- if is_incremental() %}
        and (feedback.event_id, feedback.landed_date) not in (select (feedback_id, feedback_landed_date) from {{ this }})
        {%- endif %}

)

select * from pairs
qualify row_number() over (
    partition by feedback_id, feedback_landed_date
    order by landed_date, interaction_landed_date
) = 1
