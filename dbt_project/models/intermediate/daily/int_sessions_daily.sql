with interactions as (

    select * from {{ ref('int_interactions') }}
    where session_id is not null and intent <> ''

),

sessions as (

    select
        event_date,
        landed_date,
        list(
            intent || case when not success then ' (failed)' else '' end order by occurred_at, event_id
        ) as actions,
    from interactions
    group by event_date, landed_date, session_id

)

select
    event_date,
    landed_date,
    actions,
    count(*) as sessions,
from sessions
where len(actions) > 1
group by all
