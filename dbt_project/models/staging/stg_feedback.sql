with events as (

    select * from {{ source('bronze', 'feedback') }}

)

select
    event_id,
    event_date,
    landed_date,
    occurred_at,
    clock,
    {{ unit_id() }} as unit,
    {{ unit_kind() }} as unit_kind,
    user_id,
    session_id,
    trace_id,
    service,
    release,
    environment,
    published_version,
    attributes,
    interaction_id,
    kind,
    rating,
    thumb,
    action,
    score,
    score_min,
    score_max,
    comment,
    rater_id,
    rater
from events
