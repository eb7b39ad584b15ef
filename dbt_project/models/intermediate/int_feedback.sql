with feedback as (

    select * from {{ ref('stg_feedback') }}

),

matches as (

    select * from {{ ref('int_feedback_matches') }}
    where {{ is_pending() }}

),

scored as (

    select
        *,
        {{ feedback_score() }} as score_10,
        kind = 'behaviour' and {{ behaviour_score() }} is null as unknown_action,
    from feedback

),

landed as (

    select
        scored.*,
        matches.feedback_id is not null as matched,
        1 as sign,
        coalesce(matches.intent, '') as intent,
        coalesce(matches.agent_tier, '') as agent_tier,
        coalesce(scored.service, matches.service, '') as at_service,
        coalesce({{ unit_key('scored.unit', 'scored.unit_kind') }}, {{ unit_key('matches.unit', 'matches.unit_kind') }}) as unit_key,
    from scored
    left join matches
        on scored.event_id = matches.feedback_id
        and scored.landed_date = matches.feedback_landed_date
        and matches.landed_date = scored.landed_date
    where {{ is_pending('scored.landed_date') }}

),

met as (

    select
        scored.* replace (matches.landed_date as landed_date),
        true as matched,
        1 as sign,
        matches.intent,
        matches.agent_tier,
        coalesce(scored.service, matches.service, '') as at_service,
        coalesce({{ unit_key('scored.unit', 'scored.unit_kind') }}, {{ unit_key('matches.unit', 'matches.unit_kind') }}) as unit_key,
    from scored
    inner join matches
        on scored.event_id = matches.feedback_id
        and scored.landed_date = matches.feedback_landed_date
        and matches.landed_date > scored.landed_date

),

taken_back as (

    select
        met.* replace (
            false as matched,
            -1 as sign,
            '' as intent,
            '' as agent_tier,
            coalesce(service, '') as at_service,
            {{ unit_key('unit', 'unit_kind') }} as unit_key
        ),
    from met

)

select * from landed
union all by name
select * from met
union all by name
select * from taken_back
