with feedback as (

    select * from {{ ref('int_feedback') }}

)

select
    event_id,
    event_date,
    landed_date,
    occurred_at,
    intent,
    interaction_id,
    score_10 as score,
    left(comment, 1000) as comment,
from feedback
where sign = 1 and trim(comment) <> ''
