with interactions as (

    select * from {{ ref('int_interactions') }}
    where level = 'root' and not success

)

select
    event_date,
    landed_date,
    intent,
    event_id,
    occurred_at,
    left(request_text, 500) as request_text,
from interactions
qualify row_number() over (
    partition by event_date, landed_date, intent
    order by occurred_at desc, event_id
) <= 5
