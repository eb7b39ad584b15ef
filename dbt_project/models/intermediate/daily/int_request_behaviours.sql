with interactions as (

    select * from {{ ref('int_interactions') }}

),

parents as (

    select landed_date, event_id, parent_id from interactions where level = 'step'

),

reached as (

    select
        steps.landed_date,
        coalesce(parents.parent_id, steps.parent_id) as event_id,
        list_sort(list_distinct(list(steps.intent))) as reached,
    from interactions as steps
    left join parents on steps.parent_id = parents.event_id and steps.landed_date = parents.landed_date
    where steps.level = 'step' and steps.intent <> ''
    group by all

),

requests as (

    select
        *,
        clock = 'real' and unit_key is not null as can_follow,
        nullif(left(trim(regexp_replace(lower(request_text), '[^\p{L}\p{N}]+', ' ', 'g')), 300), '') as said,
        coalesce(session_id, '') as session,
    from interactions
    where level = 'root'

),

followed as (

    select
        *,
        case when can_follow then lead(occurred_at) over same_session end as next_at,
        case when can_follow then lead(intent) over same_session end as next_intent,
        case when can_follow then lead(said) over same_session end as next_said,
    from requests
    window same_session as (
        partition by landed_date, can_follow, unit_key, session
        order by occurred_at, event_id
    )

),

timed as (

    select
        *,
        case when next_at is not null then
            greatest(0, (epoch_us(next_at) - epoch_us(occurred_at)) / 1e6 - coalesce(duration_ms, 0) / 1000)
        end as next_gap_s,
    from followed

)

select
    timed.event_date,
    timed.landed_date,
    timed.event_id,
    timed.intent,
    coalesce(timed.agent_tier, '') as agent_tier,
    timed.unit_key,
    timed.success,
    timed.can_follow,
    timed.said is not null as has_text,
    timed.next_gap_s,
    case when timed.next_gap_s <= 600 then {{ similarity('timed.said', 'timed.next_said') }} end as next_similarity,
    timed.next_intent,
    coalesce(reached.reached, []) as reached,
from timed
left join reached on timed.event_id = reached.event_id and timed.landed_date = reached.landed_date
