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
        case when trim(request_text) <> '' then {{ same_text('request_text') }} end as text,
    from interactions
    where level = 'root'

),

followed as (

    select
        *,
        case when can_follow then lead(occurred_at) over same_session end as next_at,
        case when can_follow then lead(intent) over same_session end as next_intent,
        case when can_follow then lead(said) over same_session end as next_said,
        case
            when unit_key is not null and text is not null then
                date_diff('second', lag(occurred_at) over same_words, occurred_at)
        end as since_s,
    from requests
    window
        same_session as (
            partition by landed_date, can_follow, unit_key, session
            order by occurred_at, event_id
        ),
        same_words as (partition by landed_date, event_date, unit_key, text order by occurred_at, event_id)

),

timed as (

    select
        *,
        case when next_at is not null then
            greatest(0, (epoch_us(next_at) - epoch_us(occurred_at)) / 1e6 - coalesce(duration_ms, 0) / 1000)
        end as next_gap_s,
        count(since_s) over same_words_day >= 3
            and stddev_pop(since_s) over same_words_day <= 0.05 * avg(since_s) over same_words_day as on_a_clock,
    from followed
    window same_words_day as (partition by landed_date, event_date, unit_key, text)

),

judged as (

    select
        *,
        case when next_gap_s <= {{ followed_within_s() }} then {{ similarity('said', 'next_said') }} end as next_similarity,
        coalesce(trim(response_text) = '', false) as is_empty,
        coalesce({{ refuses('response_text') }}, false) as refused,
        coalesce({{ falls_back('response_text') }}, false) as fell_back,
    from timed

)

select
    judged.event_date,
    judged.landed_date,
    judged.event_id,
    judged.occurred_at,
    judged.intent,
    coalesce(judged.agent_tier, '') as agent_tier,
    judged.unit_key,
    judged.success,
    judged.can_follow,
    judged.said is not null as has_text,
    judged.next_gap_s,
    judged.next_similarity,
    judged.next_intent,
    coalesce(reached.reached, []) as reached,
    case when judged.text is not null then hash(judged.text) end as text_hash,
    case
        when
            judged.success is not true or judged.is_empty or judged.refused or judged.fell_back
            or judged.next_similarity >= {{ least_similarity() }}
            then judged.text
    end as text,
    judged.response_text is not null as is_answered,
    judged.is_empty,
    judged.refused,
    judged.fell_back,
    coalesce(judged.success is false and judged.error <> '', false) as with_error,
    coalesce(judged.success is false and {{ is_unsupported('judged.error') }}, false) as unsupported,
    coalesce(judged.on_a_clock, false) as on_a_clock,
from judged
left join reached on judged.event_id = reached.event_id and judged.landed_date = reached.landed_date
