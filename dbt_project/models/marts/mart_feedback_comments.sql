with comments as (

    select * from {{ ref('int_feedback_comments_daily') }}
    where {{ has_landed() }} and {{ in_window(30) }}

),

settled as (

    select * from comments
    qualify row_number() over (partition by event_id order by landed_date desc) = 1

),

ranked as (

    select
        *,
        row_number() over (
            partition by intent
            order by score asc nulls last, occurred_at desc, event_id
        ) as rank,
    from settled

)

select
    {{ run_context('as_of') }} as as_of,
    intent,
    cast(rank as integer) as rank,
    event_id,
    cast(score as double) as score,
    comment,
    interaction_id,
    event_date,
from ranked
where rank <= 20
